//! Requests to Keystone: few at a time, tried again, never for long, and never a larger answer than expected.

use crate::{Error, Result};
use casement_request::RequestId;
use reqwest::{
    Certificate, Client, RequestBuilder, Response, StatusCode,
    header::{HeaderMap, HeaderName},
    redirect,
};
use serde_json::Value;
use std::{fmt, time::Duration};
use tokio::{
    sync::Semaphore,
    time::{sleep, timeout},
};

/// A token with the catalog of a large site is a fraction of this.
const MAX_ANSWER_BYTES: usize = 1 << 20;
/// By this Keystone's log tells for which request it was asked.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-openstack-request-id");
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// How much patience Keystone finds.
#[derive(Debug, Clone)]
pub struct Patience {
    /// For one answer.
    pub request: Duration,
    /// For all that one question takes: waiting for a turn, a token for this service, every try.
    pub total: Duration,
    pub tries: u32,
    /// Requests on their way at the same time.
    pub at_once: usize,
}

impl Default for Patience {
    fn default() -> Self {
        Self { request: Duration::from_secs(5), total: Duration::from_secs(15), tries: 3, at_once: 32 }
    }
}

/// A whole answer.
pub struct Answer {
    pub status: u16,
    pub(super) headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is something else.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).map_err(|_| Error::unavailable("Keystone's answer is no JSON"))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers and body may hold a token.
        f.debug_struct("Answer").field("status", &self.status).field("len", &self.body.len()).finish()
    }
}

pub(super) struct Http {
    client: Client,
    turns: Semaphore,
    pub(super) patience: Patience,
}

impl Http {
    pub(super) fn new(patience: Patience, ca: Option<&[u8]>) -> Result<Self> {
        // The process has one provider of cryptography; whoever asks first installs it.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(patience.request)
            .pool_max_idle_per_host(patience.at_once)
            .user_agent(concat!("casement/", env!("CARGO_PKG_VERSION")));
        if let Some(pem) = ca {
            let unreadable = |err: reqwest::Error| Error::configuration(format!("the CA file cannot be used: {err}"));
            let certificates = Certificate::from_pem_bundle(pem).map_err(unreadable)?;
            if certificates.is_empty() {
                return Err(Error::configuration("the CA file holds no certificate in PEM form"));
            }
            builder = builder.tls_certs_only(certificates);
        }
        let client =
            builder.build().map_err(|err| Error::configuration(format!("TLS cannot be set up: {}", chain(&err))))?;
        Ok(Self { client, turns: Semaphore::new(patience.at_once), patience })
    }

    /// Tries until there is an answer that is none of a server in trouble.
    pub(super) async fn send(&self, request: impl Fn(&Client) -> RequestBuilder) -> Result<Answer> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..self.patience.tries {
            match self.once(request(&self.client)).await {
                Err(error) => tracing::debug!(%error, "asking Keystone again"),
                answer => return answer,
            }
            sleep(pause.mul_f64(0.5 + fastrand::f64())).await;
            pause *= 2;
        }
        self.once(request(&self.client)).await
    }

    async fn once(&self, request: RequestBuilder) -> Result<Answer> {
        let request = match RequestId::current() {
            Some(id) => request.header(REQUEST_ID, id.as_str()),
            None => request,
        };
        let Ok(_turn) = self.turns.acquire().await else {
            return Err(Error::unavailable("no more requests are sent to Keystone"));
        };
        let limit = self.patience.request;
        let answer = timeout(limit, receive(request)).await.unwrap_or_else(|_| {
            Err(Error::unavailable(format!("Keystone gave no whole answer within {} s", limit.as_secs_f32())))
        })?;
        let status = StatusCode::from_u16(answer.status).unwrap_or_default();
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(Error::unavailable(format!("Keystone answers {status}")));
        }
        Ok(answer)
    }
}

async fn receive(request: RequestBuilder) -> Result<Answer> {
    let broken = |err: reqwest::Error| Error::unavailable(format!("Keystone cannot be reached: {}", chain(&err)));
    let mut response: Response = request.send().await.map_err(broken)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(Error::unavailable(format!("Keystone's answer is longer than {MAX_ANSWER_BYTES} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status: response.status().as_u16(), headers: std::mem::take(response.headers_mut()), body })
}

/// reqwest's own words end where it gets interesting.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
