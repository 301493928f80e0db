use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is logged. The log goes to standard error.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`; by parts of the program where wanted:
    /// `info,casement_stores=debug`.
    pub level: String,

    /// The form of a line.
    pub format: Format,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into(), format: Format::Text }
    }
}

/// The form of a line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON object in each line.
    Json,
}
