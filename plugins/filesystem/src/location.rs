//! From a key to a file name and to a location URI, and back. The only place that judges either.

use crate::platform;
use casement_sdk::{Error, Kind, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use std::path::Path;

/// What stays as it is in the path of a URI: RFC 3986's `pchar`.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// Why `key` cannot be the name of a file in the root. Names with a leading dot are ours, the file server's
/// (`.nfs…`) or the administrator's, never an image's.
fn objection(key: &str) -> Option<&'static str> {
    match key {
        "" => Some("is empty"),
        _ if key.starts_with('.') => Some("starts with a dot"),
        _ if key.len() > 255 => Some("is longer than 255 bytes"),
        _ if key.contains(platform::FORBIDDEN) => Some("contains a character that a file name cannot hold"),
        _ => None,
    }
}

/// Whether a file of this name can be an object.
pub(crate) fn is_key(name: &str) -> bool {
    objection(name).is_none()
}

/// Nothing can be found under a key that could never have been written.
pub(crate) fn check_for_reading(key: &str) -> Result<()> {
    if is_key(key) { Ok(()) } else { Err(Error::not_found(key)) }
}

pub(crate) fn check_for_writing(key: &str) -> Result<()> {
    match objection(key) {
        None => Ok(()),
        Some(objection) => Err(Error::new(Kind::Misuse, format!("the key `{key}` {objection}"))),
    }
}

/// Whether `name` has the form that the contract promises of a transfer.
pub(crate) fn is_transfer(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// `file:///root/key`
pub(crate) fn format(root: &Path, key: &str) -> Result<String> {
    check_for_writing(key)?;
    let mut uri = String::from("file://");
    for segment in platform::segments(root)?.into_iter().chain([key.as_bytes()]) {
        uri.push('/');
        uri.extend(percent_encode(segment, ESCAPED));
    }
    Ok(uri)
}

/// The inverse of [`format()`]. Glance writes the path as it is: where the root itself has a `%`, only the
/// undecoded path lies in it. The key has none then.
pub(crate) fn parse(root: &Path, uri: &str) -> Result<String> {
    let (scheme, rest) = uri.split_once(':').unwrap_or(("", uri));
    if !["file", "filesystem"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        let message = format!("`{uri}` is not the location of a file: it should start with `file:///`");
        return Err(Error::new(Kind::Unsupported, message));
    }
    let elsewhere = || Error::new(Kind::NotFound, format!("`{uri}` does not lie in the root `{}`", root.display()));
    let path = local_path(rest).ok_or_else(elsewhere)?;
    let root = platform::segments(root)?;
    let decoded: Vec<u8> = percent_decode_str(path).collect();
    key_below(&root, &decoded)
        .or_else(|| key_below(&root, path.as_bytes()).filter(|key| !key.contains('%')))
        .ok_or_else(elsewhere)
}

/// The path of a `file:` URI without its scheme, unless it is on another host.
fn local_path(rest: &str) -> Option<&str> {
    let Some(rest) = rest.strip_prefix("//") else {
        return Some(rest).filter(|path| path.starts_with('/'));
    };
    let (host, path) = rest.split_at(rest.find('/')?);
    (host.is_empty() || host.eq_ignore_ascii_case("localhost")).then_some(path)
}

/// The last segment of `path` if it is a key and all before it are the root's. A `..` is never resolved: it
/// equals no segment of a root and is no key.
fn key_below(root: &[&[u8]], path: &[u8]) -> Option<String> {
    let segments: Vec<&[u8]> =
        path.split(|byte| *byte == b'/').filter(|segment| !segment.is_empty() && *segment != b".").collect();
    let (key, directory) = segments.split_last()?;
    let key = std::str::from_utf8(key).ok()?;
    // A trailing slash names a directory.
    (directory == root && is_key(key) && !path.ends_with(b"/")).then(|| key.to_owned())
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn key(root: &str, uri: &str) -> Result<String, Kind> {
        parse(Path::new(root), uri).map_err(|error| error.kind())
    }

    #[test]
    fn the_location_is_written_as_glance_writes_it() {
        let uri = format(Path::new("/var/lib/glance/images"), "71c675ab-d94f-49cd-a114-e12490b328d9").unwrap();
        assert_eq!(uri, "file:///var/lib/glance/images/71c675ab-d94f-49cd-a114-e12490b328d9");
    }

    #[test]
    fn every_location_written_is_read_back() {
        for root in ["/", "/srv", "/srv/a b", "/srv/100%", "/srv/a%20b", "/srv/ü#?"] {
            for name in ["id", "a b", "50%", "%41", "ü", "a#b?c", "a:b@c", "x..y"] {
                let uri = format(Path::new(root), name).unwrap();
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
            assert_eq!(key("/srv/images", uri), Err(Kind::NotFound), "{uri}");
        }
    }

    #[test]
    fn another_scheme_is_unsupported() {
        for uri in ["s3://a:b@host/bucket/id", "/srv/images/id", "id", ""] {
            assert_eq!(key("/srv/images", uri), Err(Kind::Unsupported), "{uri}");
        }
    }

    #[test]
    fn a_key_is_one_visible_path_component() {
        for good in ["id", "a.b", "a..b", "ä", &"x".repeat(255)] {
            assert_eq!(check_for_writing(good), Ok(()), "{good}");
        }
        for bad in
            ["", ".", "..", "a/b", "/a", "a\0b", ".casement-staging", ".hidden", &"x".repeat(256), &"ä".repeat(128)]
        {
            assert_eq!(check_for_writing(bad).unwrap_err().kind(), Kind::Misuse, "{bad}");
            assert_eq!(check_for_reading(bad).unwrap_err().kind(), Kind::NotFound, "{bad}");
        }
    }

    #[test]
    fn a_transfer_is_letters_digits_and_hyphens() {
        assert!(is_transfer("a-1") && is_transfer(&"x".repeat(64)));
        assert!(!is_transfer("") && !is_transfer("a_b") && !is_transfer("../a") && !is_transfer("ä"));
        assert!(!is_transfer(&"x".repeat(65)));
    }
}
