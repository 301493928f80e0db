use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The metadata database.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Catalog {
    /// The SQLite file. It is made when it is absent; its folder must exist. One process at a
    /// time may have it open.
    #[schemars(example = &"../data/catalog.sqlite")]
    pub path: PathBuf,

    /// Connections that read side by side.
    #[serde(default = "default_readers")]
    #[schemars(range(min = 1, max = 64))]
    pub readers: u32,
}

fn default_readers() -> u32 {
    4
}
