//! What the registry is made from. The gateway reads it from its TOML file.

use serde_json::{Map, Value};
use std::{path::PathBuf, time::Duration};

/// Everything about plugins and stores.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Plugin files must lie inside one of these folders. Absolute.
    pub plugin_dirs: Vec<PathBuf>,
    /// Where the copies lie that plugins are loaded from; its parent must exist. `None` loads them in place.
    pub shadow_dir: Option<PathBuf>,
    pub plugins: Vec<PluginOptions>,
    pub stores: Vec<StoreOptions>,
    /// Threads of each plugin's own runtime, for work that does not block.
    pub plugin_threads: u32,
}

/// One `[[plugins]]` entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginOptions {
    /// Absolute, or relative to a plugin folder; the platform's extension may be left out.
    pub path: PathBuf,
    /// The name by which stores select it, in place of its own.
    pub name: Option<String>,
    /// Refuse the file unless its SHA-256 is this one, in hex.
    pub sha256: Option<String>,
    /// Accept a plugin without a recorded Rust layout (`abi = "c"`).
    pub c_abi: bool,
    /// Accept a Rust plugin whose panics end the process.
    pub allow_abort: bool,
    /// Load a copy, so that the file can be replaced while it is in use.
    pub shadow_copy: bool,
}

impl Default for PluginOptions {
    fn default() -> Self {
        Self { path: PathBuf::new(), name: None, sha256: None, c_abi: false, allow_abort: false, shadow_copy: true }
    }
}

/// One `[stores.<id>]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    pub id: String,
    /// The name that the plugin gives itself.
    pub plugin: String,
    pub description: Option<String>,
    pub default: bool,
    /// The gateway does not start without this store.
    pub required: bool,
    pub read_only: bool,
    /// Clients may give images objects of the store that do not bear the image's id.
    pub client_locations: bool,
    /// Higher is preferred for reading.
    pub weight: i64,
    pub limits: Limits,
    /// The plugin's own keys.
    pub config: Map<String, Value>,
    /// Relative values of keys that the plugin's schema marks with `"format": "path"` start here.
    pub base_dir: PathBuf,
}

impl StoreOptions {
    /// The keys of a store's table that are the gateway's; all others are the plugin's.
    pub const KEYS: [&str; 8] =
        ["client_locations", "default", "description", "limits", "plugin", "read_only", "required", "weight"];
}

/// How long the gateway waits for a backend, and how much it asks of it at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Opening the store.
    pub open: Duration,
    /// A call that moves no data: stat, delete, health, opening a reader or writer.
    pub call: Duration,
    /// One chunk in or out.
    pub chunk: Duration,
    /// Making a whole object durable and publishing it.
    pub commit: Duration,
    /// Tries of a call that may be repeated, the first included.
    pub tries: u32,
    /// Calls in flight, chunks included; further ones wait. A call that was given up counts until its backend has
    /// answered it.
    pub concurrency: usize,
    /// Failures in a row after which calls are refused at once.
    pub breaker_failures: u32,
    /// How long they are refused before one is let through as a probe.
    pub breaker_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            open: Duration::from_secs(30),
            call: Duration::from_secs(30),
            chunk: Duration::from_secs(60),
            commit: Duration::from_secs(600),
            tries: 3,
            concurrency: 256,
            breaker_failures: 8,
            breaker_pause: Duration::from_secs(5),
        }
    }
}
