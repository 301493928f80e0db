//! Version 1 of Swift's authentication: two headers in, two headers out.

use super::{Answer, SHORT_LIFE, http_url, refused, stranger};
use crate::{
    Config, answer,
    config::bad,
    http::{Http, TRANSACTION_EXTRA, with_request_id},
};
use casement_object::Part;
use casement_sdk::{Error, Kind, Result, Secret};
use reqwest::header::{HeaderName, HeaderValue};
use std::{fmt, time::Duration};
use url::Url;

const WHO: &str = "Swift's authentication";
const USER: HeaderName = HeaderName::from_static("x-auth-user");
const KEY: HeaderName = HeaderName::from_static("x-auth-key");
const TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
const EXPIRES: HeaderName = HeaderName::from_static("x-auth-token-expires");
const STORAGE_URL: HeaderName = HeaderName::from_static("x-storage-url");

pub(super) struct Login {
    user: HeaderValue,
    key: HeaderValue,
}

impl Login {
    pub(super) fn new(config: &Config, key: Secret) -> Result<Self> {
        let Some(user) = &config.username else {
            return bad("username is not set: write it as `account:user`".to_owned());
        };
        let Ok(user) = HeaderValue::from_str(user) else {
            return bad("username: it has characters that a header can't hold".to_owned());
        };
        let Ok(mut key) = HeaderValue::from_str(key.expose()) else {
            return bad("the key has characters that a header can't hold, a new line perhaps".to_owned());
        };
        key.set_sensitive(true);
        Ok(Self { user, key })
    }

    pub(super) async fn log_in(&self, http: &Http, auth_url: &Url) -> Result<Answer> {
        let request = http.client().get(auth_url.clone()).header(USER, &self.user).header(KEY, &self.key);
        let request = with_request_id(request, TRANSACTION_EXTRA);
        let response = http.send(request, Part::default(), Duration::ZERO).await?;
        if !response.status().is_success() {
            return Err(refused(response.status().as_u16(), WHO));
        }
        let headers = response.headers();
        let (Some(token), Some(url)) = (headers.get(TOKEN), answer::text(headers, &STORAGE_URL)) else {
            return Err(stranger(WHO, "the answer holds no token and no URL of an account"));
        };
        let account = http_url(url)
            .ok_or_else(|| Error::new(Kind::Unavailable, "the URL of the account in the answer can't be used"))?;
        let lifetime = answer::number(headers, &EXPIRES).map_or(SHORT_LIFE, Duration::from_secs);
        Ok(Answer { token: token.clone(), account, lifetime })
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}
