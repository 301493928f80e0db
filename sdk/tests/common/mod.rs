//! What the tests of both sides share: a gateway that remembers, and a backend that counts.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

use casement_sdk::host::{HostServices, Level};
use std::sync::{Arc, Mutex};

/// A gateway that remembers what a plugin told it.
#[derive(Debug, Default)]
pub struct Gateway {
    pub lines: Mutex<Vec<(Level, String, String)>>,
    pub metrics: Mutex<Vec<(String, f64)>>,
}

impl Gateway {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Whether a line that contains `text` was logged.
    pub fn logged(&self, text: &str) -> bool {
        self.lines.lock().unwrap().iter().any(|(_, _, message)| message.contains(text))
    }

    fn metric(&self, name: &str, value: f64) {
        self.metrics.lock().unwrap().push((name.to_owned(), value));
    }
}

impl HostServices for Gateway {
    fn log(&self, level: Level, target: &str, message: &str) {
        self.lines.lock().unwrap().push((level, target.to_owned(), message.to_owned()));
    }

    fn log_enabled(&self, level: Level) -> bool {
        level <= Level::INFO
    }

    fn counter_add(&self, name: &str, delta: u64) {
        self.metric(name, delta as f64);
    }

    fn gauge_set(&self, name: &str, value: f64) {
        self.metric(name, value);
    }

    fn histogram_observe(&self, name: &str, value: f64) {
        self.metric(name, value);
    }
}
