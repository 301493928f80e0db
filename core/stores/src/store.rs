//! One configured store: its backend behind the guard, and the state it is in.

use crate::{
    config::StoreOptions,
    error::{Error, Kind, Result, Side},
    figures::Call,
    guard::Guard,
    host::StoreServices,
};
use bytes::Bytes;
use casement_failpoints::around;
use casement_image::ObjectKey;
use casement_request::RequestId;
use casement_sdk::{
    Capabilities, ObjectFile, Range, Staged, Stat, Usage, WriteOptions,
    host::{Backend, Reader, Writer},
};
use std::{
    fmt,
    ops::Deref,
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

/// The size of chunk for a backend that likes none best.
pub(crate) const CHUNK_SIZE: usize = 1 << 20;

/// Where a store is on its way from the configuration to service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreState {
    /// Named in the configuration.
    Declared,
    /// Its plugin is loaded and checked.
    Loaded,
    /// In service.
    Open,
    /// In service, but its last health check failed.
    Degraded(String),
    /// Out of service. `retryable` says whether opening it again later may help.
    Failed { reason: String, retryable: bool },
}

impl StoreState {
    pub(crate) const NAMES: [&str; 5] = ["declared", "loaded", "open", "degraded", "failed"];

    /// One word for it.
    pub fn name(&self) -> &'static str {
        let at = match self {
            Self::Declared => 0,
            Self::Loaded => 1,
            Self::Open => 2,
            Self::Degraded(_) => 3,
            Self::Failed { .. } => 4,
        };
        Self::NAMES[at]
    }

    /// What is wrong, where something is.
    fn trouble(&self) -> Option<&str> {
        match self {
            Self::Degraded(reason) | Self::Failed { reason, .. } => Some(reason),
            Self::Declared | Self::Loaded | Self::Open => None,
        }
    }
}

/// How a store is, for those who run the service.
#[derive(Debug, Clone)]
pub struct Health {
    pub state: StoreState,
    /// When it came into this state.
    pub since: SystemTime,
    /// The last trouble there was, and when it was first met.
    pub last_error: Option<(String, SystemTime)>,
    pub breaker_open: bool,
    /// As its backend told last, where it can tell.
    pub usage: Usage,
}

/// One store.
pub struct Store {
    options: StoreOptions,
    guard: Guard,
    /// One for all openings: what a backend holds of the gateway it may hold for ever.
    services: Arc<StoreServices>,
    standing: RwLock<Standing>,
}

struct Standing {
    state: StoreState,
    since: SystemTime,
    last_error: Option<(String, SystemTime)>,
    usage: Usage,
    backend: Option<Arc<OpenBackend>>,
}

impl Standing {
    fn enter(&mut self, store: &str, state: StoreState) {
        if self.state == state {
            return;
        }
        tracing::debug!(store, from = ?self.state, to = ?state, "store changes state");
        let now = SystemTime::now();
        if let Some(trouble) = state.trouble() {
            self.last_error = Some((trouble.to_owned(), now));
        }
        if self.state.name() != state.name() {
            self.since = now;
        }
        self.state = state;
    }
}

/// A backend in service. One that was replaced ends with the last transfer that goes on in it.
struct OpenBackend {
    backend: Backend,
    store: String,
    version: String,
}

/// The same for the request that is worked for here.
struct ForRequest {
    backend: Backend,
    open: Arc<OpenBackend>,
}

impl Deref for ForRequest {
    type Target = Backend;

    fn deref(&self) -> &Backend {
        &self.backend
    }
}

impl Drop for OpenBackend {
    fn drop(&mut self) {
        tracing::debug!(store = self.store, version = self.version, "backend out of use");
    }
}

