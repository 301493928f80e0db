use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What is logged, and where to.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`; by parts of the program where wanted:
    /// `info,casement_stores=debug`.
    pub level: String,

    /// The form of a line.
    pub format: Format,

    /// The file that the log goes to; its folder must exist. Not set: standard error; where there is none, for a Windows
    /// service, `casement.log` beside the database.
    #[schemars(example = &"/var/log/casement/casement.log")]
    pub file: Option<PathBuf>,

    /// When the file is as large as this, it is put aside under the time of that moment, and a new one is begun.
    #[schemars(range(min = 4096))]
    pub max_size_bytes: u64,

    /// How many files put aside are kept.
    #[schemars(range(max = 10_000))]
    pub keep: usize,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into(), format: Format::Text, file: None, max_size_bytes: 64 << 20, keep: 9 }
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

impl super::Config {
    /// Nothing where the log goes to standard error.
    pub(crate) fn log_file(&self, has_standard_error: bool) -> Option<PathBuf> {
        let beside = || self.catalog.path.with_file_name("casement.log");
        self.log.file.clone().or_else(|| (!has_standard_error).then(beside))
    }
}
