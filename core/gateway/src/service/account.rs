//! The account that a service runs as.

use std::{fs, io, path::Path};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    /// As the SCM takes it.
    pub name: String,
    pub password: Option<String>,
}

/// What an account's name says of it.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// Windows knows its password, or needs none: accounts of the system, of a service, of a domain's management.
    WithoutPassword,
    /// Somebody's.
    User,
}

impl Account {
    /// The account of this service alone, which Windows makes with the service.
    pub(super) fn of_service(service: &str) -> Self {
        Self { name: format!(r"NT SERVICE\{service}"), password: None }
    }

    /// An account by its name, with the password that stands in a file.
    ///
    /// # Errors
    /// What is wrong with the name, or with the password.
    pub(super) fn read(name: &str, password_file: Option<&Path>) -> Result<Self, String> {
        let name = spelled_out(name);
        match (kind(&name)?, password_file) {
            (Kind::User, None) => Err(format!("{name} has a password: name a file that holds it with --password-file")),
            (Kind::WithoutPassword, Some(_)) => Err(format!("{name} has no password: leave --password-file out")),
            (Kind::WithoutPassword, None) => Ok(Self { name, password: None }),
            (Kind::User, Some(file)) => Ok(Self { name, password: Some(password(file)?) }),
        }
    }
}

/// The short names of the system's own accounts.
fn spelled_out(name: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "localservice" => r"NT AUTHORITY\LocalService".into(),
        "networkservice" => r"NT AUTHORITY\NetworkService".into(),
        "localsystem" | r"nt authority\system" => "LocalSystem".into(),
        _ => name.into(),
    }
}

fn kind(name: &str) -> Result<Kind, String> {
    if name == "LocalSystem" {
        return Ok(Kind::WithoutPassword);
    }
    let (domain, user) = match (name.split_once('\\'), name.split_once('@')) {
        (Some(parts), _) => parts,
        (None, Some((user, domain))) => (domain, user),
        (None, None) => ("", name),
    };
    if domain.is_empty() || user.is_empty() || user.contains('\\') {
        return Err(format!(r"`{name}` is no account: it must be DOMAIN\user, .\user, user@domain or DOMAIN\name$"));
    }
    let of_system = ["NT SERVICE", "NT AUTHORITY"].iter().any(|own| domain.eq_ignore_ascii_case(own));
    Ok(if of_system || user.ends_with('$') { Kind::WithoutPassword } else { Kind::User })
}

fn password(file: &Path) -> Result<String, String> {
    let text = if file == Path::new("-") { io::read_to_string(io::stdin()) } else { fs::read_to_string(file) };
    let text = text.map_err(|error| format!("the password in {} cannot be read: {error}", file.display()))?;
    // Editors, `echo` and PowerShell end a file so.
    let text = text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
    if text.is_empty() || text.contains(['\r', '\n', '\0']) {
        return Err(format!("{} must hold the password, and nothing else, in one line", file.display()));
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(name: &str, password: Option<&str>) -> Result<(String, Option<String>), String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        if let Some(password) = password {
            fs::write(&file, password).unwrap();
        }
        let account = Account::read(name, password.map(|_| file.as_path()))?;
        Ok((account.name, account.password))
    }

    #[test]
    fn a_service_has_an_account_of_its_own() {
        assert_eq!(Account::of_service("Casement").name, r"NT SERVICE\Casement");
    }

    #[test]
    fn accounts_of_the_system_of_a_service_and_of_a_domains_management_have_no_password() {
        for (name, spelled) in [
            ("localservice", r"NT AUTHORITY\LocalService"),
            ("NetworkService", r"NT AUTHORITY\NetworkService"),
            (r"NT AUTHORITY\System", "LocalSystem"),
            (r"nt service\casement", r"nt service\casement"),
            (r"CORP\casement$", r"CORP\casement$"),
        ] {
            assert_eq!(read(name, None).unwrap(), (spelled.to_owned(), None));
            assert!(read(name, Some("secret")).unwrap_err().contains("has no password"), "{name}");
        }
    }

    #[test]
    fn the_password_of_a_user_stands_in_a_file() {
        for name in [r"CORP\casement", r".\casement", "casement@corp.example.org"] {
            for text in ["pass word", "pass word\n", "pass word\r\n", "\u{feff}pass word\r\n"] {
                assert_eq!(read(name, Some(text)).unwrap(), (name.to_owned(), Some("pass word".to_owned())));
            }
            assert!(read(name, None).unwrap_err().contains("--password-file"), "{name}");
        }
    }

    #[test]
    fn a_file_without_one_password_is_refused_and_not_shown() {
        for text in ["", "\n", "first secret\nsecond secret\n"] {
            let refusal = read(r"CORP\casement", Some(text)).unwrap_err();
            assert!(refusal.contains("in one line") && !refusal.contains("secret"), "{refusal}");
        }
        let missing = Account::read(r"CORP\casement", Some(Path::new("/nonexistent/password"))).unwrap_err();
        assert!(missing.contains("cannot be read"), "{missing}");
    }

    #[test]
    fn what_is_no_account_is_refused() {
        for name in ["", "casement", "casement$", r"\casement", r"CORP\", r"A\B\C", "@corp"] {
            assert!(read(name, None).unwrap_err().contains("is no account"), "{name}");
        }
    }
}
