//! What a case works with: an open store, names of its own in it, and the list of what has to go afterwards.

use crate::{
    case::{Check, Due, Stop, ensure, refused, told},
    pattern::{Pattern, first_difference},
    services::Services,
    target::Target,
};
use bytes::Bytes;
use casement_sdk::{
    Capabilities, Entry, Error, Kind, Range, Stat, WriteOptions,
    host::{Backend, Writer, stray_answers},
};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) target: Target,
    pub(crate) services: Arc<Services>,
    pub(crate) run: Arc<Run>,
    store: Option<Backend>,
    left: Mutex<Left>,
}

/// What all cases of a run share.
#[derive(Debug)]
pub(crate) struct Run {
    /// What names of this run begin with.
    name: String,
    /// How many answers had been ignored in this process before.
    pub(crate) stray_before: usize,
}

impl Run {
    pub(crate) fn new() -> Self {
        Self { name: format!("conformance-{:08x}", fastrand::u32(..)), stray_before: stray_answers() }
    }
}

/// What a case may leave in the store.
#[derive(Debug, Default)]
struct Left {
    keys: Vec<String>,
    tokens: Vec<String>,
}

impl Probe {
    pub(crate) fn new(target: &Target, run: &Arc<Run>, services: Arc<Services>, store: Option<Backend>) -> Self {
        Self { target: target.clone(), services, run: run.clone(), store, left: Mutex::default() }
    }

    pub(crate) fn store(&self) -> Check<&Backend> {
        self.store.as_ref().ok_or_else(|| Stop::Skipped("no store was opened for it".to_owned()))
    }

    /// The store once more, as another gateway would open it.
    pub(crate) async fn open_again(&self) -> Check<Backend> {
        self.open(&self.target.config_text()).await.or_seen("opening the store")
    }

    pub(crate) async fn open(&self, config: &str) -> casement_sdk::Result<Backend> {
        self.target.plugin.open(self.services.clone(), config).await
    }

