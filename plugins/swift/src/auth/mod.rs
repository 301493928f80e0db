//! Who this store is to Swift: a token, and the URL of the account that it opens. Renewed before it runs out and when Swift
//! wants it no more, by one request at a time.

mod catalog;
mod keystone;
mod tempauth;

use crate::{
    Config,
    config::{AuthVersion, bad},
    http::Http,
};
use casement_sdk::{Error, Kind, Result, Secret};
use reqwest::header::HeaderValue;
use std::{fmt, sync::Arc, time::Duration};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};
use url::Url;

/// A token with the catalog of a large site is a fraction of this.
const LARGEST_ANSWER: usize = 1 << 20;
/// For a login that does not say how long it is good for.
const SHORT_LIFE: Duration = Duration::from_secs(300);
/// One login, whatever the server does.
const DEADLINE: Duration = Duration::from_secs(30);

/// Logs in as often as it takes.
pub(crate) struct Session {
    http: Http,
    login: Login,
    auth_url: Url,
    /// Instead of what the login answers.
    endpoint: Option<Url>,
    expire_soon: Duration,
    held: Mutex<Option<Arc<Grant>>>,
}

#[derive(Debug)]
enum Login {
    Tempauth(tempauth::Login),
    Keystone(keystone::Login),
}

/// What a login answers.
pub(crate) struct Grant {
    pub(crate) token: HeaderValue,
    /// The account's URL, without a slash at its end.
    pub(crate) account: Url,
    renew_at: Instant,
}

/// The same before it is known when it was asked for.
struct Answer {
    token: HeaderValue,
    account: Url,
    lifetime: Duration,
}

impl Session {
    pub(crate) fn new(config: &Config, http: Http) -> Result<Self> {
        let key = Secret::read("key", config.key_file.as_deref(), config.key_env.as_deref())?;
        let Some(key) = key else { return bad("no key is set: write key_file or key_env".to_owned()) };
        let auth_url = plain_url("auth_url", &config.auth_url)?;
        let (login, auth_url) = match config.auth_version {
            AuthVersion::V1 => (Login::Tempauth(tempauth::Login::new(config, key)?), auth_url),
            AuthVersion::V3 => (Login::Keystone(keystone::Login::new(config, key)?), keystone::versioned(auth_url)),
        };
        let endpoint = config.endpoint.as_deref().map(|text| plain_url("endpoint", text)).transpose()?;
        let expire_soon = config.expire_soon();
        Ok(Self { http, login, auth_url, endpoint, expire_soon, held: Mutex::default() })
    }

    pub(crate) fn auth_url(&self) -> &Url {
        &self.auth_url
    }

    /// The token, a new one when the old one ends soon or is the one that was `refused`.
    pub(crate) async fn grant(&self, refused: Option<&Arc<Grant>>) -> Result<Arc<Grant>> {
        let mut held = self.held.lock().await;
        let good = |grant: &&Arc<Grant>| {
            grant.renew_at > Instant::now() && refused.is_none_or(|refused| !Arc::ptr_eq(refused, grant))
        };
        if let Some(grant) = held.as_ref().filter(good) {
            return Ok(grant.clone());
        }
        let asked_at = Instant::now();
        let Answer { mut token, account, lifetime } = timeout(DEADLINE, self.log_in())
            .await
            .unwrap_or_else(|_| Err(Error::new(Kind::Timeout, "no answer in time")))
            .map_err(|error| error.context(&format!("logging in at {}", self.auth_url)))?;
        token.set_sensitive(true);
        let account = self.endpoint.clone().unwrap_or(account);
        // Of a token that lives shorter than that, a quarter of its life.
        let ahead = self.expire_soon.min(lifetime / 4);
        let grant = Arc::new(Grant { token, account, renew_at: asked_at + lifetime - ahead });
        *held = Some(grant.clone());
        Ok(grant)
    }

    async fn log_in(&self) -> Result<Answer> {
        match &self.login {
            Login::Tempauth(login) => login.log_in(&self.http, &self.auth_url).await,
            Login::Keystone(login) => login.log_in(&self.http, &self.auth_url, self.endpoint.as_ref()).await,
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("auth_url", &self.auth_url.as_str()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant").field("account", &self.account.as_str()).finish_non_exhaustive()
    }
}

/// A URL that may be shown, without a slash at its end.
fn plain_url(key: &str, text: &str) -> Result<Url> {
    match http_url(text) {
        Some(url) => Ok(url),
        // The text may hold a password.
        None => bad(format!("{key}: write an http or https URL without a user, a query or a fragment in it")),
    }
}

fn http_url(text: &str) -> Option<Url> {
    let mut url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    plain.then_some(url)
}

/// What an answer to a login means that brings no token.
fn refused(status: u16, who: &str) -> Error {
    match status {
        401 => Error::new(Kind::Denied, format!("{who} does not know this user, key or project (401)")),
        403 => Error::new(Kind::Denied, format!("{who} knows this user and does not let it in (403)")),
        408 | 429 | 498 | 500..=599 => Error::new(Kind::Unavailable, format!("{who} is in trouble ({status})")),
        300..=399 => Error::new(
            Kind::Unavailable,
            format!("{who} sends elsewhere ({status}): `auth_url` must be the URL that it names"),
        )
        .with_retryable(false),
        _ => Error::new(Kind::Unavailable, format!("the answer is {status}: is `auth_url` that of {who}?"))
            .with_retryable(false),
    }
}

/// An answer that is not one of whom we mean to talk to.
fn stranger(who: &str, why: &str) -> Error {
    Error::new(Kind::Unavailable, format!("{why}: is `auth_url` that of {who}?")).with_retryable(false)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_a_url_that_may_be_shown_is_taken() {
        assert_eq!(plain_url("auth_url", "http://a:5000/v3/").unwrap().as_str(), "http://a:5000/v3");
        for bad in ["", "a:5000", "ftp://a", "http://me:hush@a/", "http://me@a/", "http://a/?key=hush"] {
            let error = plain_url("auth_url", bad).unwrap_err();
            assert!(error.kind() == Kind::Config && !error.message().contains("hush"), "{bad}");
        }
    }
}
