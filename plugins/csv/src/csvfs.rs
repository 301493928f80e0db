//! The file system of a store: Windows', that opens only what is on a cluster shared volume.

use crate::Volumes;
use casement_share::{
    FileSystem, Options, Place, Result,
    win32::{Api, Ntfs, NtfsDir},
};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

/// [`Ntfs`] on cluster shared volumes.
#[derive(Debug)]
pub struct CsvFs<A> {
    inner: Ntfs<A>,
    volumes: Arc<Volumes<A>>,
    /// Roots that were on a cluster shared volume when they were opened first. From then on the store's marker tells them
    /// from a folder that takes their place.
    known: Mutex<BTreeSet<String>>,
}

impl<A: Api> CsvFs<A> {
    pub(crate) fn new(inner: Ntfs<A>, volumes: &Arc<Volumes<A>>) -> Self {
        Self { inner, volumes: Arc::clone(volumes), known: Mutex::default() }
    }
}

impl<A: Api> FileSystem for CsvFs<A> {
    type Dir = NtfsDir<A>;

    fn check(&self, options: &Options) -> Result<()> {
        self.inner.check(options)
    }

    fn settle(&self, root: &str) -> Result<String> {
        self.inner.settle(root)
    }

    fn objection(&self, name: &str) -> Option<&'static str> {
        self.inner.objection(name)
    }

    fn place(&self, root: &str) -> Place {
        self.inner.place(root)
    }

    fn readings(&self, rest: &str) -> Vec<Place> {
        self.inner.readings(rest)
    }

    fn same_name(&self, one: &[u8], other: &[u8]) -> bool {
        self.inner.same_name(one, other)
    }

    fn open(&self, root: &str) -> Result<NtfsDir<A>> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known().contains(root) {
            return self.inner.open(root);
        }
        self.volumes.require(root)?;
        let opened = self.inner.open(root)?;
        known().insert(root.to_owned());
        Ok(opened)
    }
}
