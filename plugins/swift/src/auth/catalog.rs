//! Keystone's catalog: where the object store is.

use super::http_url;
use crate::{Config, config::bad};
use casement_sdk::{Error, Kind, Result};
use serde::Deserialize;
use url::Url;

/// Which entry of the catalog counts.
#[derive(Debug)]
pub(super) struct Lookup {
    service_type: String,
    interface: String,
    region: Option<String>,
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
    pub(super) fn new(config: &Config) -> Result<Self> {
        // Glance writes them as version 2 of Keystone did.
        let interface = config.interface.strip_suffix("URL").unwrap_or(&config.interface);
        if !matches!(interface, "public" | "internal" | "admin") {
            return bad(format!("interface = `{}`: write `public`, `internal` or `admin`", config.interface));
        }
        Ok(Self {
            service_type: config.service_type.clone(),
            interface: interface.to_owned(),
            region: config.region.clone(),
        })
    }

    pub(super) fn find(&self, catalog: &[Service]) -> Result<Url> {
        let services = catalog.iter().filter(|service| service.kind == self.service_type);
        let endpoints: Vec<_> = services.flat_map(|found| &found.endpoints).collect();
        let fits = |endpoint: &&&Endpoint| {
            endpoint.interface == self.interface && (self.region.is_none() || endpoint.region == self.region)
        };
        let Some(found) = endpoints.iter().find(fits) else {
            return Err(self.not_found(&endpoints));
        };
        http_url(&found.url).ok_or_else(|| {
            Error::new(Kind::Unavailable, "the endpoint in Keystone's catalog is no URL that can be used")
        })
    }

    fn not_found(&self, endpoints: &[&Endpoint]) -> Error {
        let Self { service_type, interface, region } = self;
        let region = region.as_ref().map(|region| format!(" in the region `{region}`")).unwrap_or_default();
        let mut there: Vec<_> = endpoints.iter().filter_map(|endpoint| endpoint.region.as_deref()).collect();
        there.sort_unstable();
        there.dedup();
        let there = if there.is_empty() {
            format!("it has no service of the type `{service_type}` at all for this project")
        } else {
            format!("there are some in the regions `{}`", there.join("`, `"))
        };
        let message = format!("Keystone's catalog has no {interface} endpoint of `{service_type}`{region}; {there}");
        // An endpoint may be added while we run.
        Error::new(Kind::Unavailable, message)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const CATALOG: &str = r#"[
        {"type": "image", "endpoints": [{"interface": "internal", "region": "east", "url": "http://image"}]},
        {"type": "object-store", "endpoints": [
            {"interface": "public", "region": "west", "url": "http://public/v1/AUTH_a"},
            {"interface": "internal", "region": "west", "url": "http://west/v1/AUTH_a/"},
            {"interface": "internal", "region": "east", "url": "http://east/v1/AUTH_a"}]}]"#;

    fn find(interface: &str, region: Option<&str>, catalog: &str) -> Result<String> {
        let config = Config { interface: interface.into(), region: region.map(str::to_owned), ..Config::default() };
        let catalog: Vec<Service> = serde_json::from_str(catalog).unwrap();
        Lookup::new(&config)?.find(&catalog).map(Into::into)
    }

    #[test]
    fn the_catalog_is_searched_by_interface_and_region() {
        assert_eq!(find("internal", Some("east"), CATALOG).unwrap(), "http://east/v1/AUTH_a");
        assert_eq!(find("internal", None, CATALOG).unwrap(), "http://west/v1/AUTH_a");
        assert_eq!(find("publicURL", None, CATALOG).unwrap(), "http://public/v1/AUTH_a");
        assert_eq!(find("Public", None, CATALOG).unwrap_err().kind(), Kind::Config);
    }

    #[test]
    fn a_wrong_region_is_told_with_those_that_there_are() {
        let error = find("internal", Some("north"), CATALOG).unwrap_err();
        assert!(
            error.message().contains("in the region `north`; there are some in the regions `east`, `west`"),
            "{error}"
        );
        assert!(find("public", None, "[]").unwrap_err().message().contains("at all for this project"));
    }
}
