//! One request: sent to where the rules let it go, followed to where it is redirected.

use crate::{
    Config,
    config::bad,
    location,
    resolver::{NoAddressAllowed, Resolver},
    rules::Rules,
};
use casement_sdk::{Error, Kind, Result};
use reqwest::{
    Certificate, Method, Proxy, Response, StatusCode,
    header::{ACCEPT_ENCODING, HeaderMap, HeaderValue, LOCATION},
    redirect, retry,
};
use std::{error::Error as StdError, fs, io, path::Path, sync::Arc};
use url::Url;

const REDIRECTS: usize = 5;

/// An HTTP client bound to rules. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    rules: Arc<Rules>,
    http: reqwest::Client,
}

/// An answer that is no redirect.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) response: Response,
    /// Who answered, as it may be shown.
    pub(crate) shown: String,
}

impl Client {
    pub(crate) fn new(config: &Config) -> Result<Self> {
        config.check_lists()?;
        let rules = Arc::new(Rules::new(config));
        let proxy = config.proxy()?;
        let resolver = Resolver {
            rules: Arc::clone(&rules),
            proxy: proxy.as_ref().and_then(Url::host_str).map(location::plain_host),
        };
        // Fails when there is one already, which does as well.
        rustls::crypto::ring::default_provider().install_default().ok();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("casement/", env!("CARGO_PKG_VERSION")))
            // Redirects are followed here, where each is judged; proxies are never taken from the environment.
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .dns_resolver(Arc::new(resolver))
            .connect_timeout(config.connect_timeout()?)
            .read_timeout(config.idle_timeout()?)
            .http1_only()
            // An image is the bytes as they lie there.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd();
        if let Some(file) = &config.ca_file {
            builder = builder.tls_certs_only(certificates(file)?);
        }
        if config.insecure {
            tracing::warn!("insecure = true: certificates of servers are not checked");
            builder = builder.tls_danger_accept_invalid_certs(true);
        }
        if let Some(proxy) = proxy {
            builder = builder.proxy(Proxy::all(proxy).or_else(|error| bad(format!("proxy: {error}")))?);
        }
        let http = builder.build().or_else(|error| {
            let why = innermost(&error);
            bad(format!("{why}: install the system's certificates, or name a file of certificates in ca_file"))
        })?;
        Ok(Self { rules, http })
    }

    pub(crate) fn check(&self, url: &str) -> Result<Url> {
        self.rules.check(url)
    }

    /// Sends a request without a body, and follows where it is sent on.
    pub(crate) async fn send(&self, method: Method, url: &str, headers: &HeaderMap) -> Result<Answer> {
        let mut url = self.check(url)?;
        for _ in 0..=REDIRECTS {
            let shown = location::shown(&url);
            let request = self
                .http
                .request(method.clone(), url.clone())
                .headers(headers.clone())
                .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            let response = request.send().await.map_err(|error| failed(&shown, &error))?;
            if !is_redirect(response.status()) {
                return Ok(Answer { response, shown });
            }
            url = self.next_hop(&url, &response).map_err(|error| error.context(&format!("{shown} redirects")))?;
            tracing::debug!(from = shown, to = location::shown(&url), "redirected");
        }
        let message = format!("{} redirects more than {REDIRECTS} times", location::shown(&url));
        Err(Error::new(Kind::Unsupported, message).of_one_object())
    }

    fn next_hop(&self, from: &Url, response: &Response) -> Result<Url> {
        let nowhere = || Error::new(Kind::Unsupported, "without saying where to");
        let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
        let to = to.filter(|to| !to.is_empty()).ok_or_else(nowhere)?;
        // What is written out must be judged as it is written; only the rest of it counts from where we are.
        if to.contains("://") && Url::parse(to).is_ok() {
            return self.check(to);
        }
        self.check(from.join(to).map_err(|_| nowhere())?.as_str())
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn certificates(file: &Path) -> Result<Vec<Certificate>> {
    let shown = file.display();
    let text = fs::read(file).or_else(|error| bad(format!("ca_file `{shown}`: {error}")))?;
    match Certificate::from_pem_bundle(&text) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => bad(format!("ca_file `{shown}` holds no certificate in PEM")),
    }
}

/// What to say of a request or a body that broke off. Never names the URL but as it may be shown.
pub(crate) fn failed(shown: &str, error: &reqwest::Error) -> Error {
    let why = innermost(error);
    let (kind, retryable) = if causes(error).any(|cause| cause.is::<NoAddressAllowed>()) {
        (Kind::Unsupported, false)
    } else if error.is_timeout() {
        // Who waited that long once would wait as long again.
        (Kind::Timeout, false)
    } else {
        (Kind::Unavailable, !causes(error).any(is_of_tls))
    };
    Error::new(kind, format!("{shown}: {why}")).with_retryable(retryable).of_one_object()
}

fn is_of_tls(cause: &(dyn StdError + 'static)) -> bool {
    // An error of the system's kind does not name the one it wraps as its source.
    let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    cause.is::<rustls::Error>() || wrapped.is_some_and(|wrapped| is_of_tls(wrapped))
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

/// The last cause says what happened; those before it name the URL.
fn innermost(error: &reqwest::Error) -> String {
    match causes(error).skip(1).last() {
        Some(cause) => cause.to_string(),
        None if error.is_timeout() => "no answer in time".to_owned(),
        None => "the request failed".to_owned(),
    }
}
