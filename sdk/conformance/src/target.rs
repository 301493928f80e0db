//! What the suite runs against.

use bytes::Bytes;
use casement_sdk::host::{Library, LoadError, OpenOptions, Plugin};
use serde_json::{Map, Value};
use std::path::Path;

/// A plugin, and the configuration of a store on it that the suite may write to.
#[derive(Debug, Clone)]
pub struct Target {
    pub(crate) plugin: Plugin,
    pub(crate) config: Map<String, Value>,
    pub(crate) object: Option<(String, Bytes)>,
    pub(crate) ca: Option<Vec<u8>>,
}

impl Target {
    /// A plugin that is loaded already, or linked into this binary ([`Plugin::from_static`]).
    pub fn new(plugin: Plugin) -> Self {
        Self { plugin, config: Map::new(), object: None, ca: None }
    }

    /// A plugin file.
    ///
    /// # Errors
    /// Whatever makes the gateway refuse it.
    pub fn load(file: &Path, options: &OpenOptions) -> Result<Self, LoadError> {
        Library::open(file, options).map(Self::new)
    }

    /// The store's own keys, as they stand in `[stores.<name>]` beside `plugin`.
    #[must_use]
    pub fn with_config(mut self, config: Map<String, Value>) -> Self {
        self.config = config;
        self
    }

    /// An object that is in the store already, for stores that cannot be written to.
    #[must_use]
    pub fn with_object(mut self, key: impl Into<String>, data: impl Into<Bytes>) -> Self {
        self.object = Some((key.into(), data.into()));
        self
    }

    /// A certificate authority in PEM form that presigned URLs are fetched by, beside the system's.
    #[must_use]
    pub fn with_ca(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca = Some(pem.into());
        self
    }

    pub(crate) fn config_text(&self) -> String {
        Value::Object(self.config.clone()).to_string()
    }
}
