//! A plain HTTP client, as whoever got a presigned URL has one.

use crate::{
    case::{Check, Stop, ensure},
    target::Target,
};
use bytes::Bytes;
use reqwest::{Certificate, Client, Method, StatusCode, header::RANGE};

pub(crate) struct Fetcher(Client);

impl Fetcher {
    pub(crate) fn new(target: &Target) -> Check<Self> {
        // Fails when there is one already, which does as well.
        rustls::crypto::ring::default_provider().install_default().ok();
        let mut builder = Client::builder();
        if let Some(pem) = &target.ca {
            let certificates = Certificate::from_pem_bundle(pem).map_err(|error| plain("the certificate", &error))?;
            builder = builder.tls_certs_merge(certificates);
        }
        builder.build().map(Self).map_err(|error| plain("making an HTTP client", &error))
    }

    pub(crate) async fn get(&self, url: &str, range: Option<&str>) -> Check<(StatusCode, Bytes)> {
        let mut request = self.0.get(url);
        if let Some(range) = range {
            request = request.header(RANGE, range);
        }
        let answer = request.send().await.map_err(|error| plain("GET of the URL", &error))?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| plain("the body of the URL", &error))?;
        Ok((status, body))
    }

    /// Nobody may do more with the URL than read.
    pub(crate) async fn expect_refused(&self, method: Method, url: &str) -> Check {
        let request = self.0.request(method.clone(), url).body("what must never be stored");
        let answer = request.send().await.map_err(|error| plain("a request of another method", &error))?;
        ensure!(!answer.status().is_success(), "{method} with the URL was answered {}", answer.status());
        Ok(())
    }
}

/// Without the URL, which is a secret.
fn plain(doing: &str, error: &reqwest::Error) -> Stop {
    let mut text = format!("{doing} failed");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    Stop::Failed(text)
}
