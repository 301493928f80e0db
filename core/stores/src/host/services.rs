//! What a backend may ask of the gateway: its log lines and its figures, under the store's name.

use casement_sdk::host::{HostServices, Level};

/// The services given to one store's backend.
#[derive(Debug)]
pub(crate) struct StoreServices {
    store: String,
}

impl StoreServices {
    pub(crate) fn new(store: &str) -> Self {
        Self { store: store.to_owned() }
    }
}

/// Log lines of all backends have this target, so that one directive filters them.
const TARGET: &str = "casement::backend";

macro_rules! at_level {
    ($level:expr, $macro:ident, $($args:tt)*) => {
        match $level {
            Level::Error => tracing::$macro!(target: TARGET, tracing::Level::ERROR, $($args)*),
            Level::Warn => tracing::$macro!(target: TARGET, tracing::Level::WARN, $($args)*),
            Level::Info => tracing::$macro!(target: TARGET, tracing::Level::INFO, $($args)*),
            Level::Debug => tracing::$macro!(target: TARGET, tracing::Level::DEBUG, $($args)*),
            Level::Trace => tracing::$macro!(target: TARGET, tracing::Level::TRACE, $($args)*),
        }
    };
}
