//! Listing the only container of a store.

use crate::{
    account::{Account, DLO},
    answer,
    listing::{Listed, Page, Wanted},
    names::Place,
};
use casement_sdk::{Entry, Result};
use std::sync::Arc;

/// A listing in progress.
#[derive(Debug)]
pub struct Lister {
    pub(crate) account: Arc<Account>,
    pub(crate) container: Place,
    pub(crate) wanted: Wanted,
}

impl Lister {
    /// `None` for what is no object of this store.
    async fn entry(&self, listed: Listed) -> Result<Option<Entry>> {
        let Listed { name, bytes, .. } = listed;
        if self.account.names.for_writing(&name).is_err() {
            return Ok(None);
        }
        // Of a dynamic large object the container knows the manifest alone, which is empty.
        let size = match bytes {
            0 => match self.account.look_for(&self.container.beside(&*name)).await? {
                Some(headers) if headers.contains_key(DLO) => answer::stat(&headers).map_or(0, |stat| stat.size),
                Some(_) => 0,
                None => return Ok(None),
            },
            bytes => bytes,
        };
        Ok(Some(Entry { key: name, size }))
    }
}

impl casement_sdk::Lister for Lister {
    async fn next_page(&mut self) -> Result<Vec<Entry>> {
        loop {
            let Page { objects, .. } = self.account.page(&self.container, &self.wanted).await?;
            let Some(last) = objects.last() else { return Ok(Vec::new()) };
            self.wanted.after.clone_from(&last.name);
            let mut page = Vec::new();
            for listed in objects {
                page.extend(self.entry(listed).await?);
            }
            // An empty page would be the end.
            if !page.is_empty() {
                return Ok(page);
            }
        }
    }
}
