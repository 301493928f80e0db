//! The three handles that live on an open store: a staged write, an object being read, a listing.

use super::{
    answer::{Answer, Expect, broken},
    backend::{function, stat_of},
    call::{Calls, Operation},
};
use crate::{
    Entry, Error, Kind, Result, Stat,
    abi::{CasementBuf, CasementCompletion, CasementListerVt, CasementOp, CasementReaderVt, CasementWriterVt},
};
use bytes::Bytes;
use std::{ffi::c_void, sync::Arc};

const LONGEST_TOKEN: usize = 512;

/// Operations on one handle, one after the other.
#[derive(Debug)]
struct Sequence {
    calls: Calls,
    /// The operation that failed, or that nobody waited for: what came of it is unknown, so that only the end
    /// of the handle can follow.
    spoiled_by: Option<Arc<Operation>>,
}

impl Sequence {
    fn new(calls: Calls) -> Self {
        Self { calls, spoiled_by: None }
    }

    async fn call(
        &mut self,
        what: &'static str,
        expect: Expect,
        submit: impl FnOnce(*mut c_void, CasementCompletion) -> CasementOp + Send + 'static,
    ) -> Result<Answer> {
        if self.spoiled_by.is_some() {
            let message = format!("`{what}` cannot follow an operation that failed or was given up");
            return Err(Error::new(Kind::Misuse, message));
        }
        let started = self.calls.start(what, expect);
        self.spoiled_by = Some(started.operation());
        let answer = started.submit(submit).await?;
        self.spoiled_by = None;
        Ok(answer)
    }

    /// Waits for an operation that was given up: the plugin sees one at a time.
    async fn idle(&self) {
        if let Some(operation) = &self.spoiled_by {
            operation.over().await;
        }
    }
}

/// A staged write. Dropping it unfinished makes the plugin remove what was staged. After a `write` that failed
/// or was given up only [`Writer::abort`] is legal.
#[derive(Debug)]
pub struct Writer {
    sequence: Sequence,
    table: CasementWriterVt,
    token: String,
}

impl Writer {
    pub(super) fn new(table: CasementWriterVt, backend: &Calls, mut answer: Answer) -> Result<Self> {
        let handle = answer.handle.take().ok_or_else(|| broken("open_write", "OK without a handle"))?;
        let sequence = Sequence::new(backend.on(handle));
        let token = answer.text("open_write", LONGEST_TOKEN)?.to_owned();
        Ok(Self { sequence, table, token })
    }

    /// What [`Backend::discard`](super::Backend::discard) takes; empty where the backend keeps nothing behind.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Appends a chunk, which is moved to the plugin without a copy.
    pub async fn write(&mut self, chunk: Bytes) -> Result<()> {
        let write = function!(self.table, write);
        // SAFETY: the contract of the call: a live handle, one operation at a time, the chunk is moved.
        let submit = move |w, c| unsafe { write(w, CasementBuf::from_bytes(chunk), c) };
        self.sequence.call("write", Expect::Plain, submit).await.map(drop)
    }

    /// Publishes the object.
    pub async fn commit(mut self) -> Result<Stat> {
        let commit = function!(self.table, commit);
        // SAFETY: as in `write`.
        let submit = move |w, c| unsafe { commit(w, c) };
        stat_of(&self.sequence.call("commit", Expect::Plain, submit).await?, "commit")
    }

    /// Removes what was staged.
    pub async fn abort(self) -> Result<()> {
        let abort = function!(self.table, abort);
        self.sequence.idle().await;
        // SAFETY: as in `write`.
        let submit = move |w, c| unsafe { abort(w, c) };
        self.sequence.calls.call("abort", Expect::Plain, submit).await.map(drop)
    }
}

/// An object being read. After a `next` that failed or was given up the reader is of no further use: what it
/// read is lost.
#[derive(Debug)]
pub struct Reader {
    sequence: Sequence,
    table: CasementReaderVt,
}

impl Reader {
    pub(super) fn new(table: CasementReaderVt, backend: &Calls, answer: Answer) -> Result<Self> {
        let handle = answer.handle.ok_or_else(|| broken("open_read", "OK without a handle"))?;
        Ok(Self { sequence: Sequence::new(backend.on(handle)), table })
    }

    /// The next bytes, moved from the plugin without a copy; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let next = function!(self.table, next);
        // SAFETY: the contract of the call: a live handle, one operation at a time.
        let submit = move |r, c| unsafe { next(r, c) };
        let answer = self.sequence.call("next", Expect::PlainOrEnd, submit).await?;
        if answer.end {
            return Ok(None);
        }
        // Whoever loops until the end would loop for ever.
        if answer.data.is_empty() {
            return Err(broken("next", "with no bytes, and not with END"));
        }
        Ok(Some(answer.data))
    }
}

/// A listing in progress.
#[derive(Debug)]
pub struct Lister {
    sequence: Sequence,
    table: CasementListerVt,
}

impl Lister {
    pub(super) fn new(table: CasementListerVt, backend: &Calls, answer: Answer) -> Result<Self> {
        let handle = answer.handle.ok_or_else(|| broken("open_list", "OK without a handle"))?;
        Ok(Self { sequence: Sequence::new(backend.on(handle)), table })
    }

    /// The next page; an empty page is the end.
    pub async fn next_page(&mut self) -> Result<Vec<Entry>> {
        let next_page = function!(self.table, next_page);
        // SAFETY: the contract of the call: a live handle, one operation at a time.
        let submit = move |l, c| unsafe { next_page(l, c) };
        let answer = self.sequence.call("next_page", Expect::PlainOrEnd, submit).await?;
        if answer.end { Ok(Vec::new()) } else { answer.json("next_page") }
    }
}
