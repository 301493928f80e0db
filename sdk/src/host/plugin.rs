//! An accepted plugin, and the opening of stores on it.

use super::{
    Backend, HostServices, LoadError,
    answer::Expect,
    call::Calls,
    places::Places,
    services,
    tables::{Tables, extension},
};
use crate::{Capabilities, Error, Kind, Result, abi::CasementStr};
use std::sync::Arc;

/// An accepted plugin. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Plugin {
    tables: Arc<Tables>,
    layout_checked: bool,
}

impl Plugin {
    pub(super) fn new(tables: Tables, layout_checked: bool) -> Self {
        Self { tables: Arc::new(tables), layout_checked }
    }

    /// A backend that is linked into this binary, through the same tables: for tests under Miri and sanitizers.
    ///
    /// # Errors
    /// What [`Library::open`](super::Library::open) would say of its descriptor.
    pub fn from_static<B: crate::Backend>() -> Result<Self, LoadError> {
        let published = crate::glue::Published::new::<B>(env!("CASEMENT_SDK_VERSION"));
        // SAFETY: the descriptor is of this build, and `published` outlives the reading of it.
        let tables = unsafe { Tables::read(published.descriptor()) }?;
        Ok(Self::new(tables, true))
    }

    /// The name by which a store selects it.
    pub fn name(&self) -> &str {
        &self.tables.name
    }

    /// The plugin's own version.
    pub fn version(&self) -> &str {
        &self.tables.version
    }

    /// The compiler and SDK it was built with, for people.
    pub fn built_with(&self) -> &str {
        &self.tables.built_with
    }

    /// The JSON Schema of its configuration; empty where it published none.
    pub fn config_schema(&self) -> &str {
        &self.tables.config_schema
    }

    /// What its stores can do at the most; sizes and limits are a store's own.
    pub fn capabilities(&self) -> Capabilities {
        Capabilities::from_bits(self.tables.capabilities)
    }

    /// The major and minor version of the contract it speaks.
    pub fn abi(&self) -> (u16, u16) {
        self.tables.abi
    }

    /// Whether the layout of every struct was compared: it is a Rust plugin.
    pub fn layout_checked(&self) -> bool {
        self.layout_checked
    }

    /// Whether its functions may block by its own account.
    pub fn declares_blocking(&self) -> bool {
        self.tables.blocks()
    }

    /// Whether a panic in it can be contained.
    pub fn unwinds(&self) -> bool {
        self.tables.unwinds()
    }

    /// Whether it has an extension table of this name.
    pub fn has_extension(&self, name: &str) -> bool {
        !extension(self.tables.query, name).is_null()
    }

    /// Opens a store. `config` is a JSON object, already checked against [`Plugin::config_schema`].
    ///
    /// # Errors
    /// What the backend answers; [`Kind::Misuse`] outside a tokio runtime where the plugin may block.
    pub async fn open(&self, services: Arc<dyn HostServices>, config: &str) -> Result<Backend> {
        let store = services::publish(services);
        let (host, places) = (&store.table, Places::new(store.places.clone(), store.concurrency, self.pool()?));
        let calls = Calls { places, handle: None, request: None };
        let (open, config) = (self.tables.open, config.to_owned());
        let answer = calls
            .call("open", Expect::Handle(self.tables.destroy_backend), move |_, completion| {
                // SAFETY: the host's table lives as long as the process, the text as long as the call.
                unsafe { open(host, CasementStr::new(&config), completion) }
            })
            .await?;
        Backend::new(self.tables.clone(), calls, answer).await
    }

    /// The threads for a plugin that may block. One without a layout record is written in another language, and
    /// whether it blocks is not known: it must not be able to stop a worker of the gateway.
    fn pool(&self) -> Result<Option<tokio::runtime::Handle>> {
        if self.layout_checked && !self.tables.blocks() {
            return Ok(None);
        }
        tokio::runtime::Handle::try_current()
            .map(Some)
            .map_err(|_| Error::new(Kind::Misuse, "this plugin may block: open it from within a tokio runtime"))
    }
}
