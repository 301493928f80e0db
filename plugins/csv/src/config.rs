//! A store's keys in the configuration.

use casement_share::Options;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::{borrow::Cow, time::Duration};

/// The configuration of one store.
#[derive(Debug, Clone, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The volumes: each a name below `C:\ClusterStorage` or its whole path in single quotes, or, with a weight,
    /// `{ name = "Volume1", weight = 2 }`. By default all that there are when the store is opened.
    #[serde(default)]
    pub volumes: Vec<Volume>,
    /// The folder of images inside of each volume. It must exist and is never created.
    #[serde(default = "default_folder")]
    pub folder: String,
    /// How long a volume that the cluster has paused is waited for before a client is told to come back later, in
    /// seconds. Less than the store's `limits.call_seconds`.
    #[serde(default = "default_pause_timeout")]
    pub pause_timeout_seconds: u64,
    /// Stores blocks of 4 KiB that hold only zeros as holes, which take no space. Turns `preallocate` off.
    #[serde(default)]
    pub sparse: bool,
    /// Claims the space of an image before its first byte, where its size is known.
    #[serde(default = "default_preallocate")]
    pub preallocate: bool,
    /// How many bytes are read or written at once: 65536 (64 KiB) to 16777216 (16 MiB). By default 4194304 (4 MiB). A
    /// transfer holds a few of them in memory.
    #[serde(default)]
    pub chunk_size: Option<u64>,
    /// How many writes, each of a part of a chunk, are on their way at once: 1 to 16. By default 4.
    #[serde(default)]
    pub writes_in_flight: Option<u32>,
    /// Access control of the image files in the security descriptor definition language, "D:P(A;;FA;;;BA)(A;;FA;;;SY)"
    /// for example. By default they inherit that of the folder.
    #[serde(default)]
    pub sddl: Option<String>,
    /// How many bytes to leave free on each volume.
    #[serde(default)]
    pub reserve: u64,
}

/// One volume, by its name alone or with a weight.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(untagged)]
pub enum Volume {
    Name(String),
    Weighted(WeightedVolume),
}

/// As one schema: of two in place of which either may hold, the gateway could not say what is wrong.
impl JsonSchema for Volume {
    fn schema_name() -> Cow<'static, str> {
        "Volume".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = WeightedVolume::json_schema(generator);
        schema.insert("type".to_owned(), ["string", "object"].as_slice().into());
        schema
    }
}

/// A volume that is preferred to others, or the other way round.
#[derive(Debug, Clone, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeightedVolume {
    /// As in `volumes`.
    pub name: String,
    /// New images go to the volumes of the highest weight that have room, and among them to the one with most.
    #[serde(default)]
    pub weight: i64,
}

fn default_folder() -> String {
    "images".into()
}

fn default_pause_timeout() -> u64 {
    Options::RIDE_OUT.as_secs()
}

fn default_preallocate() -> bool {
    true
}

impl Config {
    /// What the store is made from, but for its roots.
    pub(crate) fn options(&self) -> Options {
        Options {
            sparse: self.sparse,
            preallocate: self.preallocate,
            chunk_size: self.chunk_size,
            writes_in_flight: self.writes_in_flight,
            sddl: self.sddl.clone(),
            reserve: self.reserve,
            ride_out: Duration::from_secs(self.pause_timeout_seconds),
            ..Options::default()
        }
    }
}

impl Volume {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Weighted(volume) => &volume.name,
        }
    }

    pub(crate) fn weight(&self) -> i64 {
        match self {
            Self::Name(_) => 0,
            Self::Weighted(volume) => volume.weight,
        }
    }
}
