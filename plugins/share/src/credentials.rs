//! The account that a file server is to know.

use crate::{Result, options::bad};
use std::{env, fmt, fs, path::Path};

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
        let password = match (file, variable) {
            (Some(_), Some(_)) => return bad("both password_file and password_env are set: leave one out".into()),
            (Some(file), None) => Some(in_file(file)?),
            (None, Some(variable)) => Some(in_variable(variable)?),
            (None, None) => None,
        };
        match (username, password) {
            (Some(username), Some(password)) => Ok(Some(Self { username, password })),
            (None, None) => Ok(None),
            (Some(_), None) => bad("username is set without a password: write password_file or password_env".into()),
            (None, Some(_)) => bad("a password is set without its account: write username".into()),
        }
    }
}

/// Editors end a file with a new line, and no password does.
fn in_file(file: &Path) -> Result<String> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
        Err(error) => bad(format!("password_file = `{}` cannot be read: {error}", file.display())),
    }
}

fn in_variable(variable: &str) -> Result<String> {
    env::var(variable).or_else(|_| bad(format!("password_env: there is no environment variable `{variable}`")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_password_comes_from_a_file_and_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        fs::write(&file, "hush\r\n").unwrap();
        let found = Credentials::read(Some("CORP\\casement".into()), Some(&file), None).unwrap().unwrap();
        assert_eq!(found.password, "hush");
        assert!(!format!("{found:?}").contains("hush"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let refusal = |username: Option<&str>, file: Option<&Path>, variable: Option<&str>| {
            Credentials::read(username.map(str::to_owned), file, variable).unwrap_err().message().to_owned()
        };
        assert!(refusal(Some("a"), None, None).contains("password_file or password_env"));
        assert!(refusal(Some("a"), None, Some("CASEMENT_NOT_SET")).contains("CASEMENT_NOT_SET"));
        assert!(refusal(Some("a"), Some(Path::new("/no/such")), None).contains("/no/such"));
        assert!(refusal(Some("a"), Some(Path::new("/x")), Some("X")).contains("leave one out"));
    }
}
