use casement_stores::config as stores;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{path::PathBuf, time::Duration};

/// A plugin file to load.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plugin {
    /// The file: absolute, or relative to a plugin folder. The system's prefix and extension
    /// (`lib`, `.so`, `.dll`) may be left out.
    #[schemars(example = &"casement_filesystem")]
    pub path: PathBuf,

    /// The name by which stores select the plugin. Not set: the name that it gives itself. With it two versions of a
    /// plugin can be in use side by side.
    #[serde(default)]
    #[schemars(example = &"filesystem-next")]
    pub name: Option<String>,

    /// Refuse the file unless its SHA-256 is this one, in hex.
    #[serde(default)]
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub sha256: Option<String>,

    /// Which recorded layout the plugin must have.
    #[serde(default)]
    pub abi: PluginAbi,

    /// Accept a plugin built with `panic = "abort"`. A panic in it ends the whole service.
    #[serde(default)]
    pub allow_abort: bool,

    /// Load a copy of the file (see `plugin_shadow_dir`), so that a new version can be put in its place while it is in use.
    /// Turn it off for a plugin that needs other files beside it.
    #[serde(default = "default_shadow_copy")]
    pub shadow_copy: bool,
}

fn default_shadow_copy() -> bool {
    true
}

/// Which recorded layout a plugin must have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum PluginAbi {
    /// Built with the Rust SDK: its recorded layout is compared with the gateway's.
    #[default]
    Rust,
    /// Written against the C header: there is no record to compare, only size and version.
    C,
}

/// A store. Keys that are not listed here belong to its plugin.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Store {
    /// The plugin that runs the store, by the name that the plugin gives itself.
    #[schemars(example = &"filesystem")]
    pub plugin: String,

    /// What clients are told of the store.
    #[serde(default)]
    #[schemars(example = &"A directory of this machine")]
    pub description: Option<String>,

    /// Takes the uploads that name no store. A single store is the default without saying so.
    #[serde(default)]
    pub default: bool,

    /// The service does not start without this store. Otherwise it starts, and tries to open the store again and again.
    #[serde(default)]
    pub required: bool,

    /// Serves what it has and takes nothing new.
    #[serde(default)]
    pub read_only: bool,

    /// Lets clients that may set locations give images whatever lies in the store, and not only what bears the image's own id:
    /// they can then read, and remove with the image, all that the store's account can. What bears the id of another image
    /// is never given.
    #[serde(default)]
    pub client_locations: bool,

    /// Of several stores that hold an image, the one with the highest weight is read first.
    #[serde(default)]
    pub weight: i64,

    /// How long the service waits for the store, and how much it asks of it at once.
    #[serde(default)]
    pub limits: Limits,

    /// The plugin's own keys.
    #[serde(flatten)]
    pub config: Map<String, Value>,
}

/// How long the service waits for a store, and how much it asks of it at once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// Opening the store.
    #[schemars(range(min = 1, max = super::WEEK))]
    pub open_seconds: u64,
    /// A call that moves no data.
    #[schemars(range(min = 1, max = super::WEEK))]
    pub call_seconds: u64,
    /// One piece of data (1 MiB as a rule), in or out.
    #[schemars(range(min = 1, max = super::WEEK))]
    pub chunk_seconds: u64,
    /// Making a whole image durable and publishing it.
    #[schemars(range(min = 1, max = super::WEEK))]
    pub commit_seconds: u64,
    /// Tries of a call that may be repeated, the first included.
    #[schemars(range(min = 1, max = 100))]
    pub tries: u32,
    /// Calls in flight; further ones wait.
    #[schemars(range(min = 1))]
    pub concurrency: usize,
    /// Failures in a row after which calls are refused at once.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub breaker_failures: u32,
    /// How long calls are refused before one is let through to see.
    #[schemars(range(min = 1, max = super::WEEK))]
    pub breaker_pause_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let limits = stores::Limits::default();
        Self {
            open_seconds: limits.open.as_secs(),
            call_seconds: limits.call.as_secs(),
            chunk_seconds: limits.chunk.as_secs(),
            commit_seconds: limits.commit.as_secs(),
            tries: limits.tries,
            concurrency: limits.concurrency,
            breaker_failures: limits.breaker_failures,
            breaker_pause_seconds: limits.breaker_pause.as_secs(),
        }
    }
}

impl From<&Limits> for stores::Limits {
    fn from(limits: &Limits) -> Self {
        Self {
            open: Duration::from_secs(limits.open_seconds),
            call: Duration::from_secs(limits.call_seconds),
            chunk: Duration::from_secs(limits.chunk_seconds),
            commit: Duration::from_secs(limits.commit_seconds),
            tries: limits.tries,
            concurrency: limits.concurrency,
            breaker_failures: limits.breaker_failures,
            breaker_pause: Duration::from_secs(limits.breaker_pause_seconds),
        }
    }
}

impl From<&Plugin> for stores::PluginOptions {
    fn from(plugin: &Plugin) -> Self {
        Self {
            path: plugin.path.clone(),
            name: plugin.name.clone(),
            sha256: plugin.sha256.clone(),
            c_abi: plugin.abi == PluginAbi::C,
            allow_abort: plugin.allow_abort,
            shadow_copy: plugin.shadow_copy,
        }
    }
}

impl super::Config {
    fn default_shadow_dir(&self) -> PathBuf {
        self.catalog.path.with_file_name("plugin-shadow")
    }

    /// What the registry of stores is opened with.
    pub(crate) fn stores_options(&self) -> stores::Options {
        let single = self.stores.len() == 1;
        let store = |(id, store): (&String, &Store)| stores::StoreOptions {
            id: id.clone(),
            plugin: store.plugin.clone(),
            description: store.description.clone(),
            default: store.default || single,
            required: store.required,
            read_only: store.read_only,
            client_locations: store.client_locations,
            weight: store.weight,
            limits: (&store.limits).into(),
            config: store.config.clone(),
            base_dir: self.base_dir.clone(),
        };
        stores::Options {
            plugin_dirs: self.plugin_dirs.clone().unwrap_or_else(default_plugin_dirs),
            shadow_dir: Some(self.plugin_shadow_dir.clone().unwrap_or_else(|| self.default_shadow_dir())),
            plugins: self.plugins.iter().map(Into::into).collect(),
            stores: self.stores.iter().map(store).collect(),
            plugin_threads: self.plugin_threads,
        }
    }
}

/// As [`Config::stores_options`], for who looks at plugins while a service may have copies of them in use.
pub(crate) fn in_place(options: stores::Options) -> stores::Options {
    stores::Options { shadow_dir: None, ..options }
}

/// Where a layout, a package, and cargo put plugins for the program.
fn default_plugin_dirs() -> Vec<PathBuf> {
    let Ok(program) = std::env::current_exe().and_then(|path| path.canonicalize()) else {
        return Vec::new();
    };
    let Some(bin) = program.parent() else {
        return Vec::new();
    };
    let installed = ["plugins", "lib/casement/plugins"].map(|folder| bin.with_file_name(folder));
    vec![installed.into_iter().find(|path| path.is_dir()).unwrap_or_else(|| bin.to_path_buf())]
}
