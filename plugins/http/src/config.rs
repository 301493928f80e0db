//! The keys of a store of this plugin.

use casement_sdk::{Error, Kind, Result};
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// What may be waited for, in seconds.
const TIMEOUTS: std::ops::RangeInclusive<u64> = 1..=3600;

/// The configuration of one store. The lists are those by which Glance filters the URIs of imports; a list of what is
/// allowed makes the list of what is disallowed void.
#[derive(Debug, Clone, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The schemes of URLs that are read: `http`, `https` or both.
    pub allowed_schemes: Vec<String>,
    /// Schemes that are not read, where `allowed_schemes` is empty.
    pub disallowed_schemes: Vec<String>,
    /// The only hosts that are read from, by name or by address. Empty: all. A host that is listed here is read from also
    /// where its address is one of this machine or of its link.
    pub allowed_hosts: Vec<String>,
    /// Hosts that are not read from, by name or by address, where `allowed_hosts` is empty.
    pub disallowed_hosts: Vec<String>,
    /// The only ports that are read from. Empty: all.
    pub allowed_ports: Vec<u16>,
    /// Ports that are not read from, where `allowed_ports` is empty.
    pub disallowed_ports: Vec<u16>,
    /// A file of certificates (PEM) to trust instead of the system's.
    #[schemars(extend("format" = "path"))]
    pub ca_file: Option<PathBuf>,
    /// Accept any certificate. Whoever stands between can then exchange the data of images.
    pub insecure: bool,
    /// A proxy for all requests, as `http://host:port`. Which hosts names stand for is then the proxy's to judge.
    pub proxy: Option<String>,
    /// How long to wait for a connection.
    pub connect_timeout_seconds: u64,
    /// How long a server may send nothing.
    pub idle_timeout_seconds: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            allowed_schemes: vec!["http".to_owned(), "https".to_owned()],
            disallowed_schemes: Vec::new(),
            allowed_hosts: Vec::new(),
            disallowed_hosts: Vec::new(),
            allowed_ports: vec![80, 443],
            disallowed_ports: Vec::new(),
            ca_file: None,
            insecure: false,
            proxy: None,
            connect_timeout_seconds: 10,
            idle_timeout_seconds: 25,
        }
    }
}

impl Config {
    /// How long to wait for a connection.
    pub(crate) fn connect_timeout(&self) -> Result<Duration> {
        timeout("connect_timeout_seconds", self.connect_timeout_seconds)
    }

    /// How long a server may send nothing.
    pub(crate) fn idle_timeout(&self) -> Result<Duration> {
        timeout("idle_timeout_seconds", self.idle_timeout_seconds)
    }

    /// Refuses what could only be a mistake in the lists.
    pub(crate) fn check_lists(&self) -> Result<()> {
        for (key, schemes) in
            [("allowed_schemes", &self.allowed_schemes), ("disallowed_schemes", &self.disallowed_schemes)]
        {
            if let Some(other) = schemes.iter().find(|scheme| !matches!(scheme.as_str(), "http" | "https")) {
                return bad(format!("{key}: `{other}` is neither `http` nor `https`"));
            }
        }
        for (key, hosts) in [("allowed_hosts", &self.allowed_hosts), ("disallowed_hosts", &self.disallowed_hosts)] {
            if let Some(other) = hosts.iter().find(|host| !is_host(host)) {
                return bad(format!("{key}: `{other}` is no host: write a name or an address, without a port"));
            }
        }
        Ok(())
    }

    /// The proxy, if there is one.
    pub(crate) fn proxy(&self) -> Result<Option<Url>> {
        let Some(text) = &self.proxy else { return Ok(None) };
        match Url::parse(text) {
            Ok(url) if !matches!(url.scheme(), "http" | "https") || !url.has_host() => {
                bad("proxy: write it as `http://host:port`".to_owned())
            }
            // It would stand in the configuration for everybody to read.
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                bad("proxy: it must be usable without a password; remove what stands before the `@`".to_owned())
            }
            Ok(url) => Ok(Some(url)),
            Err(error) => bad(format!("proxy: {error}: write it as `http://host:port`")),
        }
    }
}

fn timeout(key: &str, seconds: u64) -> Result<Duration> {
    if TIMEOUTS.contains(&seconds) {
        return Ok(Duration::from_secs(seconds));
    }
    bad(format!("{key} = {seconds}: write a number of seconds from {} to {}", TIMEOUTS.start(), TIMEOUTS.end()))
}

fn is_host(text: &str) -> bool {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<std::net::Ipv6Addr>().is_ok() {
        return true;
    }
    url::Host::parse(text).is_ok() && !text.contains(['/', ':', '@'])
}

pub(crate) fn bad<T>(message: String) -> Result<T> {
    Err(Error::new(Kind::Config, message))
}
