//! The account that a file server is to know.

use crate::{Class, Error, Result, options::bad};
use casement_sdk::Secret;
use std::{fmt, path::Path};

/// An account on a file server.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub username: String,
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

impl Credentials {
    /// Of an account whose password stands in a file or in an environment variable, never in the configuration itself.
    pub fn read(username: Option<String>, file: Option<&Path>, variable: Option<&str>) -> Result<Option<Self>> {
        let password = Secret::read("password", file, variable)
            .map_err(|error| Error::new(Class::Config, error.message()))?
            .map(|secret| secret.expose().to_owned());
        match (username, password) {
            (Some(username), Some(password)) => Ok(Some(Self { username, password })),
            (None, None) => Ok(None),
            (Some(_), None) => bad("username is set without a password: write password_file or password_env".into()),
            (None, Some(_)) => bad("a password is set without its account: write username".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let account = Credentials { username: "CORP\\casement".into(), password: "hush".into() };
        assert!(!format!("{account:?}").contains("hush"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let refusal = |username: Option<&str>, variable: Option<&str>| {
            Credentials::read(username.map(str::to_owned), None, variable).unwrap_err().message().to_owned()
        };
        assert!(refusal(Some("a"), None).contains("password_file or password_env"));
        assert!(refusal(None, Some("PATH")).contains("write username"));
        assert!(refusal(Some("a"), Some("CASEMENT_NOT_SET")).contains("CASEMENT_NOT_SET"));
    }
}
