//! Where the service answers, and what that says of it.

use crate::{Config, UrlFormat, config::bad};
use casement_sdk::Result;
use std::net::IpAddr;
use url::Url;

/// A service and the bucket in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// `https://s3.example.com:8443`
    pub(crate) url: String,
    /// The same without its scheme, and in small letters: what a location names.
    pub(crate) authority: String,
    pub(crate) tls: bool,
    pub(crate) region: String,
    pub(crate) bucket: String,
    pub(crate) path_style: bool,
}

impl Endpoint {
    pub(crate) fn of(config: &Config) -> Result<Self> {
        let url = host(&config.host)?;
        let name = url.host_str().unwrap_or_default().to_owned();
        let authority = url.port().map_or(name.clone(), |port| format!("{name}:{port}"));
        let bucket = bucket(&config.bucket)?;
        let amazon = amazon_region(&name);
        let region = match config.region_name.as_deref().map(str::trim) {
            Some("") | None => amazon.clone().unwrap_or_else(|| "us-east-1".to_owned()),
            Some(region) => region.to_owned(),
        };
        let path_style = match config.bucket_url_format {
            UrlFormat::Path => true,
            UrlFormat::Virtual if name.parse::<IpAddr>().is_ok() || url.host_str().is_some_and(is_ipv6) => {
                return bad(format!(
                    "bucket_url_format = \"virtual\" needs a host with a name, and `{name}` is an address: write \"path\""
                ));
            }
            UrlFormat::Virtual if !is_dns_label(&bucket) => {
                return bad(format!(
                    "bucket_url_format = \"virtual\" puts the bucket's name in front of the host's, and `{bucket}` can't \
                     stand there: write \"path\""
                ));
            }
            UrlFormat::Virtual => false,
            UrlFormat::Auto => amazon.is_none() || !is_dns_label(&bucket),
        };
        let tls = url.scheme() == "https";
        Ok(Self { url: format!("{}://{authority}", url.scheme()), authority, tls, region, bucket, path_style })
    }
}

fn host(text: &str) -> Result<Url> {
    let refused =
        |why: &str| bad(format!("host: {why}: write it as `https://s3.example.com` or `http://192.0.2.1:9000`"));
    let Ok(url) = Url::parse(text.trim()) else { return refused("it is no URL") };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return refused("it has no `https://` or `http://`");
    }
    // It would stand in the configuration for everybody to read.
    if !url.username().is_empty() || url.password().is_some() {
        return refused("it must not hold credentials");
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return refused("nothing may follow the host; the bucket is a key of its own");
    }
    Ok(url)
}

fn bucket(name: &str) -> Result<String> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if (3..=255).contains(&name.len()) && name.chars().all(good) {
        return Ok(name.to_owned());
    }
    bad("bucket: a bucket's name has 3 to 63 small letters, digits, `-` and `.`".to_owned())
}

/// The region of `s3.<region>.amazonaws.com` and its relatives.
fn amazon_region(host: &str) -> Option<String> {
    let host = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    let region =
        host.strip_prefix("s3").map(|rest| rest.trim_start_matches("-fips").trim_start_matches(".dualstack"))?;
    match region.strip_prefix(['.', '-']) {
        Some("external-1") | None => Some("us-east-1".to_owned()),
        Some(region) => Some(region.to_owned()),
    }
}

fn is_ipv6(host: &str) -> bool {
    host.starts_with('[')
}

/// Whether it can stand in front of a host, and a certificate for `*.host` covers it.
fn is_dns_label(name: &str) -> bool {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.len() <= 63 && name.chars().all(good) && !name.starts_with('-') && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn endpoint(mut keys: serde_json::Value) -> Result<Endpoint> {
        keys.as_object_mut().unwrap().entry("bucket").or_insert(json!("images"));
        Endpoint::of(&serde_json::from_value(keys).unwrap())
    }

    #[test]
    fn a_host_is_a_url_without_anything_behind_it() {
        let plain = endpoint(json!({"host": "http://LocalHost:9000/"})).unwrap();
        assert_eq!((plain.url.as_str(), plain.authority.as_str()), ("http://localhost:9000", "localhost:9000"));
        assert_eq!(endpoint(json!({"host": "https://a.example:443"})).unwrap().authority, "a.example");
        for bad in [
            "s3.example.com",
            "localhost:9000",
            "ftp://a.example",
            "https://",
            "https://key:hush@a.example",
            "https://a.example/images",
            "https://a.example?x",
        ] {
            let message = endpoint(json!({"host": bad})).unwrap_err().message().to_owned();
            assert!(message.starts_with("host: ") && !message.contains("hush"), "{bad}: {message}");
        }
    }

    #[test]
    fn the_region_comes_from_an_amazon_host_unless_it_is_written() {
        for (host, region) in [
            ("https://s3.amazonaws.com", "us-east-1"),
            ("https://s3.eu-central-1.amazonaws.com", "eu-central-1"),
            ("https://s3-eu-west-1.amazonaws.com", "eu-west-1"),
            ("https://s3.dualstack.eu-west-2.amazonaws.com", "eu-west-2"),
            ("https://s3-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
            ("https://s3.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("http://192.0.2.1:9000", "us-east-1"),
        ] {
            assert_eq!(endpoint(json!({"host": host})).unwrap().region, region, "{host}");
        }
        let keys = json!({"host": "https://s3.amazonaws.com", "region_name": "garage"});
        assert_eq!(endpoint(keys).unwrap().region, "garage");
    }

    #[test]
    fn the_bucket_stands_in_front_of_an_amazon_host_where_it_can() {
        let path_style = |host: &str, bucket: &str, format: &str| {
            endpoint(json!({"host": host, "bucket": bucket, "bucket_url_format": format})).map(|found| found.path_style)
        };
        let amazon = "https://s3.amazonaws.com";
        assert_eq!(path_style(amazon, "images", "auto"), Ok(false));
        assert_eq!(path_style(amazon, "my.images", "auto"), Ok(true));
        assert_eq!(path_style("http://a.example", "images", "auto"), Ok(true));
        assert_eq!(path_style("http://a.example", "images", "virtual"), Ok(false));
        assert_eq!(path_style(amazon, "images", "path"), Ok(true));
        for (host, bucket) in [("http://192.0.2.1", "images"), ("http://[::1]", "images"), (amazon, "My.Images")] {
            assert!(path_style(host, bucket, "virtual").unwrap_err().message().contains("write \"path\""), "{host}");
        }
    }

    #[test]
    fn a_bucket_has_the_name_of_one() {
        for bad in ["", "ab", "a/b", "images ", "s3://images"] {
            assert!(endpoint(json!({"host": "http://a.example", "bucket": bad})).is_err(), "{bad}");
        }
    }
}
