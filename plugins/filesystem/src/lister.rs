//! Listing objects, in order and by pages.

use crate::backend::Root;
use crate::location;
use casement_sdk::{Entry, Result, blocking};
use std::io;
use std::sync::Arc;

const PAGE: usize = 1000;

/// A listing in progress. A directory has no order of its own, so all names are read at the start; sizes are
/// looked up page by page.
#[derive(Debug)]
pub struct Lister {
    root: Arc<Root>,
    names: std::vec::IntoIter<String>,
}

impl Lister {
    pub(crate) fn new(root: &Arc<Root>, prefix: &str, after: Option<&str>) -> Result<Self> {
        let mut names = root.verified()?.names().map_err(|error| root.failed("listing", prefix, error))?;
        names.retain(|name| {
            location::is_key(name) && name.starts_with(prefix) && after.is_none_or(|after| name.as_str() > after)
        });
        names.sort_unstable();
        Ok(Self { root: Arc::clone(root), names: names.into_iter() })
    }
}

impl blocking::Lister for Lister {
    fn next_page(&mut self) -> Result<Vec<Entry>> {
        // Once a page: when the root is gone, its objects must not seem to be.
        let dir = self.root.verified()?;
        let mut page = Vec::new();
        while page.len() < PAGE
            && let Some(key) = self.names.next()
        {
            match dir.metadata(&key) {
                Ok(found) if found.is_file() => page.push(Entry { key, size: found.len() }),
                Ok(_) => {}
                // Deleted since the directory was read.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(self.root.failed("looking at", &key, error)),
            }
        }
        Ok(page)
    }
}
