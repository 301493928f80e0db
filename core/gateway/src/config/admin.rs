use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Metrics and health, for those who run the service: docs/operators/watching.md.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Admin {
    /// Address and port of `/metrics` and `/health`, as `address:port`. Plain HTTP, and nobody is asked who they are: keep
    /// it on this machine or on a network for administration. Not set: there is none.
    #[schemars(example = &"127.0.0.1:9293")]
    pub listen: Option<String>,

    /// Connections served at once. Further ones wait in the system's queue.
    #[schemars(range(min = 1, max = 65536))]
    pub max_connections: usize,
}

impl Default for Admin {
    fn default() -> Self {
        Self { listen: None, max_connections: 32 }
    }
}
