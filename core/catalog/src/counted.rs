//! What was found out by counting is believed for a while.

use crate::Result;
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

const BELIEVED: Duration = Duration::from_secs(60);
/// Lists ask for the same few.
const CAPACITY: usize = 1024;

/// It says how images are looked for, never which are found: what is no longer true costs time alone.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    /// Whether few images have a property of a value.
    pub(crate) properties: Believed<(String, String)>,
    /// Whether few of all images are visible to a project.
    pub(crate) sights: Believed<String>,
    /// Whether others share few images with a project.
    pub(crate) shares: Believed<String>,
}

#[derive(Debug)]
pub(crate) struct Believed<K>(Mutex<HashMap<K, (bool, Instant)>>);

impl<K> Default for Believed<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Believed<K> {
    /// What is believed, or what `count` finds out.
    pub(crate) async fn or(&self, key: K, count: impl Future<Output = Result<bool>>) -> Result<bool> {
        if let Some(few) = self.believed(&key, Instant::now()) {
            return Ok(few);
        }
        let few = count.await?;
        self.note(key, few, Instant::now());
        Ok(few)
    }

    fn believed(&self, key: &K, now: Instant) -> Option<bool> {
        let (few, since) = self.found().get(key).copied()?;
        (now < since + BELIEVED).then_some(few)
    }

    pub(crate) fn note(&self, key: K, few: bool, now: Instant) {
        let mut found = self.found();
        if found.len() >= CAPACITY {
            found.clear();
        }
        found.insert(key, (few, now));
    }

    fn found(&self) -> MutexGuard<'_, HashMap<K, (bool, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_believed_for_a_while() {
        let (believed, now) = (Believed::default(), Instant::now());
        believed.note("linux", false, now);
        believed.note("plan9", true, now);
        assert_eq!(believed.believed(&"linux", now + BELIEVED / 2), Some(false));
        assert_eq!(believed.believed(&"plan9", now + BELIEVED / 2), Some(true));
        assert_eq!(believed.believed(&"plan9", now + BELIEVED), None);
        assert_eq!(believed.believed(&"other", now), None);
    }

    #[test]
    fn many_keys_take_little_memory() {
        let (believed, now) = (Believed::default(), Instant::now());
        for key in 0..3 * CAPACITY {
            believed.note(key, true, now);
            assert_eq!(believed.believed(&key, now), Some(true));
            assert!(believed.found().len() <= CAPACITY);
        }
    }
}
