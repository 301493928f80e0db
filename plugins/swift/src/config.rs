//! The keys of a store of this plugin.

use casement_sdk::{Error, Kind, Result};
use std::{ops::RangeInclusive, path::PathBuf, time::Duration};

const TIMEOUTS: RangeInclusive<u64> = 1..=3600;
/// Several segments of a transfer are in memory at once.
const SEGMENT_SIZES: RangeInclusive<u64> = (1 << 20)..=(256 << 20);
/// An image's id has as many digits.
const SEEDS: RangeInclusive<u8> = 0..=32;
/// Swift's own limit of a container's name, less what is put behind it.
const LONGEST_CONTAINER: usize = 200;

/// How Swift is logged in to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
pub enum AuthVersion {
    /// At Swift itself, as its `tempauth` and Ceph have it: `auth_url` ends in `/auth/v1.0`.
    #[serde(rename = "1")]
    V1,
    /// At Keystone.
    #[default]
    #[serde(rename = "3")]
    V3,
}

/// The configuration of one store.
#[derive(Debug, Clone, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where to log in: the URL of Keystone, with or without `/v3`; with `auth_version = "1"` that of Swift's own
    /// authentication, `https://swift.example.org/auth/v1.0` for example.
    pub auth_url: String,
    /// "3" for Keystone, "1" for Swift's own authentication (tempauth).
    pub auth_version: AuthVersion,
    /// The user by name; with `auth_version = "1"` as `account:user`.
    pub username: Option<String>,
    /// The user by id, instead of by name and domain.
    pub user_id: Option<String>,
    /// The domain of the user by name. Neither this nor the id set: the one with the id `default`.
    pub user_domain_name: Option<String>,
    /// The domain of the user by id.
    pub user_domain_id: Option<String>,
    /// The project whose account holds the images, by name.
    pub project_name: Option<String>,
    /// The project by id, instead of by name and domain.
    pub project_id: Option<String>,
    /// The domain of the project by name. Neither this nor the id set: the one with the id `default`.
    pub project_domain_name: Option<String>,
    /// The domain of the project by id.
    pub project_domain_id: Option<String>,
    /// An application credential by id, instead of user and project.
    pub application_credential_id: Option<String>,
    /// An application credential by its name and its user, instead of a project.
    pub application_credential_name: Option<String>,
    /// A file that holds the password, the key, or the secret of the application credential.
    #[schemars(extend("format" = "path"))]
    pub key_file: Option<PathBuf>,
    /// The environment variable that holds it.
    pub key_env: Option<String>,
    /// The region to choose from Keystone's catalog. By default the first one that fits.
    pub region: Option<String>,
    /// Which endpoint to choose from Keystone's catalog: `public`, `internal` or `admin`.
    pub interface: String,
    /// The type of the service in Keystone's catalog.
    pub service_type: String,
    /// The URL of the account to use instead of the one that the catalog or Swift names, without a container:
    /// `https://swift.example.org/v1/AUTH_images`.
    pub endpoint: Option<String>,
    /// The container of the images; or what the names of the containers begin with, see `multiple_containers_seed` and
    /// `multi_tenant`.
    pub container: String,
    /// Makes containers that are not there. The container of the segments of large images is always made.
    pub create_container: bool,
    /// Spreads the images over containers named `<container>_<the first so many digits of the image's id>`: 0 to 32, 0 for
    /// a single container. Glance counts in the same way.
    pub multiple_containers_seed: u8,
    /// Keeps each image in the account of the project that owns it, in a container of its own, `<container>_<image id>`:
    /// the user must be a reseller admin.
    pub multi_tenant: bool,
    /// With `multi_tenant`, projects that may read every container that is made.
    pub admin_tenants: Vec<String>,
    /// The name by which locations refer to this store's account: `swift+config://<reference>/<container>/<image id>`.
    /// Glance's `default_swift_reference`.
    pub reference: String,
    /// Images larger than this are stored in segments of this many bytes: 1048576 (1 MiB) to 268435456 (256 MiB). A
    /// transfer holds four of them in memory.
    pub segment_size: u64,
    /// How many seconds before its end a token is renewed. Glance's `swift_store_expire_soon_interval`.
    pub expire_soon_seconds: u64,
    /// A file of certificates (PEM) to trust instead of the system's.
    #[schemars(extend("format" = "path"))]
    pub ca_file: Option<PathBuf>,
    /// Accept any certificate. Whoever stands between can then take the token and exchange the data of images.
    pub insecure: bool,
    /// How long to wait for a connection.
    pub connect_timeout_seconds: u64,
    /// How long a server may neither take nor send anything.
    pub idle_timeout_seconds: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            auth_url: String::new(),
            auth_version: AuthVersion::V3,
            username: None,
            user_id: None,
            user_domain_name: None,
            user_domain_id: None,
            project_name: None,
            project_id: None,
            project_domain_name: None,
            project_domain_id: None,
            application_credential_id: None,
            application_credential_name: None,
            key_file: None,
            key_env: None,
            region: None,
            interface: "public".to_owned(),
            service_type: "object-store".to_owned(),
            endpoint: None,
            container: "glance".to_owned(),
            create_container: false,
            multiple_containers_seed: 0,
            multi_tenant: false,
            admin_tenants: Vec::new(),
            reference: "ref1".to_owned(),
            segment_size: 16 << 20,
            expire_soon_seconds: 60,
            ca_file: None,
            insecure: false,
            connect_timeout_seconds: 10,
            idle_timeout_seconds: 25,
        }
    }
}

