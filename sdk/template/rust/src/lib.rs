//! `shelf`: objects as files in a folder. A storage backend for Casement to start from.
//!
//! What is yours to change: [`Config`], what a store needs to know; `store.rs`, what happens to objects; `writer.rs`, how
//! one comes to be; `reader.rs`, how one is read. `names.rs` goes when your medium takes any key.

mod names;
mod reader;
mod store;
mod writer;

pub use store::ShelfStore;

use schemars::JsonSchema;
use serde::Deserialize;
use std::path::PathBuf;

/// What stands in `[stores.<name>]` beside `plugin = "shelf"`. The gateway checks it by the schema that is made from this
/// type, with these comments in it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The folder, which must exist. A relative one counts from the configuration file's folder.
    #[schemars(extend("format" = "path"))]
    pub root: PathBuf,
}

// Plain functions that may block, each on a thread for such. `export_backend!(ShelfStore)` would take the async traits.
casement_sdk::export_backend!(casement_sdk::Blocking<ShelfStore>);
