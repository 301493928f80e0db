//! The accounts of projects, for a store that keeps the images of each project in its own.

use crate::{account::Account, config::is_tenant, names::Place};
use casement_sdk::{Error, Kind, Result};
use url::Url;

/// By the store's own account it is known what those of others are called.
#[derive(Debug)]
pub(crate) struct Accounts {
    own: String,
    /// What stands before the id of the project: `AUTH_`, as a rule.
    prefix: String,
}

impl Accounts {
    pub(crate) fn beside(url: &Url) -> Self {
        let own = url.path().rsplit('/').next().unwrap_or_default().to_owned();
        let prefix =
            own.split_inclusive('_').next().filter(|prefix| prefix.ends_with('_')).unwrap_or_default().to_owned();
        Self { own, prefix }
    }

    pub(crate) fn own(&self) -> &str {
        &self.own
    }

    /// Of a URL that ends in the version of the protocol nothing can be exchanged for another account.
    pub(crate) fn check(&self) -> Result<()> {
        let is_version = self.own.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if self.own.is_empty() || is_version {
            let message = "multi_tenant: the URL of the account does not tell which account it is (Ceph tells it with \
                           rgw_swift_account_in_url = true)";
            return Err(Error::new(Kind::Config, message));
        }
        Ok(())
    }

    /// The account of a project; `None` for the store's own.
    fn of(&self, project: &str) -> Option<String> {
        let account = format!("{}{project}", self.prefix);
        (account != self.own).then_some(account)
    }
}

impl Account {
    /// The key of a new object of a project.
    pub(crate) fn place(&self, key: &str, owner: &str) -> Result<String> {
        if !self.names.is_multi_tenant() {
            return Ok(key.to_owned());
        }
        if !is_tenant(owner) {
            let message = format!("the owner {owner:?} is no id of a project, and so has no account in Swift");
            return Err(Error::new(Kind::Unsupported, message));
        }
        let place = Place { account: self.accounts.of(owner), ..self.names.for_writing(key)? };
        let key = self.names.key_of(&place);
        // One whose name is too long can't be read again.
        self.names.for_writing(&key).map(|_| key).map_err(|error| Error::new(Kind::Unsupported, error.message()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn accounts(url: &str) -> Accounts {
        Accounts::beside(&url.parse().unwrap())
    }

    #[test]
    fn the_account_of_a_project_is_named_as_the_stores_own() {
        let with_prefix = accounts("https://swift:8080/v1/AUTH_0f4a");
        assert_eq!(with_prefix.of("1a5b"), Some("AUTH_1a5b".to_owned()));
        assert_eq!(with_prefix.of("0f4a"), None);
        assert_eq!(accounts("https://ceph/swift/v1/0f4a").of("1a5b"), Some("1a5b".to_owned()));
    }

    #[test]
    fn a_url_without_an_account_is_refused() {
        accounts("https://swift:8080/v1/AUTH_0f4a").check().unwrap();
        for url in ["https://ceph/swift/v1", "https://ceph/swift/v1.0", "https://ceph"] {
            assert_eq!(accounts(url).check().unwrap_err().kind(), Kind::Config, "{url}");
        }
    }
}
