//! Location URIs, as Glance's driver writes them: `s3+https://<host>/<bucket>/<key>`, and `s3://` without TLS.

use crate::endpoint::Endpoint;
use casement_sdk::{Error, Kind, Result};

const SCHEMES: [&str; 3] = ["s3", "s3+http", "s3+https"];

pub(crate) fn format(endpoint: &Endpoint, key: &str) -> String {
    let scheme = if endpoint.tls { "s3+https" } else { "s3" };
    format!("{scheme}://{}/{}/{key}", endpoint.authority, endpoint.bucket)
}

/// The key. Older versions of Glance wrote the credentials into the URI (`s3://<access key>:<secret key>@<host>/…`, the
/// secret with slashes in it): they are passed over, and no message repeats them.
pub(crate) fn parse(endpoint: &Endpoint, uri: &str) -> Result<String> {
    let elsewhere = || Error::new(Kind::NotFound, "the location is not in this store's bucket");
    let (scheme, rest) = uri.split_once("://").ok_or_else(elsewhere)?;
    if !SCHEMES.contains(&scheme) {
        return Err(elsewhere());
    }
    let after_credentials = rest.match_indices('@').map(|(at, _)| &rest[at + 1..]);
    let key = std::iter::once(rest).chain(after_credentials).find_map(|rest| key_in(endpoint, scheme, rest));
    match key {
        Some("") => Err(Error::new(Kind::Unsupported, "the location names no object in its bucket")),
        Some(key) => Ok(key.to_owned()),
        None => Err(elsewhere()),
    }
}

/// The key in `<host>/<bucket>/<key>`, when these are ours.
fn key_in<'a>(endpoint: &Endpoint, scheme: &str, rest: &'a str) -> Option<&'a str> {
    let (host, rest) = rest.split_once('/')?;
    let usual_port = if scheme == "s3+https" { ":443" } else { ":80" };
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix(usual_port).unwrap_or(&host);
    if host != endpoint.authority {
        return None;
    }
    rest.strip_prefix(&*endpoint.bucket)?.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn endpoint(host: &str) -> Endpoint {
        Endpoint::of(&serde_json::from_value(json!({"host": host, "bucket": "images"})).unwrap()).unwrap()
    }

    #[test]
    fn locations_are_written_as_glance_writes_them() {
        assert_eq!(format(&endpoint("http://LOCALHOST:9000"), "3d4c"), "s3://localhost:9000/images/3d4c");
        assert_eq!(format(&endpoint("https://s3.amazonaws.com"), "3d4c"), "s3+https://s3.amazonaws.com/images/3d4c");
    }

    #[test]
    fn what_was_written_is_read_whatever_the_key() {
        for host in ["http://localhost:9000", "https://s3.amazonaws.com", "http://[::1]:9000", "https://a.example:443"]
        {
            let endpoint = endpoint(host);
            for key in ["3d4c", "a/b", "a@b", "100%", "ä ö"] {
                assert_eq!(parse(&endpoint, &format(&endpoint, key)).unwrap(), key);
            }
        }
    }

    #[test]
    fn older_spellings_are_read() {
        let endpoint = endpoint("https://s3.example.com");
        for uri in [
            "s3+https://s3.example.com/images/3d4c",
            "s3+https://S3.example.com:443/images/3d4c",
            "s3+http://s3.example.com/images/3d4c",
            "s3://AKIA:wJalr/XUt+n@s3.example.com/images/3d4c",
            "s3+https://AKIA:wJa@lr/XUtn@s3.example.com/images/3d4c",
        ] {
            assert_eq!(parse(&endpoint, uri).unwrap(), "3d4c", "{uri}");
        }
    }

    #[test]
    fn what_lies_elsewhere_is_not_found_and_no_secret_is_repeated() {
        let endpoint = endpoint("https://s3.example.com");
        for (uri, kind) in [
            ("https://s3.example.com/images/3d4c", Kind::NotFound),
            ("s3://other.example.com/images/3d4c", Kind::NotFound),
            ("s3://s3.example.com:8443/images/3d4c", Kind::NotFound),
            ("s3://s3.example.com/imagesx/3d4c", Kind::NotFound),
            ("s3://AKIA:hush@s3.example.com/other/3d4c", Kind::NotFound),
            ("s3+https://s3.example.com/images/", Kind::Unsupported),
            ("s3+https://s3.example.com", Kind::NotFound),
            ("3d4c", Kind::NotFound),
        ] {
            let error = parse(&endpoint, uri).unwrap_err();
            assert_eq!(error.kind(), kind, "{uri}");
            assert!(!error.message().contains("hush"));
        }
    }
}
