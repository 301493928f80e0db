//! Where Keystone is asked: where the operator says, or where the catalog of the service's own token says.

use crate::{Error, Result};
use serde::Deserialize;
use url::Url;

/// Which entry of the catalog counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// `public`, `internal` or `admin`.
    pub interface: String,
    /// Not set: the first region that has one.
    pub region: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Service {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    endpoints: Vec<Endpoint>,
}

#[derive(Deserialize)]
struct Endpoint {
    interface: String,
    region: Option<String>,
    url: String,
}

impl Lookup {
    pub(super) fn find(&self, catalog: &[Service]) -> Result<Url> {
        let endpoints = catalog.iter().filter(|service| service.kind == "identity").flat_map(|found| &found.endpoints);
        let fits = |endpoint: &&Endpoint| {
            endpoint.interface == self.interface && (self.region.is_none() || endpoint.region == self.region)
        };
        let found = endpoints.filter(fits).find_map(|endpoint| versioned(&endpoint.url));
        found.ok_or_else(|| {
            let region = self.region.as_ref().map(|region| format!(" in the region \"{region}\"")).unwrap_or_default();
            let wanted = format!("the interface \"{}\"{region}", self.interface);
            Error::unavailable(format!("Keystone's catalog has no identity endpoint for {wanted}"))
        })
    }
}

/// The URL of version 3 from one with or without a version. `None` where it is no HTTP URL, or has a user in it: URLs
/// are shown in the log.
pub(super) fn versioned(text: &str) -> Option<Url> {
    let plain = |url: &Url| url.username().is_empty() && url.password().is_none();
    let mut url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && plain(url))?;
    let path = url.path().trim_end_matches('/');
    let path = if path.ends_with("/v3") { path.to_owned() } else { format!("{path}/v3") };
    url.set_path(&path);
    url.set_query(None);
    url.set_fragment(None);
    Some(url)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_url_gets_its_version_once() {
        for (given, wanted) in [
            ("http://k:5000", "http://k:5000/v3"),
            ("http://k:5000/", "http://k:5000/v3"),
            ("http://k:5000/v3", "http://k:5000/v3"),
            ("https://k/identity", "https://k/identity/v3"),
            ("https://k/identity/v3/", "https://k/identity/v3"),
        ] {
            assert_eq!(versioned(given).unwrap().as_str(), wanted, "{given}");
        }
        for given in ["keystone:5000", "ftp://k", "http://glance:secret@k:5000", "http://glance@k", ""] {
            assert_eq!(versioned(given), None, "{given}");
        }
    }

    #[test]
    fn the_catalog_is_searched_by_interface_and_region() {
        let catalog: Vec<Service> = serde_json::from_str(
            r#"[{"type": "image", "endpoints": [{"interface": "internal", "region": "east", "url": "http://image"}]},
                {"type": "identity", "endpoints": [
                    {"interface": "public", "region": "west", "url": "http://public"},
                    {"interface": "internal", "region": "west", "url": "http://west"},
                    {"interface": "internal", "region": "east", "url": "http://east"}]}]"#,
        )
        .unwrap();
        let find = |interface: &str, region: Option<&str>| {
            let lookup = Lookup { interface: interface.into(), region: region.map(str::to_owned) };
            lookup.find(&catalog).map(|url| url.to_string())
        };
        assert_eq!(find("internal", Some("east")).unwrap(), "http://east/v3");
        assert_eq!(find("internal", None).unwrap(), "http://west/v3");
        let error = find("admin", Some("east")).unwrap_err();
        assert!(error.is_retryable() && error.to_string().contains("\"admin\" in the region \"east\""), "{error}");
    }
}
