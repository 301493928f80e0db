//! What clients may rely on: for each image, what it may be after a crash.

use casement_tests::{Gateway, Pattern};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

/// The data of an image, made from little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) seed: u64,
    pub(crate) len: u64,
}

impl Content {
    pub(crate) fn pattern(self) -> Pattern {
        Pattern::new(self.seed, self.len)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Gone,
    Queued,
    Active(Content),
}

impl State {
    fn of(image: Option<&Value>) -> Option<&str> {
        image.map(|image| image["status"].as_str().unwrap())
    }

    fn is(self, status: Option<&str>) -> bool {
        match self {
            Self::Gone => status.is_none(),
            Self::Queued => status == Some("queued"),
            Self::Active(_) => status == Some("active"),
        }
    }
}

#[derive(Debug)]
struct Entry {
    /// One state between requests; while a request is under way, also the one that it leads to.
    may_be: Vec<State>,
    /// One client at a time works with an image.
    taken: bool,
    /// Whether its data was read since it came.
    read: bool,
}

/// What was found of the images after a crash.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Found {
    /// Images with data that a client relied on.
    pub(crate) kept: usize,
    /// Uploads that were broken off.
    pub(crate) broken_off: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<BTreeMap<String, Entry>>);

impl Ledger {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.0.lock().unwrap()
    }

    /// From now on, and until the next word, the image may be any of these.
    pub(crate) fn may_be(&self, id: &str, states: &[State]) {
        let mut entries = self.entries();
        let entry = entries.entry(id.to_owned()).or_insert(Entry { may_be: Vec::new(), taken: true, read: false });
        entry.may_be = states.to_vec();
        entry.read = false;
    }

    /// The same, and that it is gone.
    pub(crate) fn or_gone(&self, id: &str) {
        self.entries().get_mut(id).unwrap().may_be.push(State::Gone);
    }

    /// An image to work with alone, until [`Ledger::give_back`].
    pub(crate) fn take(&self, random: &mut fastrand::Rng, wanted: impl Fn(State) -> bool) -> Option<String> {
        let mut entries = self.entries();
        let mut free: Vec<_> = entries
            .iter_mut()
            .filter(|(_, entry)| !entry.taken && entry.may_be.len() == 1 && wanted(entry.may_be[0]))
            .collect();
        if free.is_empty() {
            return None;
        }
        let (id, entry) = free.swap_remove(random.usize(..free.len()));
        entry.taken = true;
        Some(id.clone())
    }

    pub(crate) fn give_back(&self, id: &str) {
        if let Some(entry) = self.entries().get_mut(id) {
            entry.taken = false;
        }
    }

    /// Images that there are.
    pub(crate) fn there(&self) -> Vec<String> {
        let entries = self.entries();
        entries.iter().filter(|(_, entry)| entry.may_be != [State::Gone]).map(|(id, _)| id.clone()).collect()
    }

    /// Holds the gateway, which has started anew, to everything, and writes down what came of the requests that were under
    /// way. Data that was read after an earlier crash is not read again.
    #[track_caller]
    pub(crate) fn check(&self, gateway: &Gateway) -> Found {
        let images = gateway.images();
        let mut found = Found::default();
        let mut entries = self.entries();
        for (id, entry) in entries.iter_mut() {
            let status = State::of(images.get(id));
            let state = entry.may_be.iter().copied().find(|state| state.is(status));
            let state = state.unwrap_or_else(|| panic!("image {id} is {status:?}, and may be {:?}", entry.may_be));
            if let State::Active(content) = state {
                found.kept += 1;
                if !entry.read {
                    assert_content(gateway, id, content);
                }
            } else if state == State::Queued && entry.may_be.len() > 1 {
                found.broken_off += 1;
            }
            *entry = Entry { may_be: vec![state], taken: false, read: true };
        }
        let strangers: Vec<_> = images.keys().filter(|id| !entries.contains_key(*id)).collect();
        for id in strangers {
            // A request to create it was under way; its id was never told.
            assert_eq!(State::of(images.get(id)), Some("queued"), "image {id}, which nobody knows");
            gateway.member().delete(&format!("/v2/images/{id}")).expect(204);
        }
        entries.retain(|_, entry| entry.may_be != [State::Gone]);
        found
    }
}

#[track_caller]
fn assert_content(gateway: &Gateway, id: &str, content: Content) {
    let data = gateway.member().download(id).expect(200).body;
    assert!(data == content.pattern().bytes(), "image {id} has other bytes than {content:?}");
}
