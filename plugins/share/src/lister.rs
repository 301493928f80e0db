//! Listing objects, in order and by pages.

use crate::{Class, Dir, FileSystem, Result, keys, root::Root};
use casement_sdk::{Entry, blocking};
use std::sync::Arc;

const PAGE: usize = 1000;

/// A listing in progress. A directory has no order of its own, so all names are read at the start; sizes are looked up
/// page by page.
#[derive(Debug)]
pub struct Lister<F: FileSystem> {
    roots: Vec<Arc<Root<F>>>,
    /// Each with the index of its root.
    names: std::vec::IntoIter<(String, usize)>,
}

impl<F: FileSystem> Lister<F> {
    pub(crate) fn new(roots: &[Arc<Root<F>>], prefix: &str, after: Option<&str>) -> Result<Self> {
        let mut names = Vec::new();
        for (index, root) in roots.iter().enumerate() {
            let found = root.verified()?.names().map_err(|error| root.failed("listing", prefix, error))?;
            let wanted = found.into_iter().filter(|name| {
                keys::is_key(&*root.fs, name)
                    && name.starts_with(prefix)
                    && after.is_none_or(|after| name.as_str() > after)
                    && !root.condemned.contains(name)
            });
            names.extend(wanted.map(|name| (name, index)));
        }
        names.sort_unstable();
        names.dedup_by(|one, other| one.0 == other.0);
        Ok(Self { roots: roots.to_vec(), names: names.into_iter() })
    }

    fn page(&mut self) -> Result<Vec<Entry>> {
        // Once a page: when a root is gone, its objects must not seem to be.
        let dirs = self.roots.iter().map(|root| root.verified()).collect::<Result<Vec<_>>>()?;
        let mut page = Vec::new();
        while page.len() < PAGE
            && let Some((key, index)) = self.names.next()
        {
            match dirs[index].metadata(&key) {
                Ok(found) if found.is_file => page.push(Entry { key, size: found.size }),
                Ok(_) => {}
                // Deleted since the directory was read.
                Err(error) if error.class() == Class::NotFound => {}
                Err(error) => return Err(self.roots[index].failed("looking at", &key, error)),
            }
        }
        Ok(page)
    }
}

impl<F: FileSystem> blocking::Lister for Lister<F> {
    fn next_page(&mut self) -> casement_sdk::Result<Vec<Entry>> {
        Ok(self.page()?)
    }
}