impl Config {
    pub(crate) fn connect_timeout(&self) -> Result<Duration> {
        timeout("connect_timeout_seconds", self.connect_timeout_seconds)
    }

    pub(crate) fn idle_timeout(&self) -> Result<Duration> {
        timeout("idle_timeout_seconds", self.idle_timeout_seconds)
    }

    pub(crate) fn expire_soon(&self) -> Duration {
        Duration::from_secs(self.expire_soon_seconds)
    }

    /// Refuses what could only be a mistake.
    pub(crate) fn check(&self) -> Result<()> {
        if self.container.is_empty() || self.container.len() > LONGEST_CONTAINER || self.container.contains('/') {
            return bad(format!(
                "container = `{}`: write a name without `/`, of at most {LONGEST_CONTAINER} bytes",
                self.container
            ));
        }
        if !self.reference.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
            || self.reference.is_empty()
        {
            return bad(format!("reference = `{}`: write letters, digits, `-`, `_` and `.`", self.reference));
        }
        if !SEGMENT_SIZES.contains(&self.segment_size) {
            let (least, most) = SEGMENT_SIZES.into_inner();
            return bad(format!(
                "segment_size = {}: write a number of bytes from {least} to {most}",
                self.segment_size
            ));
        }
        if !SEEDS.contains(&self.multiple_containers_seed) {
            let seed = self.multiple_containers_seed;
            return bad(format!("multiple_containers_seed = {seed}: write a number from 0 to {}", SEEDS.end()));
        }
        if self.multi_tenant && self.multiple_containers_seed > 0 {
            return bad(
                "multi_tenant gives each image its own container: leave multiple_containers_seed out".to_owned()
            );
        }
        if !self.multi_tenant && !self.admin_tenants.is_empty() {
            return bad("admin_tenants says something only with multi_tenant = true".to_owned());
        }
        if let Some(odd) = self.admin_tenants.iter().find(|tenant| !is_tenant(tenant)) {
            return bad(format!("admin_tenants: `{odd}` is no id of a project"));
        }
        Ok(())
    }
}

/// What cannot be mistaken for another element of an access control list.
pub(crate) fn is_tenant(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn timeout(key: &str, seconds: u64) -> Result<Duration> {
    if TIMEOUTS.contains(&seconds) {
        return Ok(Duration::from_secs(seconds));
    }
    bad(format!("{key} = {seconds}: write a number of seconds from {} to {}", TIMEOUTS.start(), TIMEOUTS.end()))
}

pub(crate) fn bad<T>(message: String) -> Result<T> {
    Err(Error::new(Kind::Config, message))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_can_only_be_a_mistake_is_refused_and_named() {
        Config::default().check().unwrap();
        let wrong = [
            (Config { container: "a/b".into(), ..Config::default() }, "container"),
            (Config { container: String::new(), ..Config::default() }, "container"),
            (Config { reference: "a/b".into(), ..Config::default() }, "reference"),
            (Config { segment_size: 1, ..Config::default() }, "segment_size"),
            (Config { multiple_containers_seed: 33, ..Config::default() }, "multiple_containers_seed"),
            (Config { multi_tenant: true, multiple_containers_seed: 2, ..Config::default() }, "multi_tenant"),
            (Config { admin_tenants: vec!["a".into()], ..Config::default() }, "admin_tenants"),
            (Config { multi_tenant: true, admin_tenants: vec![".r:*".into()], ..Config::default() }, "admin_tenants"),
        ];
        for (config, key) in wrong {
            let error = config.check().unwrap_err();
            assert!(error.kind() == Kind::Config && error.message().contains(key), "{error}");
        }
        let config = Config { idle_timeout_seconds: 0, ..Config::default() };
        assert!(config.idle_timeout().unwrap_err().message().contains("idle_timeout_seconds"));
    }
}
