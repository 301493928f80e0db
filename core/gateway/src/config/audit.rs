use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The audit log: who changed or fetched what, and what was denied. docs/operators/watching.md.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Audit {
    /// The file that it is appended to, one JSON object in each line. Its folder must exist. It may be renamed at any
    /// time; the next entry makes a new one. Not set: no file.
    #[schemars(example = &"/var/log/casement/audit.jsonl")]
    pub file: Option<PathBuf>,

    /// Whether the entries stand in the ordinary log too, under the target `casement::audit`.
    pub log: bool,
}
