//! Who is calling: Keystone, a front proxy, static tokens or nobody in particular.

mod cache;
mod credentials;
mod error;
mod headers;
pub mod keystone;
mod roles;
mod tokens;

pub use credentials::{Asserted, Credentials};
pub use error::{Error, Kind, Result};
pub use headers::networks;
pub use tokens::{TokenEntry, hash_token};

use casement_image::Caller;
use headers::FrontProxies;
use keystone::{Keystone, KeystoneSettings, Session};
use std::sync::Arc;
use tokens::Tokens;

/// Longer tokens are refused before anything is done with them. Keystone's longest kind is far below this.
const MAX_TOKEN_BYTES: usize = 8 << 10;

/// How callers are told apart.
#[derive(Debug)]
pub struct Identity {
    source: Source,
    allow_anonymous_access: bool,
}

#[derive(Debug)]
enum Source {
    None(Arc<Caller>),
    Tokens(Tokens),
    Headers(FrontProxies),
    Keystone(Keystone),
}

impl From<Source> for Identity {
    fn from(source: Source) -> Self {
        Self { source, allow_anonymous_access: false }
    }
}

impl Identity {
    /// Every caller is this one. Without `roles` it is an administrator, as in Glance without authentication.
    pub fn none(user: Option<String>, project: Option<String>, roles: Option<Vec<String>>) -> Self {
        let roles = roles.unwrap_or_else(|| vec![roles::ADMIN.to_owned()]);
        Source::None(Arc::new(roles::caller(user, project, &roles))).into()
    }

    /// Callers hold tokens that the configuration lists.
    pub fn tokens(entries: Vec<TokenEntry>) -> Result<Self> {
        Tokens::new(entries).map(|tokens| Source::Tokens(tokens).into())
    }

    /// Callers come through front proxies, from these networks or addresses, that have authenticated them.
    pub fn headers(trusted_proxies: &[String]) -> Result<Self> {
        FrontProxies::new(trusted_proxies).map(|proxies| Source::Headers(proxies).into())
    }

    /// Callers hold tokens of Keystone.
    pub fn keystone(session: Session, settings: KeystoneSettings) -> Self {
        Source::Keystone(Keystone::new(session, settings)).into()
    }

    /// Whether somebody whom we do not know may look, and nothing else.
    #[must_use]
    pub fn allow_anonymous_access(self, allow: bool) -> Self {
        Self { allow_anonymous_access: allow, ..self }
    }

    /// The caller behind what a request says. Whoever comes with the same token next may get the same one.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`], and [`Kind::Unavailable`] when Keystone does not answer in time.
    pub async fn authenticate(&self, credentials: &Credentials) -> Result<Arc<Caller>> {
        let found = match &self.source {
            Source::None(caller) => Ok(caller.clone()),
            Source::Tokens(tokens) => tokens.authenticate(credentials),
            Source::Headers(proxies) => proxies.authenticate(credentials).map(Arc::new),
            Source::Keystone(keystone) => keystone.authenticate(credentials).await,
        };
        match found {
            Err(error) if error.kind == Kind::Unauthenticated && self.allow_anonymous_access => {
                Ok(Arc::new(Caller { read_only: true, ..Caller::default() }))
            }
            found => found,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn without_authentication_everybody_is_an_administrator_of_no_project() {
        let caller = Identity::none(None, None, None).authenticate(&Credentials::default()).await.unwrap();
        assert!(caller.is_admin);
        assert_eq!(caller.project_id, None);
        assert!(caller.roles.contains("reader"));
    }

    #[tokio::test]
    async fn without_authentication_nothing_that_comes_along_is_looked_at() {
        let identity = Identity::none(Some("u".into()), Some("p".into()), Some(vec!["Member".into()]));
        let caller = identity.authenticate(&everything()).await.unwrap();
        assert_eq!(
            (caller.user_id.as_deref(), caller.project_id.as_deref(), caller.is_admin),
            (Some("u"), Some("p"), false)
        );
        assert!(caller.service_roles.is_empty());
    }

    #[tokio::test]
    async fn asserted_identities_count_for_nothing_where_tokens_do() {
        let tokens = Identity::tokens(Vec::new()).unwrap();
        assert_eq!(tokens.authenticate(&everything()).await.unwrap_err().kind, Kind::Unauthenticated);
    }

    #[tokio::test]
    async fn an_anonymous_caller_may_look_where_that_is_allowed() {
        let strict = || Identity::tokens(Vec::new()).unwrap();
        assert!(strict().authenticate(&Credentials::default()).await.is_err());
        let caller = strict().allow_anonymous_access(true).authenticate(&everything()).await.unwrap();
        assert_eq!(*caller, Caller { read_only: true, ..Caller::default() });
    }

    fn everything() -> Credentials {
        let asserted = Asserted {
            status: Some("Confirmed".into()),
            user_id: Some("u9".into()),
            roles: Some("admin".into()),
            ..Asserted::default()
        };
        Credentials {
            token: Some("anything".into()),
            service_token: Some("else".into()),
            peer: Some([127, 0, 0, 1].into()),
            asserted,
        }
    }

    #[test]
    fn debug_output_holds_no_token() {
        let text = format!("{:?}", everything());
        assert!(!text.contains("anything") && !text.contains("else"), "{text}");
    }
}
