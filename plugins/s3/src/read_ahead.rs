//! Reading an object in parts, several of them at once: where one connection does not bring what the network could.

use crate::{client::Client, reader::Object};
use casement_object::{Patience, ResumingReader};
use casement_sdk::{Bytes, Error, Kind, Range, Reader, Result, in_this_operation};
use std::{collections::VecDeque, vec::IntoIter};
use tokio_util::task::AbortOnDropHandle;

/// How much is asked for at once: that many parts are in memory at most, and the one that is given out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    pub(crate) size: u64,
    pub(crate) count: usize,
}

#[derive(Debug)]
pub(crate) struct ReadAhead {
    object: Object,
    parts: Parts,
    patience: Patience,
    /// Where the next part begins that is to be asked for.
    next: u64,
    end: u64,
    under_way: VecDeque<AbortOnDropHandle<Result<Vec<Bytes>>>>,
    /// The part that is given out.
    ready: IntoIter<Bytes>,
}

impl ReadAhead {
    pub(crate) async fn open(
        client: &Client,
        key: &str,
        range: Range,
        parts: Parts,
        patience: Patience,
    ) -> Result<Self> {
        let found = client.find(key).await?;
        let end = range.len.map_or(found.size, |len| range.offset.saturating_add(len).min(found.size));
        // All parts are of this version.
        let object = Object::of(client, key, found.etag);
        let under_way = VecDeque::with_capacity(parts.count);
        let ready = Vec::new().into_iter();
        Ok(Self { object, parts, patience, next: range.offset, end, under_way, ready })
    }

    fn ask(&mut self) {
        while self.under_way.len() < self.parts.count && self.next < self.end {
            let len = self.parts.size.min(self.end - self.next);
            let range = Range { offset: self.next, len: Some(len) };
            self.next += len;
            let part = part(self.object.clone(), range, self.patience);
            self.under_way.push_back(AbortOnDropHandle::new(tokio::spawn(in_this_operation(part))));
        }
    }
}

async fn part(object: Object, range: Range, patience: Patience) -> Result<Vec<Bytes>> {
    // That there are so many bytes is known, so an answer that breaks off at once is as good as one that breaks off later.
    let open = || ResumingReader::open(object.clone(), range, patience);
    let mut reader = patience.attempt("reading a part", open).await?;
    let mut chunks = Vec::new();
    while let Some(chunk) = reader.next().await? {
        chunks.push(chunk);
    }
    Ok(chunks)
}

impl Reader for ReadAhead {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if let Some(chunk) = self.ready.next() {
                return Ok(Some(chunk));
            }
            self.ask();
            let Some(part) = self.under_way.front_mut() else { return Ok(None) };
            // The part stays in its place while it is waited for: the wait may be given up.
            let chunks =
                part.await.map_err(|error| Error::new(Kind::Internal, format!("a part came to no end: {error}")))??;
            self.under_way.pop_front();
            self.ready = chunks.into_iter();
        }
    }
}
