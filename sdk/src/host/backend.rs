//! An open store.

use super::{
    Lister, Reader, Writer,
    answer::{Answer, Expect, broken},
    call::Calls,
    tables::Tables,
};
use crate::{
    Capabilities, Error, ObjectFile, Range, Result, Staged, Stat, Usage, WriteOptions,
    abi::{CasementCapabilities, CasementStr, from_wire, to_wire},
};
use std::{sync::Arc, time::Duration};

const LONGEST_TEXT: usize = 8 << 10;

/// An open store. Cheap to clone; the plugin's backend ends with the last clone and the last writer, reader
/// and lister.
#[derive(Debug, Clone)]
pub struct Backend {
    tables: Arc<Tables>,
    calls: Calls,
    capabilities: Capabilities,
}

/// The table's function, or the answer that there is none.
macro_rules! function {
    ($table:expr, $name:ident) => {
        match $table.$name {
            Some(function) => function,
            None => return Err(Error::unsupported(stringify!($name))),
        }
    };
}
pub(super) use function;

impl Backend {
    pub(super) async fn new(tables: Arc<Tables>, opening: Calls, answer: Answer) -> Result<Self> {
        let handle = answer.handle.ok_or_else(|| broken("open", "OK without a handle"))?;
        let calls = opening.on(handle);
        let capabilities = capabilities(&tables, &calls).await?;
        Ok(Self { tables, calls, capabilities })
    }

    /// The same store, for operations that are for a client's request with this id: what begins with one of them, a
    /// writer say, is for it up to its end.
    #[must_use]
    pub fn for_request(&self, id: &str) -> Self {
        let calls = Calls { request: Some(Arc::from(id)).filter(|_| !id.is_empty()), ..self.calls.clone() };
        Self { calls, ..self.clone() }
    }

    /// What the backend can do, as it said right after `open`.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Waits until the plugin has answered every operation of this store, also those that nobody waits for any longer.
    /// Operations that begin meanwhile wait until this has ended.
    pub async fn idle(&self) -> Result<()> {
        self.calls.places.all_free().await
    }

    /// See [`crate::Backend::stat`].
    pub async fn stat(&self, key: &str) -> Result<Stat> {
        let (stat, key) = (function!(self.tables.backend, stat), key.to_owned());
        // SAFETY: the contract of the call: a live handle, texts lent for its duration.
        let answer =
            self.calls.call("stat", Expect::Plain, move |b, c| unsafe { stat(b, CasementStr::new(&key), c) }).await?;
        stat_of(&answer, "stat")
    }

    /// See [`crate::Backend::create`].
    pub async fn create(&self, key: &str, options: WriteOptions) -> Result<Writer> {
        let open_write = function!(self.tables.backend, open_write);
        let Some((table, destroy)) = self.tables.writer else {
            return Err(Error::unsupported("writing"));
        };
        let (key, WriteOptions { size, transfer }) = (key.to_owned(), options);
        let submit = move |b, c| {
            // SAFETY: as in `stat`.
            unsafe { open_write(b, CasementStr::new(&key), CasementStr::new(&transfer), to_wire(size), c) }
        };
        let answer = self.calls.call("open_write", Expect::Handle(destroy), submit).await?;
        Writer::new(table, &self.calls, answer)
    }

    /// See [`crate::Backend::read`].
    pub async fn read(&self, key: &str, range: Range) -> Result<Reader> {
        let (open_read, key) = (function!(self.tables.backend, open_read), key.to_owned());
        let Some((table, destroy)) = self.tables.reader else {
            return Err(Error::unsupported("reading"));
        };
        let submit = move |b, c| {
            // SAFETY: as in `stat`.
            unsafe { open_read(b, CasementStr::new(&key), range.offset, to_wire(range.len), c) }
        };
        let answer = self.calls.call("open_read", Expect::Handle(destroy), submit).await?;
        Reader::new(table, &self.calls, answer)
    }

    /// See [`crate::Backend::delete`].
    pub async fn delete(&self, key: &str) -> Result<()> {
        let (delete, key) = (function!(self.tables.backend, delete), key.to_owned());
        // SAFETY: as in `stat`.
        let submit = move |b, c| unsafe { delete(b, CasementStr::new(&key), c) };
        self.calls.call("delete", Expect::Plain, submit).await.map(drop)
    }

    /// See [`crate::Backend::list`].
    pub async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Lister> {
        let open_list = function!(self.tables.backend, open_list);
        let Some((table, destroy)) = self.tables.lister else {
            return Err(Error::unsupported("listing"));
        };
        let (prefix, after) = (prefix.to_owned(), after.unwrap_or_default().to_owned());
        // SAFETY: as in `stat`.
        let submit = move |b, c| unsafe { open_list(b, CasementStr::new(&prefix), CasementStr::new(&after), c) };
        let answer = self.calls.call("open_list", Expect::Handle(destroy), submit).await?;
        Lister::new(table, &self.calls, answer)
    }

    /// See [`crate::Backend::discard`].
    pub async fn discard(&self, token: &str) -> Result<()> {
        let (discard, token) = (function!(self.tables.backend, discard), token.to_owned());
        // SAFETY: as in `stat`.
        let submit = move |b, c| unsafe { discard(b, CasementStr::new(&token), c) };
        self.calls.call("discard", Expect::Plain, submit).await.map(drop)
    }

    /// See [`crate::Backend::list_staged`].
    pub async fn list_staged(&self) -> Result<Vec<Staged>> {
        let list_staged = function!(self.tables.backend, list_staged);
        // SAFETY: as in `stat`.
        let submit = move |b, c| unsafe { list_staged(b, c) };
        self.calls.call("list_staged", Expect::Plain, submit).await?.json("list_staged")
    }

