//! The keys of a store of this plugin. Where Glance's driver has an option for the same, the key has its name, without
//! `s3_store_`.

use casement_sdk::{Error, Kind, Result};
use std::{path::PathBuf, time::Duration};

/// What may be waited for, in seconds.
const TIMEOUTS: std::ops::RangeInclusive<u64> = 1..=3600;
const MIB: u64 = 1 << 20;

/// The configuration of one store.
#[derive(Debug, Clone, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the service answers: `https://s3.eu-central-1.amazonaws.com`, `http://192.0.2.1:9000`.
    pub host: String,
    /// The bucket, which is this store's own: unfinished uploads of others in it would be taken for its own and removed.
    pub bucket: String,
    /// The region that requests are signed for. By default the one in the name of an Amazon host, else `us-east-1`.
    #[serde(default)]
    pub region_name: Option<String>,
    /// Whether the bucket stands in the path of a URL or in front of its host. `auto` is `virtual` with Amazon, as far as
    /// the bucket's name allows that, and else `path`.
    #[serde(default)]
    pub bucket_url_format: UrlFormat,
    /// Make the bucket at the first upload if it is not there.
    #[serde(default)]
    pub create_bucket_on_put: bool,
    /// Where the credentials come from. By default `static` with an `access_key`, else `default`.
    #[serde(default)]
    pub credentials: Option<CredentialsFrom>,
    /// The access key, for static credentials.
    #[serde(default)]
    pub access_key: Option<String>,
    /// A file that holds the secret key of `access_key`.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub secret_key_file: Option<PathBuf>,
    /// The environment variable that holds the secret key of `access_key`.
    #[serde(default)]
    pub secret_key_env: Option<String>,
    /// A file that holds the session token of temporary static credentials.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub session_token_file: Option<PathBuf>,
    /// The environment variable that holds the session token of temporary static credentials.
    #[serde(default)]
    pub session_token_env: Option<String>,
    /// The profile in `~/.aws/credentials` and `~/.aws/config`, for credentials from a profile.
    #[serde(default)]
    pub profile: Option<String>,
    /// The role to take on, for web identity. By default `AWS_ROLE_ARN`.
    #[serde(default)]
    pub role_arn: Option<String>,
    /// The file that holds the identity's token, for web identity. By default `AWS_WEB_IDENTITY_TOKEN_FILE`.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub web_identity_token_file: Option<PathBuf>,
    /// Where the machine's metadata service answers, for credentials of the instance. By default `http://169.254.169.254`.
    #[serde(default)]
    pub metadata_endpoint: Option<String>,
    /// A file of certificates (PEM) to trust instead of the system's.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub ca_file: Option<PathBuf>,
    /// The size of a part of an upload, in MiB: 5 to 1024. Smaller images go in one request. Images that would need more
    /// than 10,000 parts have larger ones.
    #[serde(default = "default_part_size")]
    pub large_object_chunk_size: u64,
    /// Parts of an upload that are under way at once, 1 to 64.
    #[serde(default = "default_parts_in_flight")]
    pub parts_in_flight: u64,
    /// The checksum that is sent with each part, and checked by services that know it.
    #[serde(default)]
    pub checksum: Checksum,
    /// Parts of a download that are asked for at once, each of `large_object_chunk_size`, up to 64. 0: one request for all.
    #[serde(default)]
    pub read_ahead_parts: u32,
    /// How long to wait for a connection.
    #[serde(default = "default_connect_timeout")]
    pub connect_timeout_seconds: u64,
    /// How long a request that moves no data may take.
    #[serde(default = "default_request_timeout")]
    pub request_timeout_seconds: u64,
    /// How long a part may take on its way to the service; larger ones in proportion.
    #[serde(default = "default_part_timeout")]
    pub part_timeout_seconds: u64,
    /// How long the service may send nothing of an object that it is asked for.
    #[serde(default = "default_idle_timeout")]
    pub idle_timeout_seconds: u64,
}

/// Where the bucket stands in a URL.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UrlFormat {
    #[default]
    Auto,
    Path,
    Virtual,
}

/// Where credentials come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialsFrom {
    /// `access_key` and its secret.
    Static,
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
    Environment,
    /// `~/.aws/credentials`, `~/.aws/config`.
    Profile,
    /// A token that an identity provider has issued, as in Kubernetes.
    WebIdentity,
    /// The metadata service of the machine.
    InstanceMetadata,
    /// The first of environment, profile, web identity, container and instance metadata that has some.
    Default,
}

/// The checksum of a part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Checksum {
    #[default]
    Crc32,
    Sha256,
    /// None is sent; what arrived is still compared by its ETag.
    None,
}

fn default_part_size() -> u64 {
    8
}

fn default_parts_in_flight() -> u64 {
    4
}

fn default_connect_timeout() -> u64 {
    5
}

fn default_request_timeout() -> u64 {
    10
}

fn default_part_timeout() -> u64 {
    30
}

fn default_idle_timeout() -> u64 {
    20
}

/// How long each kind of request is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    pub(crate) connect: Duration,
    pub(crate) request: Duration,
    part: Duration,
    part_size: u64,
    pub(crate) idle: Duration,
}

impl Timeouts {
    /// For a request with a body of so many bytes.
    pub(crate) fn part(&self, len: u64) -> Duration {
        let times = u32::try_from(len.div_ceil(self.part_size.max(1))).unwrap_or(u32::MAX);
        self.part.saturating_mul(times.max(1))
    }
}

impl Config {
    pub(crate) fn timeouts(&self) -> Result<Timeouts> {
        let of = |key: &str, seconds: u64| match TIMEOUTS.contains(&seconds) {
            true => Ok(Duration::from_secs(seconds)),
            false => bad(format!("{key} = {seconds}: write a number of seconds from 1 to {}", TIMEOUTS.end())),
        };
        Ok(Timeouts {
            connect: of("connect_timeout_seconds", self.connect_timeout_seconds)?,
            request: of("request_timeout_seconds", self.request_timeout_seconds)?,
            part: of("part_timeout_seconds", self.part_timeout_seconds)?,
            part_size: self.part_size()?,
            idle: of("idle_timeout_seconds", self.idle_timeout_seconds)?,
        })
    }

    /// In bytes.
    pub(crate) fn part_size(&self) -> Result<u64> {
        match self.large_object_chunk_size {
            size @ 5..=1024 => Ok(size * MIB),
            size => bad(format!("large_object_chunk_size = {size}: write a number of MiB from 5 to 1024")),
        }
    }

    pub(crate) fn parts_in_flight(&self) -> Result<u64> {
        match self.parts_in_flight {
            parts @ 1..=64 => Ok(parts),
            parts => bad(format!("parts_in_flight = {parts}: write a number from 1 to 64")),
        }
    }

    pub(crate) fn read_ahead_parts(&self) -> Result<usize> {
        match self.read_ahead_parts {
            parts @ 0..=64 => Ok(parts as usize),
            parts => bad(format!("read_ahead_parts = {parts}: write a number from 0 to 64")),
        }
    }
}

pub(crate) fn bad<T>(message: String) -> Result<T> {
    Err(Error::new(Kind::Config, message))
}