impl fmt::Debug for OpenBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenBackend")
            .field("store", &self.store)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Store {
    pub(crate) fn new(options: StoreOptions, plugin_threads: u32) -> Self {
        let services = Arc::new(StoreServices::new(&options, plugin_threads));
        let guard = Guard::new(&options.id, options.limits.clone());
        let standing = Standing {
            state: StoreState::Declared,
            since: SystemTime::now(),
            last_error: None,
            usage: Usage::default(),
            backend: None,
        };
        let standing = RwLock::new(standing);
        Self { options, guard, services, standing }
    }

    pub fn id(&self) -> &str {
        &self.options.id
    }

    pub fn options(&self) -> &StoreOptions {
        &self.options
    }

    /// Whether the store takes no data: by configuration, or because its backend can't.
    pub fn is_read_only(&self) -> bool {
        self.options.read_only || self.capabilities().is_some_and(|can| !can.write)
    }

    pub fn state(&self) -> StoreState {
        self.read_standing(|standing| standing.state.clone())
    }

    /// Why the store is out of service, when it is.
    pub fn unavailable(&self) -> Option<String> {
        match self.state() {
            StoreState::Open | StoreState::Degraded(_) => None,
            StoreState::Failed { reason, .. } => Some(reason),
            StoreState::Declared | StoreState::Loaded => Some("the store is being opened".to_owned()),
        }
    }

    /// `None` while the store is out of service.
    pub fn capabilities(&self) -> Option<Capabilities> {
        self.read_standing(|standing| standing.backend.as_ref().map(|open| *open.backend.capabilities()))
    }

    /// The size of chunk that the backend likes best.
    pub fn chunk_size(&self) -> usize {
        self.capabilities().map_or(CHUNK_SIZE, |can| chunk_size(&can))
    }

    pub(crate) fn enter(&self, state: StoreState) {
        self.standing.write().unwrap_or_else(PoisonError::into_inner).enter(self.id(), state);
    }

    pub fn health_now(&self) -> Health {
        let breaker_open = self.guard.is_open();
        self.read_standing(|standing| Health {
            state: standing.state.clone(),
            since: standing.since,
            last_error: standing.last_error.clone(),
            breaker_open,
            usage: standing.usage,
        })
    }

    /// Asks the backend for its space, where it can tell, and keeps what it says.
    pub(crate) async fn look_at_usage(&self) {
        if !self.capabilities().is_some_and(|can| can.usage) {
            return;
        }
        match self.usage().await {
            Ok(usage) => self.standing.write().unwrap_or_else(PoisonError::into_inner).usage = usage,
            Err(error) => tracing::debug!(store = self.id(), %error, "the store does not tell its space"),
        }
    }

    pub(crate) fn services(&self) -> Arc<StoreServices> {
        Arc::clone(&self.services)
    }

    /// Takes a backend into service, of this version of its plugin. What goes on in the one before goes on there.
    pub(crate) fn open_with(&self, backend: Backend, version: String) {
        let backend = Arc::new(OpenBackend { backend, store: self.options.id.clone(), version });
        let mut standing = self.standing.write().unwrap_or_else(PoisonError::into_inner);
        standing.backend = Some(backend);
        standing.enter(self.id(), StoreState::Open);
    }

    fn read_standing<T>(&self, look: impl FnOnce(&Standing) -> T) -> T {
        look(&self.standing.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn backend(&self) -> Result<ForRequest> {
        let open = self.read_standing(|standing| standing.backend.clone()).ok_or_else(|| {
            let reason = self.unavailable().unwrap_or_default();
            Error::new(self.id(), Side::Gateway, Kind::Unavailable, format!("not in service: {reason}"))
        })?;
        let backend = match RequestId::current() {
            Some(request) => open.backend.for_request(request.as_str()),
            None => open.backend.clone(),
        };
        Ok(ForRequest { backend, open })
    }

    // === calls of the backend, each behind the guard ===

    /// The name in this store of a new object of a project, which tells it apart from then on.
    pub async fn place(&self, key: &ObjectKey, owner: Option<&str>) -> Result<String> {
        let (backend, key) = (self.backend()?, key.as_str());
        match owner.filter(|owner| !owner.is_empty()) {
            Some(owner) => self.guard.call(Call::Place, self.guard.limits().call, backend.place(key, owner)).await,
            None => Ok(key.to_owned()),
        }
    }

    pub async fn stat(&self, key: &str) -> Result<Stat> {
        let backend = self.backend()?;
        self.guard.repeatable(Call::Stat, self.guard.limits().call, || backend.stat(key)).await
    }

    /// Starts a staged write under `key`.
    pub async fn create(self: &Arc<Self>, key: &str, options: WriteOptions) -> Result<StagedWrite> {
        let backend = self.backend()?;
        let create = around("store.create", backend.create(key, options));
        let writer = self.guard.call(Call::Create, self.guard.limits().call, create).await?;
        Ok(StagedWrite { store: Arc::clone(self), backend: backend.open, writer })
    }

    pub(crate) async fn read(self: &Arc<Self>, key: &str, range: Range) -> Result<ObjectRead> {
        let backend = self.backend()?;
        let reader = self.guard.repeatable(Call::Read, self.guard.limits().call, || backend.read(key, range)).await?;
        Ok(ObjectRead { store: Arc::clone(self), _backend: backend.open, reader })
    }

    /// The file of an object that is one of this machine; `None` where it is to be read.
    pub(crate) async fn open_file(&self, key: &str) -> Result<Option<ObjectFile>> {
        let backend = self.backend()?;
        if !backend.capabilities().open_file {
            return Ok(None);
        }
        let open = || backend.open_file(key);
        match self.guard.repeatable(Call::OpenFile, self.guard.limits().call, open).await {
            Err(error) if error.kind == Kind::Unsupported => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// Removes an object; one that is not there is as good as removed, and what a backend can't delete was never ours to
    /// remove.
    pub async fn delete(&self, key: &str) -> Result<()> {
        let backend = self.backend()?;
        if !backend.capabilities().delete {
            tracing::debug!(store = self.id(), key, "left where it is: this store can't delete");
            return Ok(());
        }
        let delete = || around("store.delete", backend.delete(key));
        let answer = self.guard.repeatable(Call::Delete, self.guard.limits().call, delete).await;
        found_or_gone(answer)
    }

    /// Removes staged data; what is not there is as good as removed.
    pub async fn discard(&self, token: &str) -> Result<()> {
        let backend = self.backend()?;
        let discard = || around("store.discard", backend.discard(token));
        let answer = self.guard.repeatable(Call::Discard, self.guard.limits().call, discard).await;
        found_or_gone(answer)
    }

    pub async fn list_staged(&self) -> Result<Vec<Staged>> {
        let backend = self.backend()?;
        self.guard.repeatable(Call::ListStaged, self.guard.limits().call, || backend.list_staged()).await
    }

    /// The URI by which the catalog records an object of this store.
    pub async fn location_of(&self, key: &str) -> Result<String> {
        let backend = self.backend()?;
        self.guard.call(Call::FormatLocation, self.guard.limits().call, backend.format_location(key)).await
    }

    /// The object that a recorded URI names.
    pub async fn key_of(&self, location: &str) -> Result<String> {
        let backend = self.backend()?;
        self.guard.call(Call::ParseLocation, self.guard.limits().call, backend.parse_location(location)).await
    }

    pub async fn usage(&self) -> Result<Usage> {
        let backend = self.backend()?;
        self.guard.repeatable(Call::Usage, self.guard.limits().call, || backend.usage()).await
    }

    /// Whether the backend says that it is well.
    pub async fn health(&self) -> Result<()> {
        let backend = self.backend()?;
        self.guard.call(Call::Health, self.guard.limits().call, backend.health()).await
    }
}

/// Within what a transfer may have in memory.
fn chunk_size(can: &Capabilities) -> usize {
    const MOST: usize = 16 << 20;
    match can.chunk_size {
        0 => CHUNK_SIZE,
        size => usize::try_from(size).unwrap_or(MOST).min(MOST),
    }
}

fn found_or_gone(answer: Result<()>) -> Result<()> {
    match answer {
        Err(error) if error.kind == Kind::NotFound => Ok(()),
        answer => answer,
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("id", &self.options.id).field("state", &self.state()).finish_non_exhaustive()
    }
}

/// A staged write in a store. Dropped unfinished, the backend aborts it.
#[derive(Debug)]
pub struct StagedWrite {
    store: Arc<Store>,
    backend: Arc<OpenBackend>,
    writer: Writer,
}

impl StagedWrite {
    pub fn store_id(&self) -> &str {
        self.store.id()
    }

    /// The name under which recovery finds the staged data after a crash.
    pub fn token(&self) -> &str {
        self.writer.token()
    }

    pub(crate) fn chunk_size(&self) -> usize {
        chunk_size(self.backend.backend.capabilities())
    }

    pub(crate) async fn write(&mut self, chunk: Bytes) -> Result<()> {
        let guard = &self.store.guard;
        guard.step(Call::Write, guard.limits().chunk, around("store.write", self.writer.write(chunk))).await
    }

    /// Makes the data durable and publishes it.
    pub async fn commit(self) -> Result<Stat> {
        let guard = &self.store.guard;
        guard.step(Call::Commit, guard.limits().commit, around("store.commit", self.writer.commit())).await
    }

    /// Removes what was staged.
    pub async fn abort(self) -> Result<()> {
        let guard = &self.store.guard;
        guard.step(Call::Abort, guard.limits().call, around("store.abort", self.writer.abort())).await
    }
}

/// An object being read.
#[derive(Debug)]
pub(crate) struct ObjectRead {
    store: Arc<Store>,
    _backend: Arc<OpenBackend>,
    reader: Reader,
}

impl ObjectRead {
    pub(crate) fn store_id(&self) -> &str {
        self.store.id()
    }

    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>> {
        let guard = &self.store.guard;
        guard.step(Call::ReadChunk, guard.limits().chunk, self.reader.next()).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::testing::store;
    use serde_json::json;

    #[tokio::test]
    async fn what_a_backend_cannot_delete_is_as_good_as_removed() {
        store("web", json!({"keeps": true})).await.delete("anything").await.unwrap();
    }
}
