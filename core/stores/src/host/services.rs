//! What a backend may ask of the gateway: its log lines and its figures, under the store's name.

use crate::config::StoreOptions;
use casement_sdk::host::{HostServices, Level, LogLine};
use metrics::{counter, gauge, histogram};
use tracing::{enabled, event};

/// Log lines of all backends have this target, so that one directive filters them.
const TARGET: &str = "casement::backend";

/// The services given to one store's backend.
#[derive(Debug)]
pub(crate) struct StoreServices {
    store: String,
    concurrency: usize,
    workers: u32,
}

impl StoreServices {
    pub(crate) fn new(store: &StoreOptions, workers: u32) -> Self {
        Self { store: store.id.clone(), concurrency: store.limits.concurrency, workers }
    }

    /// The gateway's name for a backend's figure.
    fn metric(name: &str) -> String {
        format!("casement_backend_{name}")
    }
}

impl HostServices for StoreServices {
    fn log(&self, line: &LogLine<'_>) {
        // A level is part of a callsite and can't be a variable.
        macro_rules! tell {
            ($level:expr) => {{
                let LogLine { target: module, message, request: request_id, .. } = *line;
                event!(target: TARGET, $level, store = self.store, module, request_id, "{message}")
            }};
        }
        match line.level {
            Level::ERROR => tell!(Level::ERROR),
            Level::WARN => tell!(Level::WARN),
            Level::INFO => tell!(Level::INFO),
            Level::DEBUG => tell!(Level::DEBUG),
            Level::TRACE => tell!(Level::TRACE),
        }
    }

    fn log_enabled(&self, level: Level) -> bool {
        match level {
            Level::ERROR => enabled!(target: TARGET, Level::ERROR),
            Level::WARN => enabled!(target: TARGET, Level::WARN),
            Level::INFO => enabled!(target: TARGET, Level::INFO),
            Level::DEBUG => enabled!(target: TARGET, Level::DEBUG),
            Level::TRACE => enabled!(target: TARGET, Level::TRACE),
        }
    }

    fn counter_add(&self, name: &str, delta: u64) {
        counter!(Self::metric(name), "store" => self.store.clone()).increment(delta);
    }

    fn gauge_set(&self, name: &str, value: f64) {
        gauge!(Self::metric(name), "store" => self.store.clone()).set(value);
    }

    fn histogram_observe(&self, name: &str, value: f64) {
        histogram!(Self::metric(name), "store" => self.store.clone()).record(value);
    }

    fn concurrency(&self) -> usize {
        self.concurrency
    }

    fn workers(&self) -> u32 {
        self.workers
    }
}
