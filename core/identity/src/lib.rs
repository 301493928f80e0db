//! Who is calling: static tokens or nobody in particular.

mod roles;
mod tokens;

pub use tokens::{TokenEntry, Tokens, hash_token};

use casement_image::Caller;
use std::fmt;

/// How callers are told apart.
#[derive(Debug)]
pub enum Identity {
    /// Everybody is the same caller, whatever token comes along.
    None(Caller),
    /// Callers hold tokens that the configuration lists.
    Tokens(Tokens),
}

/// The request comes from nobody whom we know. There is nothing to add that a stranger should learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unauthenticated;

impl fmt::Display for Unauthenticated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request carries no token, or one that is not known here")
    }
}

impl std::error::Error for Unauthenticated {}

/// Why a list of tokens cannot be used. Entries are named by their place, from 0: their values stay secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    MalformedHash { index: usize },
    Duplicate { index: usize, first: usize },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MalformedHash { index } => {
                write!(
                    f,
                    "token {index}: `sha256` must be the 64 hex digits of the token's SHA-256, not the token itself"
                )
            }
            Self::Duplicate { index, first } => {
                write!(f, "token {index} is the same as token {first}; remove one of them")
            }
        }
    }
}

impl std::error::Error for Error {}

impl Identity {
    /// Every caller is this one. Without `roles` it is an administrator, as in Glance without authentication.
    pub fn none(user: Option<String>, project: Option<String>, roles: Option<Vec<String>>) -> Self {
        let roles = roles.unwrap_or_else(|| vec![roles::ADMIN.to_owned()]);
        Self::None(roles::caller(user, project, &roles))
    }

    /// Callers are told apart by static tokens.
    pub fn tokens(entries: Vec<TokenEntry>) -> Result<Self, Error> {
        Tokens::new(entries).map(Self::Tokens)
    }

    /// The caller behind `X-Auth-Token` and, when a service forwards the request, `X-Service-Token`.
    ///
    /// A service token that is not known, or not a service's, refuses the request: it is never just left out.
    pub fn authenticate(&self, token: Option<&str>, service_token: Option<&str>) -> Result<Caller, Unauthenticated> {
        match self {
            Self::None(caller) => Ok(caller.clone()),
            Self::Tokens(tokens) => tokens.authenticate(token, service_token),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn without_authentication_everybody_is_an_administrator_of_no_project() {
        let caller = Identity::none(None, None, None).authenticate(None, None).unwrap();
        assert!(caller.is_admin);
        assert_eq!(caller.project_id, None);
        assert!(caller.roles.contains("reader"));
    }

    #[test]
    fn without_authentication_a_token_is_not_looked_at() {
        let identity = Identity::none(Some("u".into()), Some("p".into()), Some(vec!["Member".into()]));
        let caller = identity.authenticate(Some("anything"), Some("else")).unwrap();
        assert_eq!(
            (caller.user_id.as_deref(), caller.project_id.as_deref(), caller.is_admin),
            (Some("u"), Some("p"), false)
        );
        assert!(caller.service_roles.is_empty());
    }
}
