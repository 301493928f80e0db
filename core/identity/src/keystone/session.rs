//! This service's own session with Keystone: a token that is renewed before it runs out and when Keystone wants it no
//! more, and requests with it.

use super::{
    credentials::Login,
    endpoint::{Lookup, versioned},
    http::{Answer, Http, Patience},
    token::Token,
};
use crate::{Error, Result};
use reqwest::{
    Client, RequestBuilder,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};
use std::{fmt, future::Future, sync::Arc, time::Duration};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};
use url::Url;

pub(super) const AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
pub(super) const SUBJECT_TOKEN: HeaderName = HeaderName::from_static("x-subject-token");

/// How long before its end a token is renewed at most; of a short-lived one a quarter of its life.
const RENEW_AHEAD: Duration = Duration::from_secs(300);

/// What a session is opened with.
#[derive(Debug, Clone)]
pub struct SessionSettings {
    /// With or without `/v3`.
    pub auth_url: String,
    pub login: Login,
    /// Where requests go; not set: to `auth_url` too.
    pub lookup: Option<Lookup>,
    /// Certificates in PEM form, to be trusted instead of the system's.
    pub ca: Option<Vec<u8>>,
    pub patience: Patience,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    http: Http,
    auth_url: Url,
    lookup: Option<Lookup>,
    login: Login,
    token: Mutex<Option<Arc<ServiceToken>>>,
}

struct ServiceToken {
    value: HeaderValue,
    /// Where it is used.
    endpoint: Url,
    renew_at: Instant,
}

impl Session {
    /// Contacts nobody yet.
    pub fn new(settings: SessionSettings) -> Result<Self> {
        let SessionSettings { auth_url, login, lookup, ca, patience } = settings;
        let auth_url = versioned(&auth_url)
            .ok_or_else(|| Error::configuration("`auth_url` must be an http or https URL, without a user in it"))?;
        let http = Http::new(patience, ca.as_deref())?;
        Ok(Self(Arc::new(Inner { http, auth_url, lookup, login, token: Mutex::default() })))
    }

    /// Of version 3.
    pub fn auth_url(&self) -> &str {
        self.0.auth_url.as_str()
    }

    /// `GET` below `/v3` in the name of this service. Any answer below 500 but 401 and 429 comes back as it is.
    ///
    /// # Errors
    /// [`Kind::Unavailable`](crate::Kind) when there is none in time, or Keystone does not let this service in.
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer> {
        self.request(|client, mut url| {
            append(&mut url, path, query);
            client.get(url)
        })
        .await
    }

    /// Logs in if need be, and has Keystone judge this service's own token: what it takes to judge those of others.
    ///
    /// # Errors
    /// As [`Session::get`].
    pub async fn probe(&self) -> Result<()> {
        let token = self.in_time(self.token(None)).await?;
        match self.validate(&token.value, false).await?.status {
            200 => Ok(()),
            status => Err(Error::unavailable(format!(
                "Keystone answers {status} when it is asked about a token: the service user lacks the right to ask"
            ))),
        }
    }

    /// What Keystone says of the token of somebody else.
    pub(super) async fn validate(&self, subject: &HeaderValue, allow_expired: bool) -> Result<Answer> {
        self.request(|client, mut url| {
            append(&mut url, "auth/tokens", &[("nocatalog", "")]);
            if allow_expired {
                url.query_pairs_mut().append_pair("allow_expired", "1");
            }
            client.get(url).header(SUBJECT_TOKEN, subject)
        })
        .await
    }

    async fn request(&self, build: impl Fn(&Client, Url) -> RequestBuilder) -> Result<Answer> {
        self.in_time(async {
            let token = self.token(None).await?;
            let answer = self.send(&token, &build).await?;
            if answer.status != 401 {
                return Ok(answer);
            }
            let token = self.token(Some(&token)).await?;
            match self.send(&token, &build).await? {
                Answer { status: 401, .. } => {
                    Err(Error::unavailable("Keystone does not accept the token that it has just given this service"))
                }
                answer => Ok(answer),
            }
        })
        .await
    }

    async fn send(&self, token: &ServiceToken, build: impl Fn(&Client, Url) -> RequestBuilder) -> Result<Answer> {
        let request = |client: &Client| build(client, token.endpoint.clone()).header(AUTH_TOKEN, &token.value);
        self.0.http.send(request).await
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let limit = self.0.http.patience.total;
        let late = || Error::unavailable(format!("Keystone gave no answer within {} s", limit.as_secs_f32()));
        timeout(limit, work).await.unwrap_or_else(|_| Err(late()))
    }

    /// The token of this service, a new one when the old one ends soon or is the one that was `refused`.
    async fn token(&self, refused: Option<&Arc<ServiceToken>>) -> Result<Arc<ServiceToken>> {
        let mut held = self.0.token.lock().await;
        let good = |token: &&Arc<ServiceToken>| {
            token.renew_at > Instant::now() && refused.is_none_or(|refused| !Arc::ptr_eq(refused, token))
        };
        if let Some(token) = held.as_ref().filter(good) {
            return Ok(token.clone());
        }
        let token = Arc::new(self.log_in().await?);
        *held = Some(token.clone());
        Ok(token)
    }

    async fn log_in(&self) -> Result<ServiceToken> {
        let Inner { http, auth_url, lookup, login, .. } = &*self.0;
        let mut url = auth_url.clone();
        let query: &[_] = if lookup.is_some() { &[] } else { &[("nocatalog", "")] };
        append(&mut url, "auth/tokens", query);
        let body = login.body().to_string();
        let asked_at = Instant::now();
        let request =
            |client: &Client| client.post(url.clone()).header(CONTENT_TYPE, "application/json").body(body.clone());
        let answer = http.send(request).await?;
        if answer.status != 201 {
            return Err(Error::unavailable(refused_login(answer.status)));
        }
        let mut value = answer.headers.get(SUBJECT_TOKEN).cloned().ok_or_else(|| {
            Error::unavailable("Keystone's answer to the login of this service has no X-Subject-Token")
        })?;
        value.set_sensitive(true);
        let token = Token::parse(&answer.body)?;
        let endpoint = lookup.as_ref().map_or_else(|| Ok(auth_url.clone()), |lookup| lookup.find(&token.catalog))?;
        let ahead = RENEW_AHEAD.min(token.lifetime() / 4);
        Ok(ServiceToken { value, endpoint, renew_at: asked_at + token.lifetime() - ahead })
    }
}

fn refused_login(status: u16) -> String {
    match status {
        300..=399 => {
            format!("Keystone answers {status} to the login of this service: `auth_url` must be the URL it names")
        }
        401 | 403 => format!(
            "Keystone answers {status} to the login of this service: user, password (or application credential) or \
             project is wrong"
        ),
        _ => format!("Keystone answers {status} to the login of this service: is `auth_url` that of Keystone?"),
    }
}

fn append(url: &mut Url, path: &str, query: &[(&str, &str)]) {
    // A URL with a host can always have a path.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path.split('/').filter(|segment| !segment.is_empty()));
    }
    for (name, value) in query {
        url.query_pairs_mut().append_pair(name, value);
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("auth_url", &self.0.auth_url.as_str()).finish_non_exhaustive()
    }
}
