//! Locations and keys, with the paths of Unix.
#![allow(clippy::unwrap_used)]

use super::Posix;
use crate::{Class, Result, keys, location};

const FS: Posix = Posix { file_mode: None };

fn key(root: &str, uri: &str) -> Result<String, Class> {
    location::parse(&FS, &[root], uri).map_err(|error| error.class())
}

#[test]
fn the_location_is_written_as_glance_writes_it() {
    let uri = location::format(&FS, "/var/lib/glance/images", "71c675ab-d94f-49cd-a114-e12490b328d9").unwrap();
    assert_eq!(uri, "file:///var/lib/glance/images/71c675ab-d94f-49cd-a114-e12490b328d9");
}

#[test]
fn every_location_written_is_read_back() {
    for root in ["/", "/srv", "/srv/a b", "/srv/100%", "/srv/a%20b", "/srv/ü#?"] {
        for name in ["id", "a b", "50%", "%41", "ü", "a#b?c", "a:b@c", "x..y"] {
            let uri = location::format(&FS, root, name).unwrap();
            assert!(uri.is_ascii() && !uri.contains([' ', '#', '?']), "{uri}");
            assert_eq!(key(root, &uri).as_deref(), Ok(name), "{uri}");
        }
    }
}

#[test]
fn older_spellings_are_read() {
    for uri in [
        "file:///srv/a b/id",
        "file:///srv/a%20b/id",
        "file://localhost/srv/a b/id",
        "FILE://LocalHost/srv/a b/id",
        "filesystem:///srv/a b/id",
        "file:/srv/a b/id",
        "file:///srv//a b/./id",
    ] {
        assert_eq!(key("/srv/a b", uri).as_deref(), Ok("id"), "{uri}");
    }
    assert_eq!(key("/srv/a%20b", "file:///srv/a%20b/id").as_deref(), Ok("id"));
}

#[test]
fn what_lies_elsewhere_is_not_found() {
    for uri in [
        "file:///srv/images2/id",
        "file:///srv/id",
        "file:///srv/images",
        "file:///srv/images/",
        "file:///",
        "file:///srv/images/id/",
        "file:///srv/images/sub/id",
        "file://other/srv/images/id",
        "file:srv/images/id",
        "file:///srv/images/../images/id",
        "file:///srv/images/%2e%2e/secret",
        "file:///srv/images/..",
        "file:///srv/images/..%2fid",
        "file:///srv/images/.casement-staging",
        "file:///srv/images/a%00b",
        "file://",
    ] {
        assert_eq!(key("/srv/images", uri), Err(Class::NotFound), "{uri}");
    }
}

#[test]
fn another_scheme_is_unsupported() {
    for uri in ["s3://a:b@host/bucket/id", "/srv/images/id", "id", ""] {
        assert_eq!(key("/srv/images", uri), Err(Class::Unsupported), "{uri}");
    }
}

#[test]
fn a_key_is_one_visible_path_component() {
    for good in ["id", "a.b", "a..b", "ä", &"x".repeat(255)] {
        assert_eq!(keys::check_for_writing(&FS, good), Ok(()), "{good}");
    }
    for bad in ["", ".", "..", "a/b", "/a", "a\0b", ".casement-staging", ".hidden", &"x".repeat(256), &"ä".repeat(128)]
    {
        assert_eq!(keys::check_for_writing(&FS, bad).unwrap_err().class(), Class::Misuse, "{bad}");
        assert_eq!(keys::check_for_reading(&FS, bad).unwrap_err().class(), Class::NotFound, "{bad}");
    }
}
