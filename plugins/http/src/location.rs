//! URLs: how they are read, and how they are shown.

use casement_sdk::{Error, Kind, Result};
use std::net::Ipv6Addr;
use url::{Host, Url};

/// Reads the URL of an object. Other schemes belong to other stores.
pub(crate) fn parse(text: &str) -> Result<Url> {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Err(Error::new(Kind::NotFound, "the location is not an `http` or `https` URL"));
    }
    // The standard's reader passes over these; whoever else reads the URL may not.
    if text.bytes().any(|byte| byte.is_ascii_control() || matches!(byte, b' ' | b'\\')) {
        return refused("the URL has a control character, a space or a backslash: write it percent-encoded");
    }
    let Ok(url) = Url::parse(text) else { return refused("the location is not a valid URL") };
    let written = written_host(text);
    match url.host() {
        // `2130706433`, `0x7f.1` and `127.1` are addresses to some and names to others.
        Some(Host::Ipv4(address)) if written != address.to_string() => {
            refused("the URL names its host by an address in an unusual spelling: write it as `192.0.2.1`")
        }
        Some(Host::Ipv6(address)) if written != format!("[{address}]") => {
            refused("the URL names its host by an address in an unusual spelling: write it as `[2001:db8::1]`")
        }
        Some(_) => Ok(url),
        None => refused("the URL names no host"),
    }
}

fn refused<T>(message: &str) -> Result<T> {
    Err(Error::new(Kind::Unsupported, message))
}

/// The host of a URL as it was written.
fn written_host(text: &str) -> &str {
    let (_, rest) = text.split_once(':').unwrap_or_default();
    let rest = rest.trim_start_matches('/');
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.rfind(']') {
        Some(end) => &host[..=end],
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// A host as it is compared: without the dot that ends a full name, an address without brackets and in its one spelling.
pub(crate) fn plain_host(host: &str) -> String {
    let plain = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase();
    plain.parse::<Ipv6Addr>().map_or(plain, |address| address.to_string())
}

/// The URL as it may be shown: user information and query may hold secrets.
pub(crate) fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(url.query().map(|_| "..."));
    shown.set_fragment(None);
    // Neither fails on a URL that has a host.
    let cleared = shown.set_username("").and_then(|()| shown.set_password(None));
    if cleared.is_ok() { shown.into() } else { "the URL".to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn kind(text: &str) -> Result<(), Kind> {
        parse(text).map(drop).map_err(|error| error.kind())
    }

    #[test]
    fn urls_of_the_web_are_read_and_others_belong_to_other_stores() {
        for good in
            ["http://a.example/x", "HTTPS://a.example", "http://192.0.2.1:8080/x?q#f", "https://u:p@[2001:db8::1]:8/x"]
        {
            assert_eq!(kind(good), Ok(()), "{good}");
        }
        for other in ["file:///etc/passwd", "s3://bucket/x", "httpx://a/", "/http://a/", ""] {
            assert_eq!(kind(other), Err(Kind::NotFound), "{other}");
        }
    }

    #[test]
    fn an_address_is_taken_only_in_its_one_spelling() {
        for bad in [
            "http://2130706433/",
            "http://0x7f000001/",
            "http://127.1/",
            "http://0177.0.0.1/",
            "http://127.0.0.1./",
            "http://%31%32%37.0.0.1/",
            "http://１２７.0.0.1/",
            "http://user@127.1:80/",
            "http://[0:0:0:0:0:0:0:1]/",
            "http://[::ffff:7f00:1]/",
            "http:127.1/",
        ] {
            assert_eq!(kind(bad), Err(Kind::Unsupported), "{bad}");
        }
        assert_eq!(kind("http://[::ffff:127.0.0.1]/"), Ok(()), "read here, refused by its address");
    }

    #[test]
    fn what_two_readers_could_read_in_two_ways_is_refused() {
        for bad in
            ["http://a.example/x y", "http://a.example\\@b/", "http://a.exa\tmple/", "http://a\r\nHost: b/", "http://"]
        {
            assert_eq!(kind(bad), Err(Kind::Unsupported), "{bad:?}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let url = parse("https://me:hunter2@a.example:8443/images/x?X-Amz-Signature=hunter2#hunter2").unwrap();
        assert_eq!(shown(&url), "https://a.example:8443/images/x?...");
    }
}
