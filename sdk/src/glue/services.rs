//! What the gateway offers a backend: logging and metrics.

use crate::abi::{CasementHost, CasementRuntime, CasementStr};

/// The gateway's services. Cheap to clone; any thread. What a backend logs with `tracing` reaches the gateway
/// by itself.
///
/// `Host::default()` goes nowhere: for an author's own unit tests.
#[derive(Debug, Clone, Default)]
pub struct Host(Option<&'static CasementHost>);

impl Host {
    /// # Safety
    /// `table` is null or valid until the process ends.
    pub(crate) unsafe fn new(table: *const CasementHost) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { table.as_ref() })
    }

    /// Adds to a counter, which the gateway shows as `casement_backend_<name>` with the store's label.
    pub fn counter_add(&self, name: &str, delta: u64) {
        if let Some(host) = self.0 {
            // SAFETY: the contract of the host's functions; the name is lent for the call.
            unsafe { (host.counter_add)(host.ctx, CasementStr::new(name), delta) }
        }
    }

    /// Sets a gauge.
    pub fn gauge_set(&self, name: &str, value: f64) {
        if let Some(host) = self.0 {
            // SAFETY: as in `counter_add`.
            unsafe { (host.gauge_set)(host.ctx, CasementStr::new(name), value) }
        }
    }

    /// Records one value of a histogram.
    pub fn histogram_observe(&self, name: &str, value: f64) {
        if let Some(host) = self.0 {
            // SAFETY: as in `counter_add`.
            unsafe { (host.histogram_observe)(host.ctx, CasementStr::new(name), value) }
        }
    }

    pub(crate) fn log(&self, level: u32, target: &str, message: &str) {
        if let Some(host) = self.0 {
            // SAFETY: as in `counter_add`.
            unsafe { (host.log)(host.ctx, level, CasementStr::new(target), CasementStr::new(message)) }
        }
    }

    pub(crate) fn log_enabled(&self, level: u32) -> bool {
        // SAFETY: as in `counter_add`.
        self.0.is_some_and(|host| unsafe { (host.log_enabled)(host.ctx, level) } != 0)
    }

    /// How many threads the gateway grants the plugin for work that does not block.
    pub(crate) fn workers(&self) -> Option<usize> {
        let host = self.0?;
        // SAFETY: the contract of `query`: the name is lent, the table of this name is a `CasementRuntime`.
        let runtime = unsafe {
            let table = (host.query)(host.ctx, CasementStr::new("casement.runtime/1"));
            table.cast::<CasementRuntime>().as_ref()?
        };
        usize::try_from(runtime.workers).ok()
    }
}
