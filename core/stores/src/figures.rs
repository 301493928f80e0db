//! The figures of stores and plugins. What is counted for each chunk is looked up once.

use crate::{Stores, error::Kind, host::LoadedPlugin, store::StoreState};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use std::{fmt, sync::OnceLock, time::Duration};

/// What a backend is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Place,
    Stat,
    Create,
    Write,
    Commit,
    Abort,
    Read,
    ReadChunk,
    OpenFile,
    Delete,
    Discard,
    ListStaged,
    FormatLocation,
    ParseLocation,
    Usage,
    Health,
}

impl Call {
    const COUNT: usize = Self::Health as usize + 1;

    fn name(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::Stat => "stat",
            Self::Create => "create",
            Self::Write => "write",
            Self::Commit => "commit",
            Self::Abort => "abort",
            Self::Read => "read",
            Self::ReadChunk => "read_chunk",
            Self::OpenFile => "open_file",
            Self::Delete => "delete",
            Self::Discard => "discard",
            Self::ListStaged => "list_staged",
            Self::FormatLocation => "format_location",
            Self::ParseLocation => "parse_location",
            Self::Usage => "usage",
            Self::Health => "health",
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The figures of one store.
pub(crate) struct Figures {
    store: String,
    /// By call; one that is never made has none.
    durations: [OnceLock<Histogram>; Call::COUNT],
    retries: Counter,
    refused: Counter,
}

impl Figures {
    pub(crate) fn of(store: &str) -> Self {
        let label = || store.to_owned();
        Self {
            durations: [const { OnceLock::new() }; Call::COUNT],
            retries: counter!("casement_store_retries_total", "store" => label()),
            refused: counter!("casement_store_refused_calls_total", "store" => label()),
            store: label(),
        }
    }

    pub(crate) fn called(&self, call: Call, took: Duration, error: Option<Kind>) {
        let name = "casement_store_call_duration_seconds";
        let duration = self.durations[call as usize]
            .get_or_init(|| histogram!(name, "store" => self.store.clone(), "call" => call.name()));
        duration.record(took);
        if let Some(kind) = error {
            let labels =
                [("store", self.store.clone()), ("call", call.name().to_owned()), ("kind", kind_name(kind).to_owned())];
            counter!("casement_store_errors_total", &labels).increment(1);
        }
    }

    pub(crate) fn retried(&self) {
        self.retries.increment(1);
    }

    /// The breaker let a call not through.
    pub(crate) fn refused(&self) {
        self.refused.increment(1);
    }
}

impl fmt::Debug for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Figures").field("store", &self.store).finish_non_exhaustive()
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::NotFound => "not_found",
        Kind::Exists => "exists",
        Kind::Denied => "denied",
        Kind::NoSpace => "no_space",
        Kind::Unsupported => "unsupported",
        Kind::Config => "config",
        Kind::Unavailable => "unavailable",
        Kind::Timeout => "timeout",
        Kind::Corrupt => "corrupt",
        Kind::Cancelled => "cancelled",
        Kind::Panicked => "panicked",
        Kind::Misuse => "misuse",
        _ => "internal",
    }
}

impl Stores {
    /// Brings the figures of what there is now up to date: how stores are, and which plugins they run on. Stores that are
    /// being tried out for another configuration have none.
    pub fn tell_figures(&self) {
        for store in self.iter() {
            let health = store.health_now();
            for name in StoreState::NAMES {
                state(store.id(), name).set(truth(name == health.state.name()));
            }
            breaker(store.id()).set(truth(health.breaker_open));
            for (metric, bytes) in [(FREE, health.usage.free), (USED, health.usage.used)] {
                if let Some(bytes) = bytes {
                    gauge!(metric, "store" => store.id().to_owned()).set(bytes as f64);
                }
            }
        }
        for plugin in self.plugins() {
            tell_plugin(&plugin, true);
        }
    }
}

const FREE: &str = "casement_store_free_bytes";
const USED: &str = "casement_store_used_bytes";

/// The store is configured no more.
pub(crate) fn forget_store(store: &str) {
    for name in StoreState::NAMES {
        state(store, name).set(0);
    }
    breaker(store).set(0);
    for metric in [FREE, USED] {
        gauge!(metric, "store" => store.to_owned()).set(f64::NAN);
    }
}

fn state(store: &str, state: &'static str) -> Gauge {
    gauge!("casement_store_state", "store" => store.to_owned(), "state" => state)
}

fn breaker(store: &str) -> Gauge {
    gauge!("casement_store_breaker_open", "store" => store.to_owned())
}

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// Whether a plugin is configured as it is here. One that was replaced is not any more.
pub(crate) fn tell_plugin(plugin: &LoadedPlugin, is_configured: bool) {
    let state = if plugin.plugin().is_ok() { "loaded" } else { "failed" };
    let name = plugin.name().map_or_else(|| plugin.configured_path(), ToOwned::to_owned);
    let labels = [("plugin", name), ("version", plugin.version()), ("state", state.to_owned())];
    gauge!("casement_plugin_info", &labels).set(truth(is_configured));
}
