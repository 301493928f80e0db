//! Where the service listens, what is spoken there, and how much of it one caller gets.

use super::{Config, Mode, error::Problems, load::path};
use casement_http as http;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    collections::HashSet,
    path::{Path, PathBuf},
};

/// One address, or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Listen {
    One(String),
    Several(Vec<String>),
}

impl Listen {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(address) => std::slice::from_ref(address),
            Self::Several(addresses) => addresses,
        }
    }
}

/// Written by hand: what serde calls untagged has no type of its own in a schema, and a wrong value would go unnoticed.
impl JsonSchema for Listen {
    fn schema_name() -> Cow<'static, str> {
        "Listen".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "array"], "items": { "type": "string" } })
    }
}

/// The certificate for addresses with `https://`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Tls {
    /// A PEM file with the server's certificate first, and then those up to its root. This file and
    /// those below are read again when they change.
    #[schemars(example = &"/etc/casement/tls/server.pem")]
    pub certificate: Option<PathBuf>,

    /// A PEM file with the certificate's key, not encrypted: PKCS#8, PKCS#1 or SEC1.
    #[schemars(example = &"/etc/casement/tls/server.key")]
    pub key: Option<PathBuf>,

    /// A PEM file with the roots that certificates of clients must come from.
    #[schemars(example = &"/etc/casement/tls/clients.pem")]
    pub client_ca: Option<PathBuf>,

    /// Whether clients show certificates.
    pub client_certificates: ClientCertificates,

    /// The oldest version of TLS that is spoken.
    pub min_version: MinVersion,

    /// Offer HTTP/2. A single large transfer is faster over HTTP/1.1.
    pub http2: bool,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            certificate: None,
            key: None,
            client_ca: None,
            client_certificates: ClientCertificates::None,
            min_version: MinVersion::V1_2,
            http2: true,
        }
    }
}

/// Whether clients show certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum ClientCertificates {
    /// They are not asked to.
    None,
    /// They may; one that does not come from `client_ca` is refused.
    Optional,
    /// They must.
    Required,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) enum MinVersion {
    #[serde(rename = "1.2")]
    V1_2,
    #[serde(rename = "1.3")]
    V1_3,
}

/// What one caller may ask for. 0 sets no limit.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CallerLimits {
    /// Requests in a second, on average.
    #[schemars(range(max = 1_000_000))]
    pub requests_per_second: u32,

    /// Requests that may come at once after a pause. 0 is as many as in a second.
    #[schemars(range(max = 1_000_000))]
    pub request_burst: u32,

    /// Uploads and downloads of image data that are under way.
    #[schemars(range(max = 1_000_000))]
    pub transfers: u32,
}

impl Tls {
    pub(super) fn resolve_paths(&mut self, base: &Path) {
        let files = [&mut self.certificate, &mut self.key, &mut self.client_ca];
        for file in files.into_iter().flatten() {
            *file = base.join(&*file);
        }
    }

    /// `None` where it is not set up.
    fn options(&self) -> Option<http::Tls> {
        let roots = self.client_ca.clone();
        Some(http::Tls {
            certificate: self.certificate.clone()?,
            key: self.key.clone()?,
            clients: match (self.client_certificates, roots) {
                (ClientCertificates::Optional, Some(roots)) => http::Clients::MayShow(roots),
                (ClientCertificates::Required, Some(roots)) => http::Clients::MustShow(roots),
                _ => http::Clients::Unknown,
            },
            min_version: match self.min_version {
                MinVersion::V1_2 => http::TlsVersion::V1_2,
                MinVersion::V1_3 => http::TlsVersion::V1_3,
            },
            http2: self.http2,
        })
    }
}

impl Config {
    /// The addresses; semantics see to it that each is one.
    pub(crate) fn listen(&self) -> Vec<http::Listen> {
        self.server.listen.as_slice().iter().filter_map(|text| text.parse().ok()).collect()
    }

    /// The TLS of the addresses that have it.
    pub(crate) fn tls(&self) -> Option<http::Tls> {
        self.server.tls.options().filter(|_| self.listen().iter().any(|listen| listen.tls))
    }

    /// What of `[server.tls]` has no effect, and was surely meant to have one.
    pub(crate) fn unused_tls(&self) -> Option<&'static str> {
        let tls = &self.server.tls;
        if tls.certificate.is_some() && self.tls().is_none() {
            return Some("server.tls.certificate has no effect: no address in server.listen begins with https://");
        }
        if tls.client_ca.is_some() && tls.client_certificates == ClientCertificates::None {
            return Some("server.tls.client_ca has no effect: server.tls.client_certificates is \"none\"");
        }
        None
    }

    pub(crate) fn caller_limits(&self) -> http::CallerLimits {
        let CallerLimits { requests_per_second, request_burst, transfers } = self.server.caller_limits;
        let request_burst = if request_burst == 0 { requests_per_second } else { request_burst };
        // Everybody is in one project there.
        let by_project = self.identity.mode != Mode::None;
        http::CallerLimits { requests_per_second, request_burst, transfers, by_project }
    }
}

pub(super) fn check(config: &Config, problems: &mut Problems<'_>) {
    addresses(config, problems);
    tls(config, problems);
    proxies(config, problems);
}

fn addresses(config: &Config, problems: &mut Problems<'_>) {
    let here = path(&["server", "listen"]);
    let listed = config.server.listen.as_slice();
    if listed.is_empty() {
        problems.add(&here, "`server.listen` is empty: nobody could reach the service");
    }
    let mut seen = HashSet::new();
    for (index, text) in listed.iter().enumerate() {
        let here = if matches!(config.server.listen, Listen::One(_)) { here.clone() } else { here.index(index) };
        match text.parse::<http::Listen>() {
            Err(()) => {
                let forms = "as in \"127.0.0.1:9292\", \"[::]:9292\" or \"https://[::]:9292\"";
                problems.add(&here, format!("`{here}` must be an address and a port, {forms}"));
            }
            Ok(listen) if listen.address.port() != 0 && !seen.insert(listen.address) => {
                problems.add(&here, format!("`{here}`: {} is listed twice", listen.address));
            }
            Ok(_) => {}
        }
    }
}

fn tls(config: &Config, problems: &mut Problems<'_>) {
    let tls = &config.server.tls;
    let key = |key| path(&["server", "tls", key]);
    let is_spoken = config.listen().iter().any(|listen| listen.tls);
    for (name, file) in [("certificate", &tls.certificate), ("key", &tls.key)] {
        if is_spoken && file.is_none() {
            problems.add(
                &key(name),
                format!("`server.tls.{name}` must be set: `server.listen` has an address with https://"),
            );
        }
    }
    if tls.client_certificates != ClientCertificates::None && tls.client_ca.is_none() {
        let text = "`server.tls.client_ca` must be set: `server.tls.client_certificates` asks for certificates that come from it";
        problems.add(&key("client_certificates"), text);
    }
}

fn proxies(config: &Config, problems: &mut Problems<'_>) {
    let server = &config.server;
    let here = path(&["server", "trusted_proxies"]);
    if let Err(err) = casement_identity::networks(&server.trusted_proxies) {
        problems.add(&here, format!("`server.trusted_proxies`: {err}"));
    }
    if server.proxy_protocol && server.trusted_proxies.is_empty() {
        let text =
            "`server.proxy_protocol` is set, but `server.trusted_proxies` lists nobody: every connection would be cut";
        problems.add(&path(&["server", "proxy_protocol"]), text);
    }
}
