//! Location URIs as Glance writes them. What stands in older ones of a user and a key is read over and never shown.

use crate::names::{Names, Place};
use casement_sdk::{Error, Kind, Result};
use percent_encoding::percent_decode_str;
use url::Url;

/// By what a store recognizes its own locations.
#[derive(Debug, Clone)]
pub(crate) struct Locations {
    pub(crate) reference: String,
    /// Of the login: what Glance's older locations begin with.
    pub(crate) auth_url: Url,
    /// What those of a store with an account for each tenant begin with.
    pub(crate) account: Url,
}

impl Locations {
    pub(crate) fn format(&self, names: &Names, key: &str) -> Result<String> {
        let place = names.for_reading(key)?;
        let account = match (&place.account, names.is_multi_tenant()) {
            (None, false) => {
                return Ok(format!("swift+config://{}/{}/{}", self.reference, place.container, place.object));
            }
            (other, _) => match (self.account.path().rsplit_once('/'), other) {
                (Some((version, _)), Some(other)) => format!("{version}/{other}"),
                _ => self.account.path().to_owned(),
            },
        };
        let (scheme, host) = (self.account.scheme(), authority(&self.account));
        Ok(format!("swift+{scheme}://{host}{account}/{}/{}", place.container, place.object))
    }

    pub(crate) fn parse(&self, names: &Names, uri: &str) -> Result<String> {
        let elsewhere = || Error::new(Kind::NotFound, "the location is not one of this store");
        let (scheme, rest) = uri.split_once("://").ok_or_else(elsewhere)?;
        let (rest, object) = rest.rsplit_once('/').ok_or_else(elsewhere)?;
        let (store, container) = rest.rsplit_once('/').ok_or_else(elsewhere)?;
        let account = match scheme {
            "swift+config" if store == self.reference => None,
            "swift" | "swift+http" | "swift+https" => self.account_at(names, store).ok_or_else(elsewhere)?,
            _ => return Err(elsewhere()),
        };
        let place = Place { account, ..Place::new(container, object) };
        let key = names.key_of(&place);
        // Nothing that could not be read is a key.
        names.for_reading(&key).map(|_| key).map_err(|_| elsewhere())
    }

    /// `Some(None)` for the store's own account.
    fn account_at(&self, names: &Names, store: &str) -> Option<Option<String>> {
        // A key may have an `@` in it.
        let store = store.rsplit_once('@').map_or(store, |(_, host)| host).trim_end_matches('/');
        let (host, path) =
            store.split_once('/').map_or((store, String::new()), |(host, path)| (host, format!("/{path}")));
        let path = percent_decode_str(&path).decode_utf8().ok()?.into_owned();
        let is_at = |url: &Url| host.eq_ignore_ascii_case(&authority(url));
        if is_at(&self.auth_url) && same_login(self.auth_url.path(), &path) {
            return Some(None);
        }
        if !is_at(&self.account) {
            return None;
        }
        if path == self.account.path() {
            return Some(None);
        }
        let (version, account) = path.rsplit_once('/')?;
        let (own_version, _) = self.account.path().rsplit_once('/')?;
        (names.is_multi_tenant() && version == own_version).then(|| Some(account.to_owned()))
    }
}

/// Host and port, as a location has them.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether two paths are those of one Keystone, whichever version of it they name.
fn same_login(ours: &str, theirs: &str) -> bool {
    let bare = |path: &str| {
        let path = path.trim_end_matches('/');
        ["/v3", "/v2.0"].iter().find_map(|version| path.strip_suffix(version)).unwrap_or(path).to_owned()
    };
    bare(ours) == bare(theirs)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Config;

    fn locations() -> Locations {
        Locations {
            reference: "ref1".into(),
            auth_url: "https://keystone:5000/v3".parse().unwrap(),
            account: "https://swift:8080/v1/AUTH_own".parse().unwrap(),
        }
    }

    fn names(multi_tenant: bool) -> Names {
        Names::new(&Config { multi_tenant, ..Config::default() })
    }

    #[test]
    fn a_location_is_written_as_glance_writes_it() {
        let (single, multi) = (names(false), names(true));
        let format = |names: &Names, key: &str| locations().format(names, key).unwrap();
        assert_eq!(format(&single, "a"), "swift+config://ref1/glance/a");
        assert_eq!(format(&single, "/old/a"), "swift+config://ref1/old/a");
        assert_eq!(format(&multi, "a"), "swift+https://swift:8080/v1/AUTH_own/glance_a/a");
        assert_eq!(format(&multi, "//AUTH_x/c/a"), "swift+https://swift:8080/v1/AUTH_x/c/a");
    }

    #[test]
    fn every_spelling_of_glances_is_read() {
        let parse = |uri: &str| locations().parse(&names(false), uri).unwrap();
        assert_eq!(parse("swift+config://ref1/glance/a"), "a");
        assert_eq!(parse("swift+config://ref1/glance_1/a"), "/glance_1/a");
        for old in [
            "swift+https://service:glance:hush@keystone:5000/v3/glance/a",
            "swift+https://service%3Aglance:hu%40sh@keystone:5000/v2.0/glance/a",
            "swift+http://u:p@ss@KEYSTONE:5000/glance/a",
            "swift://u:p@keystone:5000/v3/glance/a",
            "swift+https://swift:8080/v1/AUTH_own/glance/a",
        ] {
            assert_eq!(parse(old), "a", "{old}");
        }
        let multi = |uri: &str| locations().parse(&names(true), uri).unwrap();
        assert_eq!(multi("swift+https://swift:8080/v1/AUTH_own/glance_a/a"), "a");
        assert_eq!(multi("swift+https://swift:8080/v1/AUTH_x/glance_a/a"), "//AUTH_x/glance_a/a");
    }

    #[test]
    fn what_belongs_elsewhere_is_not_taken_and_never_shown() {
        for other in [
            "swift+config://ref2/glance/a",
            "swift+https://u:hush@other:5000/v3/glance/a",
            "swift+https://swift:8080/v1/AUTH_x/glance/a",
            "swift+config://ref1/glance/..",
            "swift+config://ref1/a",
            "swift+config://ref1",
            "s3://ref1/glance/a",
            "file:///a/b",
            "",
        ] {
            let error = locations().parse(&names(false), other).unwrap_err();
            assert_eq!(error.kind(), Kind::NotFound, "{other}");
            assert!(!error.message().contains("hush"));
        }
    }
}
