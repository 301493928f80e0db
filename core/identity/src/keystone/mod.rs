//! Keystone v3: tokens of users and of services, judged by Keystone in this service's own session.

mod credentials;
mod endpoint;
mod http;
mod limits;
mod session;
mod token;

pub use credentials::{ApplicationCredential, InDomain, Login, Ref, Scope, Secret};
pub use endpoint::Lookup;
pub use http::{Answer, Patience};
pub use limits::{LimitSettings, Limits, ProjectLimits};
pub use session::{Session, SessionSettings};

use crate::{
    Credentials, Error, MAX_TOKEN_BYTES, Result,
    cache::{Cache, Key, Verdict},
};
use casement_image::Caller;
use reqwest::header::HeaderValue;
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use token::Token;

/// What of Keystone's answers is kept, and what makes a service.
#[derive(Debug, Clone)]
pub struct KeystoneSettings {
    /// How long a token is believed without asking again: that late a revocation is noticed.
    pub keep: Duration,
    /// How long a refusal is.
    pub keep_refused: Duration,
    /// Tokens that are kept in mind.
    pub entries: usize,
    /// A service token with one of these may bring a user's token that has run out.
    pub service_roles: Vec<String>,
    /// Without one of them it is no service token.
    pub service_roles_required: bool,
}

/// Tokens judged by Keystone.
#[derive(Debug)]
pub(crate) struct Keystone {
    session: Session,
    settings: Arc<KeystoneSettings>,
    cache: Cache<Arc<Caller>>,
}

/// What a service token gives.
#[derive(Default)]
struct Service {
    roles: BTreeSet<String>,
    may_bring_expired: bool,
}

impl Keystone {
    pub(crate) fn new(session: Session, settings: KeystoneSettings) -> Self {
        Self { session, cache: Cache::new(settings.entries), settings: Arc::new(settings) }
    }

    pub(crate) async fn authenticate(&self, credentials: &Credentials) -> Result<Arc<Caller>> {
        let token = credentials.token.as_deref().ok_or_else(|| Error::unauthenticated("the request has no token"))?;
        let service = match credentials.service_token.as_deref() {
            Some(token) => Box::pin(self.service(token)).await?,
            None => Service::default(),
        };
        let caller = self.caller(token, service.may_bring_expired).await?;
        let mut caller = caller.ok_or_else(|| Error::unauthenticated("Keystone does not accept the token"))?;
        if !service.roles.is_empty() {
            Arc::make_mut(&mut caller).service_roles = service.roles;
        }
        Ok(caller)
    }

    /// A worthless service token adds nothing, and takes nothing away from the user's own.
    async fn service(&self, token: &str) -> Result<Service> {
        let Some(caller) = self.caller(token, false).await? else {
            tracing::info!("a service token is not valid");
            return Ok(Service::default());
        };
        let is_service = self.settings.service_roles.iter().any(|role| caller.roles.contains(&role.to_lowercase()));
        if !is_service && self.settings.service_roles_required {
            tracing::info!(user = caller.user_id, "a service token has none of the service roles");
            return Ok(Service::default());
        }
        Ok(Service { roles: caller.roles.clone(), may_bring_expired: is_service })
    }

    async fn caller(&self, token: &str, allow_expired: bool) -> Result<Option<Arc<Caller>>> {
        let token = token.trim();
        if token.is_empty() || token.len() > MAX_TOKEN_BYTES {
            return Ok(None);
        }
        let key = (Sha256::digest(token).into(), allow_expired);
        match self.cache.accepted(&key) {
            Some(caller) => Ok(Some(caller)),
            // Boxed, since most are known and would carry its memory along.
            None => Box::pin(self.ask(token, key, allow_expired)).await,
        }
    }

    async fn ask(&self, token: &str, key: Key, allow_expired: bool) -> Result<Option<Arc<Caller>>> {
        let Ok(mut subject) = HeaderValue::from_str(token) else { return Ok(None) };
        subject.set_sensitive(true);
        let (session, settings) = (self.session.clone(), self.settings.clone());
        self.cache.get(key, || async move { judge(&session, &settings, &subject, allow_expired).await }).await
    }
}

async fn judge(
    session: &Session,
    settings: &KeystoneSettings,
    subject: &HeaderValue,
    allow_expired: bool,
) -> Result<Verdict<Arc<Caller>>> {
    let answer = session.validate(subject, allow_expired).await?;
    match answer.status {
        200 => {
            let token = Token::parse(&answer.body)?;
            let keep = if allow_expired { settings.keep } else { settings.keep.min(token.remaining()) };
            Ok(Verdict { value: Some(Arc::new(token.caller())), keep })
        }
        // Not known, or nothing that could be a token.
        400 | 404 | 413 | 414 | 431 => Ok(Verdict { value: None, keep: settings.keep_refused }),
        403 => Err(Error::unavailable("Keystone answers 403: the service user lacks the right to ask about tokens")),
        status => Err(Error::unavailable(format!("Keystone answers {status} when it is asked about a token"))),
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls;