    /// See [`crate::Backend::copy`].
    pub async fn copy(&self, from: &str, to: &str) -> Result<Stat> {
        let (copy, from, to) = (function!(self.tables.backend, copy), from.to_owned(), to.to_owned());
        // SAFETY: as in `stat`.
        let submit = move |b, c| unsafe { copy(b, CasementStr::new(&from), CasementStr::new(&to), c) };
        stat_of(&self.calls.call("copy", Expect::Plain, submit).await?, "copy")
    }

    /// See [`crate::Backend::presign_read`].
    pub async fn presign_read(&self, key: &str, lifetime: Duration) -> Result<String> {
        let Some(table) = self.tables.presign else {
            return Err(Error::unsupported("presigned URLs"));
        };
        let (presign_read, key) = (function!(table, presign_read), key.to_owned());
        let lifetime = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
        // SAFETY: as in `stat`.
        let submit = move |b, c| unsafe { presign_read(b, CasementStr::new(&key), lifetime, c) };
        let answer = self.calls.call("presign_read", Expect::Plain, submit).await?;
        answer.text("presign_read", LONGEST_TEXT).map(str::to_owned)
    }

    /// See [`crate::Backend::open_file`].
    pub async fn open_file(&self, key: &str) -> Result<ObjectFile> {
        let Some(table) = self.tables.file else {
            return Err(Error::unsupported("handing over a file"));
        };
        let (open_file, key) = (function!(table, open_file), key.to_owned());
        // SAFETY: as in `stat`.
        let submit = move |b, c| unsafe { open_file(b, CasementStr::new(&key), c) };
        let answer = self.calls.call("open_file", Expect::File, submit).await?;
        let file = answer.file.ok_or_else(|| broken("open_file", "OK without a file"))?;
        Ok(ObjectFile { file, size: answer.value2 })
    }

    /// See [`crate::Backend::place`]. A backend without this extension makes no difference between owners.
    pub async fn place(&self, key: &str, owner: &str) -> Result<String> {
        let Some(place) = self.tables.placement.and_then(|table| table.place) else {
            return Ok(key.to_owned());
        };
        let (key, owner) = (key.to_owned(), owner.to_owned());
        // SAFETY: as in `stat`.
        let submit = move |b, c| unsafe { place(b, CasementStr::new(&key), CasementStr::new(&owner), c) };
        let answer = self.calls.call("place", Expect::Plain, submit).await?;
        match answer.text("place", LONGEST_TEXT)? {
            "" => Err(broken("place", "with no key")),
            key => Ok(key.to_owned()),
        }
    }

    /// See [`crate::Backend::format_location`].
    pub async fn format_location(&self, key: &str) -> Result<String> {
        let (format_location, key) = (function!(self.tables.backend, format_location), key.to_owned());
        // SAFETY: as in `stat`.
        let submit = move |b, c| unsafe { format_location(b, CasementStr::new(&key), c) };
        let answer = self.calls.call("format_location", Expect::Plain, submit).await?;
        answer.text("format_location", LONGEST_TEXT).map(str::to_owned)
    }

    /// See [`crate::Backend::parse_location`].
    pub async fn parse_location(&self, uri: &str) -> Result<String> {
        let (parse_location, uri) = (function!(self.tables.backend, parse_location), uri.to_owned());
        // SAFETY: as in `stat`.
        let submit = move |b, c| unsafe { parse_location(b, CasementStr::new(&uri), c) };
        let answer = self.calls.call("parse_location", Expect::Plain, submit).await?;
        answer.text("parse_location", LONGEST_TEXT).map(str::to_owned)
    }

    /// See [`crate::Backend::health`].
    pub async fn health(&self) -> Result<()> {
        let Some(health) = self.tables.backend.health else {
            return Ok(());
        };
        // SAFETY: as in `stat`.
        self.calls.call("health", Expect::Plain, move |b, c| unsafe { health(b, c) }).await.map(drop)
    }

    /// See [`crate::Backend::usage`].
    pub async fn usage(&self) -> Result<Usage> {
        let Some(usage) = self.tables.backend.usage else {
            return Ok(Usage::default());
        };
        // SAFETY: as in `stat`.
        let answer = self.calls.call("usage", Expect::Plain, move |b, c| unsafe { usage(b, c) }).await?;
        Ok(Usage { used: from_wire(answer.value), free: from_wire(answer.value2) })
    }
}

/// Size, ETag and time of an answer.
pub(super) fn stat_of(answer: &Answer, what: &str) -> Result<Stat> {
    let etag = answer.text(what, LONGEST_TEXT)?;
    Ok(Stat {
        size: answer.value,
        etag: (!etag.is_empty()).then(|| etag.to_owned()),
        modified_ms: from_wire(answer.value2),
    })
}

async fn capabilities(tables: &Tables, calls: &Calls) -> Result<Capabilities> {
    let (ask, handle) = (function!(tables.backend, capabilities), calls.handle.clone());
    let ask = move || {
        let mut caps = CasementCapabilities {
            size: size_of::<CasementCapabilities>() as u32,
            reserved: 0,
            flags: 0,
            chunk_size: 0,
            max_object_size: 0,
        };
        if let Some(handle) = handle {
            // SAFETY: the handle is live, `caps` is ours.
            unsafe { ask(handle.ptr(), &raw mut caps) };
        }
        caps
    };
    let place = calls.places.take().await?;
    let caps = calls.places.run(move || (ask(), drop(place)).0).await?;
    Ok(Capabilities {
        chunk_size: caps.chunk_size,
        max_object_size: caps.max_object_size,
        ..Capabilities::from_bits(caps.flags)
    })
}
