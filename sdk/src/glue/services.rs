//! What the gateway offers a backend: logging and metrics.

use crate::abi::{CasementHost, CasementRequest, CasementRuntime, CasementStr, REQUEST};
use std::{ffi::c_void, sync::Arc};

/// The gateway's services. Cheap to clone; any thread. What a backend logs with `tracing` reaches the gateway
/// by itself.
///
/// `Host::default()` goes nowhere: for an author's own unit tests.
#[derive(Debug, Clone, Default)]
pub struct Host(Option<Services>);

#[derive(Debug, Clone, Copy)]
struct Services {
    host: &'static CasementHost,
    /// An older gateway has none.
    request: Option<&'static CasementRequest>,
}

impl Host {
    pub(super) const NOWHERE: Self = Self(None);

    /// # Safety
    /// `table` is null or valid until the process ends.
    pub(crate) unsafe fn new(table: *const CasementHost) -> Self {
        // SAFETY: the caller's promise; the table of this name is a `CasementRequest`.
        let services = unsafe {
            let host = table.as_ref();
            host.map(|host| Services { host, request: query(host, REQUEST).cast::<CasementRequest>().as_ref() })
        };
        Self(services)
    }

    pub(super) fn is_nowhere(&self) -> bool {
        self.0.is_none()
    }

    /// Adds to a counter, which the gateway shows as `casement_backend_<name>` with the store's label.
    pub fn counter_add(&self, name: &str, delta: u64) {
        if let Some(Services { host, .. }) = self.0 {
            // SAFETY: the contract of the host's functions; the name is lent for the call.
            unsafe { (host.counter_add)(host.ctx, CasementStr::new(name), delta) }
        }
    }

    /// Sets a gauge.
    pub fn gauge_set(&self, name: &str, value: f64) {
        if let Some(Services { host, .. }) = self.0 {
            // SAFETY: as in `counter_add`.
            unsafe { (host.gauge_set)(host.ctx, CasementStr::new(name), value) }
        }
    }

    /// Records one value of a histogram.
    pub fn histogram_observe(&self, name: &str, value: f64) {
        if let Some(Services { host, .. }) = self.0 {
            // SAFETY: as in `counter_add`.
            unsafe { (host.histogram_observe)(host.ctx, CasementStr::new(name), value) }
        }
    }

    /// For a request that is not the one of this thread's call, if for any.
    pub(crate) fn log(&self, request: Option<&str>, level: u32, target: &str, message: &str) {
        let Some(Services { host, request: table }) = self.0 else { return };
        let (target, message) = (CasementStr::new(target), CasementStr::new(message));
        // SAFETY: as in `counter_add`.
        unsafe {
            match (table, request) {
                (Some(table), Some(request)) => {
                    (table.log)(host.ctx, CasementStr::new(request), level, target, message);
                }
                _ => (host.log)(host.ctx, level, target, message),
            }
        }
    }

    pub(crate) fn log_enabled(&self, level: u32) -> bool {
        // SAFETY: as in `counter_add`.
        self.0.is_some_and(|services| unsafe { (services.host.log_enabled)(services.host.ctx, level) } != 0)
    }

    /// The request that the gateway is calling for on this thread.
    pub(super) fn request(&self) -> Option<Arc<str>> {
        let Services { host, request } = self.0?;
        // SAFETY: the text is lent as long as the call lasts, which this is a part of.
        let id = unsafe { (request?.id)(host.ctx).as_str() };
        id.ok().filter(|id| !id.is_empty()).map(Arc::from)
    }

    /// How many threads the gateway grants the plugin for work that does not block.
    pub(crate) fn workers(&self) -> Option<usize> {
        let host = self.0?.host;
        // SAFETY: the table of this name is a `CasementRuntime`.
        let runtime = unsafe { query(host, "casement.runtime/1").cast::<CasementRuntime>().as_ref()? };
        usize::try_from(runtime.workers).ok()
    }
}

/// The gateway's extension table of this name, or null.
fn query(host: &CasementHost, name: &str) -> *const c_void {
    // SAFETY: the contract of `query`: the name is lent for the call.
    unsafe { (host.query)(host.ctx, CasementStr::new(name)) }
}
