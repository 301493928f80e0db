//! Secrets that a store needs: beside the configuration, never in it, and never shown.

use crate::{Error, Kind, Result};
use std::{env, fmt, fs, path::Path};

/// A password or a key. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Reads the secret that a configuration names by one of two keys, `<name>_file`, the file that holds it, and
    /// `<name>_env`, the environment variable that holds it. `None` when neither is set.
    ///
    /// # Errors
    /// [`Kind::Config`] when both are set, or what is named cannot be read.
    pub fn read(name: &str, file: Option<&Path>, variable: Option<&str>) -> Result<Option<Self>> {
        let refusal = |text: String| Err(Error::new(Kind::Config, text));
        match (file, variable) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => refusal(format!("both {name}_file and {name}_env are set: leave one out")),
            (Some(file), None) => match fs::read_to_string(file) {
                // Editors end a file with a new line, and no secret does.
                Ok(text) => Ok(Some(Self(text.trim_end_matches(['\r', '\n']).to_owned()))),
                Err(error) => refusal(format!("{name}_file = `{}` cannot be read: {error}", file.display())),
            },
            (None, Some(variable)) => match env::var(variable) {
                Ok(text) => Ok(Some(Self(text))),
                Err(_) => refusal(format!("{name}_env: there is no environment variable `{variable}`")),
            },
        }
    }

    /// The secret itself, for whoever it is to be told.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_secret_comes_from_a_file_without_its_last_new_line_and_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        fs::write(&file, "hush\r\n").unwrap();
        let secret = Secret::read("key", Some(&file), None).unwrap().unwrap();
        assert_eq!(secret.expose(), "hush");
        assert!(!format!("{secret:?}").contains("hush"));
        assert_eq!(Secret::read("key", None, None).unwrap(), None);
    }

    #[test]
    fn what_is_missing_is_named() {
        let refusal = |file: Option<&str>, variable: Option<&str>| {
            let error = Secret::read("key", file.map(Path::new), variable).unwrap_err();
            assert_eq!(error.kind(), Kind::Config);
            error.message().to_owned()
        };
        assert!(
            refusal(None, Some("CASEMENT_NOT_SET"))
                .contains("key_env: there is no environment variable `CASEMENT_NOT_SET`")
        );
        assert!(refusal(Some("/no/such"), None).contains("key_file = `/no/such`"));
        assert!(refusal(Some("/x"), Some("X")).contains("leave one out"));
    }
}
