//! Properties that many images have. To find that out thousands of rows are counted, so it is believed for a while.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

const BELIEVED: Duration = Duration::from_secs(60);
/// Lists ask for the same few.
const CAPACITY: usize = 64;

/// It says how images are looked for, never which are found: what is no longer true costs time alone.
#[derive(Debug, Default)]
pub(crate) struct Common(Mutex<HashMap<(String, String), Instant>>);

impl Common {
    /// Whether many images were found to have this value.
    pub(crate) fn has(&self, name: &str, value: &str, now: Instant) -> bool {
        let since = self.found().get(&(name.to_owned(), value.to_owned())).copied();
        since.is_some_and(|since| now < since + BELIEVED)
    }

    pub(crate) fn note(&self, name: &str, value: &str, now: Instant) {
        let mut found = self.found();
        if found.len() >= CAPACITY {
            found.clear();
        }
        found.insert((name.to_owned(), value.to_owned()), now);
    }

    fn found(&self) -> MutexGuard<'_, HashMap<(String, String), Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_value_is_believed_to_be_common_for_a_while() {
        let (common, now) = (Common::default(), Instant::now());
        common.note("os", "linux", now);
        assert!(common.has("os", "linux", now + BELIEVED / 2));
        assert!(!common.has("os", "linux", now + BELIEVED));
        assert!(!common.has("os", "other", now) && !common.has("other", "linux", now));
    }

    #[test]
    fn many_values_take_little_memory() {
        let (common, now) = (Common::default(), Instant::now());
        for value in 0..3 * CAPACITY {
            common.note("os", &value.to_string(), now);
            assert!(common.has("os", &value.to_string(), now));
            assert!(common.found().len() <= CAPACITY);
        }
    }
}
