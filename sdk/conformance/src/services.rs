//! The gateway's side for a store under test: it remembers what the backend logs.

use casement_sdk::host::{HostServices, Level, LogLine};
use std::{
    collections::VecDeque,
    fmt::Write,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How many lines are kept, the last ones.
const LINES: usize = 200;

#[derive(Debug, Default)]
pub(crate) struct Services(Mutex<VecDeque<String>>);

impl Services {
    fn lines(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was logged, a line each.
    pub(crate) fn log(&self) -> Vec<String> {
        self.lines().iter().cloned().collect()
    }
}

impl HostServices for Services {
    fn log(&self, line: &LogLine<'_>) {
        let LogLine { level, target, message, .. } = *line;
        let mut line = String::new();
        // Writing to a string cannot fail.
        write!(line, "{level:<5} {target}: {message}").ok();
        let mut lines = self.lines();
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    fn log_enabled(&self, level: Level) -> bool {
        level <= Level::DEBUG
    }

    fn counter_add(&self, _: &str, _: u64) {}
    fn gauge_set(&self, _: &str, _: f64) {}
    fn histogram_observe(&self, _: &str, _: f64) {}
}
