//! From the configuration to whoever tells callers apart.

use crate::{
    config::{Config, Keystone, Mode},
    exit::{Exit, Failure, Result},
};
use casement_identity::{
    Identity, TokenEntry,
    keystone::{KeystoneSettings, LimitSettings, Limits, Lookup, Patience, Session, SessionSettings},
};
use std::{fs, time::Duration};

/// This service's own session with Keystone, where there is a Keystone. Contacts nobody yet.
pub(crate) fn session(config: &Config) -> Result<Option<Session>> {
    if config.identity.mode != Mode::Keystone {
        return Ok(None);
    }
    let keystone = &config.identity.keystone;
    let session = Session::new(session_settings(keystone)?);
    session.map(Some).map_err(Failure::of(Exit::Config, "identity.keystone"))
}

pub(crate) fn identity(config: &Config, session: Option<Session>) -> Result<Identity> {
    let identity = &config.identity;
    let callers = match (identity.mode, session) {
        (Mode::Keystone, Some(session)) => Identity::keystone(session, keystone_settings(&identity.keystone)),
        (Mode::Headers, _) => Identity::headers(&identity.headers.trusted_proxies)
            .map_err(Failure::of(Exit::Config, "identity.headers"))?,
        (Mode::Tokens, _) => {
            Identity::tokens(static_tokens(config)).map_err(Failure::of(Exit::Config, "identity.tokens"))?
        }
        (Mode::Keystone, None) => return Err(Failure::new(Exit::Internal, "identity: no session with Keystone")),
        (Mode::None, _) => {
            let everybody = identity.none.clone();
            Identity::none(Some(everybody.user), Some(everybody.project), Some(everybody.roles))
        }
    };
    Ok(callers.allow_anonymous_access(identity.allow_anonymous_access))
}

/// What projects may have, where Keystone is to say it.
pub(crate) fn limits(config: &Config, session: Session) -> Option<Limits> {
    let settings = LimitSettings {
        service_type: "image".into(),
        region: config.identity.keystone.region.clone(),
        keep: Duration::from_secs(config.images.keystone_limits_keep_seconds),
    };
    config.images.use_keystone_limits.then(|| Limits::new(session, settings))
}

/// Everything that callers are told apart by, tried out; the URL of the Keystone, where there is one.
pub(crate) async fn check(config: &Config) -> Result<Option<String>> {
    let session = session(config)?;
    identity(config, session.clone())?;
    let Some(session) = session else { return Ok(None) };
    session.probe().await.map_err(|error| Failure::new(Exit::Temporary, error))?;
    Ok(Some(session.auth_url().to_owned()))
}

/// Keystone may come up after this service, so a start does not wait for it; but the log says what is wrong.
pub(crate) async fn try_keystone(session: &Session) {
    match session.probe().await {
        Ok(()) => tracing::info!("Keystone answers"),
        Err(error) => tracing::error!(%error, "no caller can be authenticated yet"),
    }
}

/// Where callers who come without a token are told to get one.
pub(crate) fn www_authenticate_uri(config: &Config) -> Option<String> {
    let keystone = &config.identity.keystone;
    keystone.www_authenticate_uri.clone().or_else(|| keystone.auth_url.clone())
}

fn session_settings(keystone: &Keystone) -> Result<SessionSettings> {
    let wrong = |wrong: crate::config::Wrong| Failure::new(Exit::Config, wrong.text);
    let ca = keystone.cafile.as_ref().map(|file| {
        let unreadable =
            |err| Failure::new(Exit::Config, format!("identity.keystone.cafile: {}: {err}", file.display()));
        fs::read(file).map_err(unreadable)
    });
    let lookup = keystone
        .interface
        .map(|interface| Lookup { interface: interface.name().to_owned(), region: keystone.region.clone() });
    Ok(SessionSettings {
        auth_url: keystone.auth_url.clone().unwrap_or_default(),
        login: keystone.login(keystone.secret().map_err(wrong)?).map_err(wrong)?,
        lookup,
        ca: ca.transpose()?,
        patience: Patience {
            request: Duration::from_secs(keystone.request_timeout_seconds),
            total: Duration::from_secs(keystone.timeout_seconds),
            tries: keystone.tries,
            at_once: keystone.max_requests,
        },
    })
}

fn keystone_settings(keystone: &Keystone) -> KeystoneSettings {
    KeystoneSettings {
        keep: Duration::from_secs(keystone.token_cache_seconds),
        keep_refused: Duration::from_secs(keystone.refused_token_cache_seconds),
        entries: keystone.token_cache_entries,
        service_roles: keystone.service_token_roles.clone(),
        service_roles_required: keystone.service_token_roles_required,
    }
}

fn static_tokens(config: &Config) -> Vec<TokenEntry> {
    let entry = |token: &crate::config::Token| TokenEntry {
        sha256: token.sha256.clone(),
        user: token.user.clone(),
        project: token.project.clone(),
        roles: token.roles.clone(),
        service: token.service,
    };
    config.identity.tokens.iter().map(entry).collect()
}
