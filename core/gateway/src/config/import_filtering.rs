use casement_image::UriFilter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the URIs that clients give may send the service. An allow list makes the deny list of its kind ignored; an
/// empty list says nothing. The machine itself and link-local addresses can't be reached, unless `allowed_hosts` names
/// the host.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ImportFiltering {
    /// Schemes that are allowed.
    pub allowed_schemes: Vec<String>,

    /// Schemes that are not allowed.
    pub disallowed_schemes: Vec<String>,

    /// Hosts that are allowed: names, or addresses in their usual spelling.
    pub allowed_hosts: Vec<String>,

    /// Hosts that are not allowed. An address also rules out the names that lead to it.
    pub disallowed_hosts: Vec<String>,

    /// Ports that are allowed, where a URI names one.
    pub allowed_ports: Vec<u16>,

    /// Ports that are not allowed.
    pub disallowed_ports: Vec<u16>,
}

impl Default for ImportFiltering {
    fn default() -> Self {
        let UriFilter {
            allowed_schemes,
            disallowed_schemes,
            allowed_hosts,
            disallowed_hosts,
            allowed_ports,
            disallowed_ports,
        } = UriFilter::default();
        Self { allowed_schemes, disallowed_schemes, allowed_hosts, disallowed_hosts, allowed_ports, disallowed_ports }
    }
}

impl From<&ImportFiltering> for UriFilter {
    fn from(filtering: &ImportFiltering) -> Self {
        let filtering = filtering.clone();
        let lower = |names: Vec<String>| names.into_iter().map(|name| name.to_ascii_lowercase()).collect();
        Self {
            allowed_schemes: lower(filtering.allowed_schemes),
            disallowed_schemes: lower(filtering.disallowed_schemes),
            allowed_hosts: lower(filtering.allowed_hosts),
            disallowed_hosts: lower(filtering.disallowed_hosts),
            allowed_ports: filtering.allowed_ports,
            disallowed_ports: filtering.disallowed_ports,
        }
    }
}
