//! The configuration: one TOML file, and environment variables over it.
//!
//! The structs in this folder are the one description of it: what is read, the JSON schema
//! (`configs/schema.json`) and the commented file (`configs/casement.toml`) all come from them.

mod admin;
mod audit;
mod catalog;
mod changes;
mod cors;
mod error;
mod formats;
mod identity;
mod images;
pub(crate) mod import;
mod import_filtering;
mod keystone;
mod listen;
mod load;
mod log;
mod place;
mod policy;
#[cfg(test)]
mod reference;
mod semantics;
mod server;
mod shape;
mod stores;
#[cfg(test)]
mod tests;

pub(crate) use admin::Admin;
pub(crate) use audit::Audit;
pub(crate) use catalog::Catalog;
pub(crate) use changes::{Changes, OF_A_SUPERVISOR, OF_ONE_PROCESS};
pub(crate) use cors::Cors;
pub(crate) use error::ConfigError;
pub(crate) use identity::{Identity, Mode, Token};
pub(crate) use images::Images;
pub(crate) use import_filtering::ImportFiltering;
pub(crate) use keystone::{Keystone, Wrong};
pub(crate) use load::{check_text, load, parse, text};
pub(crate) use log::{Format, Log};
pub(crate) use policy::Policy;
pub(crate) use server::Server;
pub(crate) use stores::{Plugin, Store, in_place};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

/// Configuration of the Casement image service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Folders that plugin files must lie in. Not set: the folder `plugins` or `lib/casement/plugins`
    /// beside the folder of the program, where there is one, else the folder of the program itself.
    #[serde(default)]
    #[schemars(example = ["/usr/lib/casement/plugins"])]
    pub plugin_dirs: Option<Vec<PathBuf>>,

    /// Where the copies of plugin files lie that are loaded in place of them; the folder above it must exist. Not set: the
    /// folder `plugin-shadow` beside the database.
    #[serde(default)]
    #[schemars(example = &"/var/lib/casement/plugin-shadow")]
    pub plugin_shadow_dir: Option<PathBuf>,

    /// Threads of each plugin's own runtime. 0 leaves the number to the plugin.
    #[serde(default = "default_plugin_threads")]
    pub plugin_threads: u32,

    /// How clients reach the service.
    #[serde(default)]
    pub server: Server,

    /// Which pages of other sites a browser lets talk to this service.
    #[serde(default)]
    pub cors: Cors,

    /// The metadata database.
    pub catalog: Catalog,

    /// Who may come in.
    pub identity: Identity,

    /// Rules for images.
    #[serde(default)]
    pub images: Images,

    /// Who may do what.
    #[serde(default)]
    pub policy: Policy,

    /// Where the URIs that clients give may send the service. An allow list makes the deny list of its kind ignored; an
    /// empty list says nothing. The machine itself and link-local addresses can't be reached, unless `allowed_hosts`
    /// names the host.
    #[serde(default)]
    pub import_filtering: ImportFiltering,

    /// What is logged, and where to.
    #[serde(default)]
    pub log: Log,

    /// Metrics and health, for those who run the service: docs/operators/watching.md.
    #[serde(default)]
    pub admin: Admin,

    /// The audit log: who changed or fetched what, and what was denied. docs/operators/watching.md.
    #[serde(default)]
    pub audit: Audit,

    /// The plugin files to load; one `[[plugins]]` table each.
    #[serde(default)]
    pub plugins: Vec<Plugin>,

    /// The stores that hold image data; one `[stores.<id>]` table each. An id has letters, digits,
    /// `-` and `_`; clients see it.
    #[serde(default)]
    pub stores: BTreeMap<String, Store>,

    /// The folder of the configuration file. Relative paths start here.
    #[serde(skip)]
    pub base_dir: PathBuf,
}

/// The file with every key, and the schema of it, both written from these structs.
pub(crate) const REFERENCE: &str = include_str!("../../../../configs/casement.toml");
pub(crate) const SCHEMA: &str = include_str!("../../../../configs/schema.json");

/// No timeout is longer, in seconds.
const WEEK: u64 = 7 * 24 * 3600;

fn default_plugin_threads() -> u32 {
    2
}
