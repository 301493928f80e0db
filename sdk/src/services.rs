//! What the gateway offers a backend: logging and metrics.

/// The gateway's services. Cheap to clone; any thread.
#[derive(Debug, Clone)]
pub struct Host;

impl Host {
    /// Adds to a counter, which the gateway shows as `casement_backend_<name>` with the store's label.
    pub fn counter_add(&self, name: &str, delta: u64) {
        let _ = (name, delta);
    }

    /// Sets a gauge.
    pub fn gauge_set(&self, name: &str, value: f64) {
        let _ = (name, value);
    }

    /// Records one value of a histogram.
    pub fn histogram_observe(&self, name: &str, value: f64) {
        let _ = (name, value);
    }
}
