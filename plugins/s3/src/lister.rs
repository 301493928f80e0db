//! Listing the bucket.

use crate::client::Client;
use casement_sdk::{Entry, Kind, Result};

/// A listing in progress.
#[derive(Debug)]
pub struct Lister {
    client: Client,
    prefix: String,
    after: Option<String>,
    /// Where the next page begins; the first one has none.
    next: Option<String>,
    is_done: bool,
}

impl Lister {
    pub(crate) fn new(client: Client, prefix: &str, after: Option<&str>) -> Self {
        Self { client, prefix: prefix.to_owned(), after: after.map(str::to_owned), next: None, is_done: false }
    }
}

impl casement_sdk::Lister for Lister {
    async fn next_page(&mut self) -> Result<Vec<Entry>> {
        while !self.is_done {
            let client = &self.client;
            let list = client.s3().list_objects_v2().bucket(client.bucket()).prefix(&self.prefix);
            let list = list.set_start_after(self.after.clone()).set_continuation_token(self.next.clone());
            let page = match client.call(list.send()).await {
                Ok(page) => page,
                // The bucket is to come.
                Err(failure) if failure.error.kind() == Kind::NotFound => return Ok(Vec::new()),
                Err(failure) => return Err(failure.error),
            };
            self.next = page.next_continuation_token().map(str::to_owned);
            self.is_done = page.is_truncated() != Some(true) || self.next.is_none();
            let entries = page.contents().iter().filter_map(|object| {
                let size = object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
                Some(Entry { key: object.key()?.to_owned(), size })
            });
            let entries: Vec<_> = entries.collect();
            // An empty page would be taken for the end.
            if !entries.is_empty() {
                return Ok(entries);
            }
        }
        Ok(Vec::new())
    }
}
