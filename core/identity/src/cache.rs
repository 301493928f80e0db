//! What is known of tokens, for a while, and who is being asked about just now.
//!
//! A cache of our own rather than a crate: entries live about equally long, so the oldest is always the next to run out
//! and a queue does for a policy; the clock is tokio's, which tests stop; and refused tokens, which anybody can make up,
//! have a shelf of their own, from which they push out no good one.

use crate::Result;
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The token's hash, and whether it may have run out.
pub(crate) type Key = ([u8; 32], bool);

/// What Keystone says of a token: `None` refuses it. And how long that may be believed.
#[derive(Debug, Clone)]
pub(crate) struct Verdict<V> {
    pub(crate) value: Option<V>,
    pub(crate) keep: Duration,
}

type Flight<V> = BoxFuture<'static, Result<Option<V>>>;

pub(crate) struct Cache<V>(Arc<Mutex<State<V>>>);

struct State<V> {
    accepted: Shelf<V>,
    refused: Shelf<()>,
    flights: HashMap<Key, (u64, WeakShared<Flight<V>>)>,
    started: u64,
}

impl<V: Clone + Send + Sync + 'static> Cache<V> {
    /// `capacity` bounds accepted and refused tokens each.
    pub(crate) fn new(capacity: usize) -> Self {
        let (accepted, refused) = (Shelf::new(capacity), Shelf::new(capacity));
        Self(Arc::new(Mutex::new(State { accepted, refused, flights: HashMap::new(), started: 0 })))
    }

    /// What is known of an accepted token.
    pub(crate) fn accepted(&self, key: &Key) -> Option<V> {
        lock(&self.0).accepted.get(key, Instant::now())
    }

    /// What is known, or what `ask` finds out. Whoever comes with the same key meanwhile waits for the same answer;
    /// an error is kept by nobody.
    pub(crate) async fn get<F>(&self, key: Key, ask: impl FnOnce() -> F) -> Result<Option<V>>
    where
        F: Future<Output = Result<Verdict<V>>> + Send + 'static,
    {
        let flight = {
            let mut state = lock(&self.0);
            let now = Instant::now();
            if let Some(value) = state.accepted.get(&key, now) {
                return Ok(Some(value));
            }
            if state.refused.get(&key, now).is_some() {
                return Ok(None);
            }
            match state.flights.get(&key).and_then(|(_, flight)| flight.upgrade()) {
                Some(flight) => flight,
                None => self.start(&mut state, key, ask()),
            }
        };
        flight.await
    }

    fn start<F>(&self, state: &mut State<V>, key: Key, asked: F) -> Shared<Flight<V>>
    where
        F: Future<Output = Result<Verdict<V>>> + Send + 'static,
    {
        state.started += 1;
        let number = state.started;
        let landing = Landing { state: self.0.clone(), key, number };
        let flight = async move {
            let verdict = asked.await?;
            landing.keep(&verdict);
            Ok(verdict.value)
        };
        let flight = flight.boxed().shared();
        if let Some(weak) = flight.downgrade() {
            state.flights.insert(key, (number, weak));
        }
        flight
    }
}

/// Takes a flight off the list, also when all who waited for it have gone away.
struct Landing<V> {
    state: Arc<Mutex<State<V>>>,
    key: Key,
    number: u64,
}

impl<V: Clone> Landing<V> {
    fn keep(&self, verdict: &Verdict<V>) {
        let mut state = lock(&self.state);
        let until = Instant::now() + verdict.keep;
        match &verdict.value {
            Some(value) => state.accepted.put(self.key, value.clone(), until),
            None => state.refused.put(self.key, (), until),
        }
    }
}

impl<V> Drop for Landing<V> {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        // The next flight for the same token may have started already.
        if state.flights.get(&self.key).is_some_and(|(number, _)| *number == self.number) {
            state.flights.remove(&self.key);
        }
    }
}

fn lock<V>(state: &Mutex<State<V>>) -> MutexGuard<'_, State<V>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Entries, the oldest of which goes when a new one finds no place.
struct Shelf<V> {
    entries: HashMap<Key, Entry<V>>,
    order: VecDeque<(Key, u64)>,
    capacity: usize,
    put: u64,
}

struct Entry<V> {
    value: V,
    until: Instant,
    number: u64,
}

impl<V: Clone> Shelf<V> {
    fn new(capacity: usize) -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new(), capacity, put: 0 }
    }

    fn get(&self, key: &Key, now: Instant) -> Option<V> {
        self.entries.get(key).filter(|entry| entry.until > now).map(|entry| entry.value.clone())
    }

    fn put(&mut self, key: Key, value: V, until: Instant) {
        self.put += 1;
        self.entries.insert(key, Entry { value, until, number: self.put });
        self.order.push_back((key, self.put));
        let now = Instant::now();
        while let Some((key, number)) = self.order.front() {
            // One that was put again stands further back in the queue.
            let entry = self.entries.get(key).filter(|entry| entry.number == *number);
            match entry {
                Some(entry) if entry.until > now && self.order.len() <= self.capacity => break,
                Some(_) => drop(self.entries.remove(key)),
                None => {}
            }
            self.order.pop_front();
        }
    }
}

impl<V> fmt::Debug for Cache<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.0);
        f.debug_struct("Cache")
            .field("accepted", &state.accepted.entries.len())
            .field("refused", &state.refused.entries.len())
            .field("flights", &state.flights.len())
            .finish()
    }
}

#[cfg(test)]
mod tests;
