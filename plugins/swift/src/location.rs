//! Location URIs as Glance writes them. What stands in older ones of a user and a key is read over and never shown.

use crate::names::{Names, Place};
use casement_sdk::{Error, Kind, Result};
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
        let place = match scheme {
            "swift+config" => self.by_reference(rest),
            "swift" | "swift+http" | "swift+https" => self
                .in_account(rest)
                .filter(|place| place.account.is_none() || names.is_multi_tenant())
                .or_else(|| self.by_login(rest)),
            _ => None,
        };
        let key = names.key_of(&place.ok_or_else(elsewhere)?);
        // Nothing that could not be read is a key.
        names.for_reading(&key).map(|_| key).map_err(|_| elsewhere())
    }

    /// `<reference>/<container>/<object>`
    fn by_reference(&self, rest: &str) -> Option<Place> {
        let (container, object) = rest.strip_prefix(&*self.reference)?.strip_prefix('/')?.split_once('/')?;
        Some(Place::new(container, object))
    }

    /// `<host>/v1/<account>/<container>/<object>`
    fn in_account(&self, rest: &str) -> Option<Place> {
        let (version, own) = self.account.path().rsplit_once('/')?;
        let (host, path) = rest.split_at(rest.find('/')?);
        let path = path.strip_prefix(version)?.strip_prefix('/').filter(|_| is_at(host, &self.account))?;
        let (account, path) = path.split_once('/')?;
        let (container, object) = path.split_once('/')?;
        let account = (account != own).then(|| account.to_owned());
        Some(Place { account, ..Place::new(container, object) })
    }

    /// `<user>:<key>@<host and path of Keystone>/<container>/<object>`
    fn by_login(&self, rest: &str) -> Option<Place> {
        let (rest, object) = rest.rsplit_once('/')?;
        let (login, container) = rest.rsplit_once('/')?;
        // A key may have an `@` in it.
        let login = login.rsplit_once('@').map_or(login, |(_, login)| login);
        let (host, path) = login.split_at(login.find('/').unwrap_or(login.len()));
        let is_ours = is_at(host, &self.auth_url) && same_login(self.auth_url.path(), path);
        is_ours.then(|| Place::new(container, object))
    }
}

fn is_at(host: &str, url: &Url) -> bool {
    host.eq_ignore_ascii_case(&authority(url))
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
        assert_eq!(parse("swift+config://ref1/glance/a/b"), "a/b");
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
            "swift+config://ref12/glance/a",
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