    pub(crate) fn can(&self) -> Check<Capabilities> {
        Ok(*self.store()?.capabilities())
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What every key of this run begins with, in this store and for nobody else. Where the store is not written to, what
    /// keys look like is told by the object that is there.
    pub(crate) fn prefix(&self) -> String {
        let there = self.target.object.as_ref().filter(|_| self.can().is_ok_and(|can| !can.write));
        let above = there.map(|(key, _)| format!("{key}-")).unwrap_or_default();
        format!("{above}{}-", self.run.name)
    }

    /// A key of this case's own, which ends in `name`. The object is deleted afterwards.
    pub(crate) fn key(&self, name: &str) -> String {
        let key = format!("{}{}-{name}", self.prefix(), number());
        self.note_key(&key);
        key
    }

    /// Takes care that the object is deleted afterwards.
    pub(crate) fn note_key(&self, key: &str) {
        self.left().keys.push(key.to_owned());
    }

    pub(crate) fn note_token(&self, token: &str) {
        if !token.is_empty() {
            self.left().tokens.push(token.to_owned());
        }
    }

    /// A transfer as the gateway names one.
    pub(crate) fn transfer(&self) -> String {
        format!("{}-t{}", self.run.name, number())
    }

    /// The size in which the gateway would write.
    pub(crate) fn chunk(&self) -> Check<u64> {
        const ELSE: u64 = 1 << 20;
        const MOST: u64 = 16 << 20;
        Ok(match self.can()?.chunk_size {
            0 => ELSE,
            size => size.min(MOST),
        })
    }

    pub(crate) async fn create(&self, key: &str, size: Option<u64>) -> casement_sdk::Result<Writer> {
        let Some(store) = &self.store else { return Err(Error::unsupported("writing without a store")) };
        self.create_in(store, key, size).await
    }

    pub(crate) async fn create_in(
        &self,
        store: &Backend,
        key: &str,
        size: Option<u64>,
    ) -> casement_sdk::Result<Writer> {
        let writer = store.create(key, WriteOptions { size, transfer: self.transfer() }).await?;
        self.note_token(writer.token());
        Ok(writer)
    }

    /// A staged write with some bytes in it, and its key.
    pub(crate) async fn begin(&self, name: &str) -> Check<(Writer, String)> {
        let key = self.key(name);
        let mut writer = self.create(&key, None).await.or_seen("starting a write")?;
        writer.write(Pattern::new(1000).bytes()).await.or_seen("writing 1000 bytes")?;
        Ok((writer, key))
    }

    /// Writes all of `data` in chunks of the size that the gateway would take, and commits.
    pub(crate) async fn try_put(&self, key: &str, data: &Pattern) -> casement_sdk::Result<Stat> {
        let mut writer = self.create(key, Some(data.len)).await?;
        let chunk = self.chunk().unwrap_or(1 << 20);
        let mut at = 0;
        while at < data.len {
            let bytes = data.part(at, chunk);
            at += bytes.len() as u64;
            writer.write(bytes).await?;
        }
        writer.commit().await
    }

    pub(crate) async fn put(&self, key: &str, data: &Pattern) -> Check<Stat> {
        self.try_put(key, data).await.or_seen(&format!("writing {} bytes and committing them", data.len))
    }

    /// A new object of this size.
    pub(crate) async fn put_new(&self, name: &str, len: u64) -> Check<(String, Pattern)> {
        let (key, data) = (self.key(name), Pattern::new(len));
        self.put(&key, &data).await?;
        Ok((key, data))
    }

    /// An object to read: one that is written for it, or, where the store is read-only, the one that is there.
    pub(crate) async fn sample(&self, len: u64) -> Check<(String, Bytes)> {
        if self.can()?.write {
            let (key, data) = self.put_new("sample", len).await?;
            return Ok((key, data.bytes()));
        }
        let there = self.target.object.clone();
        there.ok_or_else(|| Stop::Skipped("needs `write`, or an object that is there (`--object`)".to_owned()))
    }

    pub(crate) async fn read(&self, key: &str, offset: u64, len: Option<u64>) -> casement_sdk::Result<Vec<u8>> {
        let Some(store) = &self.store else { return Err(Error::unsupported("reading without a store")) };
        read_from(store, key, offset, len).await
    }

    /// Reads a range, which must be `expected`.
    pub(crate) async fn expect_range(&self, key: &str, offset: u64, len: Option<u64>, expected: &[u8]) -> Check {
        let what = match len {
            None => format!("reading from {offset} to the end"),
            Some(len) => format!("reading {len} bytes from {offset}"),
        };
        let got = self.read(key, offset, len).await.or_seen(&what)?;
        same(expected, &got, &what)
    }

    /// The object is there, whole, and says so.
    pub(crate) async fn expect_object(&self, key: &str, data: &Pattern) -> Check {
        self.expect_object_in(self.store()?, key, data).await
    }

    pub(crate) async fn expect_object_in(&self, store: &Backend, key: &str, data: &Pattern) -> Check {
        let stat = store.stat(key).await.or_seen("asking for the object's size")?;
        ensure!(stat.size == data.len, "the object has {} bytes by `stat`, and {} were written", stat.size, data.len);
        let mut reader = store.read(key, Range::default()).await.or_seen("opening the object for reading")?;
        let mut at = 0;
        while let Some(bytes) = reader.next().await.or_seen(&format!("reading on at {at}"))? {
            if let Some(wrong) = data.difference(at, &bytes) {
                return Err(Stop::Failed(format!("the object differs from what was written, from byte {wrong} on")));
            }
            at += bytes.len() as u64;
        }
        ensure!(at == data.len, "reading the object gave {at} bytes, and {} were written", data.len);
        Ok(())
    }

    /// Nothing can be found under the key, in any way.
    pub(crate) async fn expect_nothing(&self, key: &str, when: &str) -> Check {
        let store = self.store()?;
        refused(store.stat(key).await, &[Kind::NotFound], &format!("`stat` {when}"))?;
        refused(self.read(key, 0, None).await, &[Kind::NotFound], &format!("reading {when}"))?;
        if store.capabilities().list {
            let found = self.list(key, None).await?;
            ensure!(!found.iter().any(|entry| entry.key == key), "the listing has the key {when}");
        }
        Ok(())
    }

    /// A whole listing.
    pub(crate) async fn list(&self, prefix: &str, after: Option<&str>) -> Check<Vec<Entry>> {
        let mut lister = self.store()?.list(prefix, after).await.or_seen("starting a listing")?;
        let mut entries = Vec::new();
        loop {
            let page = lister.next_page().await.or_seen("asking for the next page")?;
            if page.is_empty() {
                return Ok(entries);
            }
            entries.extend(page);
        }
    }

    pub(crate) async fn list_keys(&self, prefix: &str, after: Option<&str>) -> Check<Vec<String>> {
        Ok(self.list(prefix, after).await?.into_iter().map(|entry| entry.key).collect())
    }

    pub(crate) async fn is_staged(&self, token: &str) -> Check<bool> {
        let staged = self.store()?.list_staged().await.or_seen("listing staged writes")?;
        Ok(staged.iter().any(|staged| staged.token == token))
    }

    /// A writer that was dropped is aborted behind the scenes: waits until its token is gone.
    pub(crate) async fn expect_unstaged(&self, token: &str, when: &str) -> Check {
        const TRIES: u32 = 100;
        if token.is_empty() || !self.can()?.stage_tokens {
            return Ok(());
        }
        for _ in 0..TRIES {
            if !self.is_staged(token).await? {
                return Ok(());
            }
            pause().await;
        }
        Err(Stop::Failed(format!("`list_staged` has the token `{token}` {when}, also after a while")))
    }

    /// Removes what the case has left; says what could not be removed.
    pub(crate) async fn clean_up(&self) -> Vec<String> {
        let Some(store) = &self.store else { return Vec::new() };
        let Left { keys, tokens } = std::mem::take(&mut *self.left());
        let mut stays = Vec::new();
        let mut note = |what: String, answer: casement_sdk::Result<()>| match answer {
            Err(error) if !is_gone(&error) => stays.push(format!("{what} stays: {}", told(&error))),
            _ => {}
        };
        // A writer that was dropped is being aborted, and what is asked now must not come in between.
        store.idle().await.ok();
        if store.capabilities().stage_tokens {
            for token in tokens {
                note(format!("the staged write `{token}`"), store.discard(&token).await);
            }
        }
        if store.capabilities().delete {
            for key in keys {
                note(format!("the object `{key}`"), store.delete(&key).await);
            }
        }
        stays
    }
}

/// Nothing is there, or the store would never have taken such a name.
fn is_gone(error: &Error) -> bool {
    matches!(error.kind(), Kind::NotFound | Kind::Unsupported | Kind::Misuse)
}

/// For what a store does behind the scenes, of which nothing tells when it is done.
pub(crate) async fn pause() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

pub(crate) async fn read_from(
    store: &Backend,
    key: &str,
    offset: u64,
    len: Option<u64>,
) -> casement_sdk::Result<Vec<u8>> {
    let mut reader = store.read(key, Range { offset, len }).await?;
    let mut data = Vec::new();
    while let Some(bytes) = reader.next().await? {
        data.extend_from_slice(&bytes);
    }
    Ok(data)
}

pub(crate) fn same(expected: &[u8], got: &[u8], doing: &str) -> Check {
    match first_difference(expected, got) {
        None => Ok(()),
        Some(at) if at == expected.len().min(got.len()) => {
            Err(Stop::Failed(format!("{doing}: gave {} bytes instead of {}", got.len(), expected.len())))
        }
        Some(at) => Err(Stop::Failed(format!("{doing}: gave other bytes than were written, from the {at}th on"))),
    }
}

/// No two names of a run are alike.
fn number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
