//! [`crate::blocking`] as the async traits: every call on a thread that may block.

use super::Scope;
use crate::{
    Capabilities, Entry, Error, Host, Kind, ObjectFile, Range, Result, Staged, Stat, Usage, WriteOptions,
    blocking::{Backend, Lister, Reader, Writer},
};
use bytes::Bytes;
use std::{
    panic::resume_unwind,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::task::spawn_blocking;

/// A [`crate::blocking::Backend`] as a [`crate::Backend`].
#[derive(Debug)]
pub struct Blocking<B: Backend>(Offloaded<B>);

/// Runs `f` on a blocking thread, for the operation that this is; a panic goes on in the caller.
async fn blocking<T: Send + 'static>(f: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let scope = Scope::current();
    match spawn_blocking(move || scope.enter(f)).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => Err(Error::new(Kind::Cancelled, "the plugin is shutting down")),
        },
    }
}

/// Something of the author's, used and dropped only on threads that may block.
#[derive(Debug)]
struct Offloaded<T: Send + Sync + 'static> {
    value: Option<Arc<T>>,
    /// In which it was made, and is dropped.
    scope: Scope,
}

impl<T: Send + Sync + 'static> Offloaded<T> {
    fn new(value: T) -> Self {
        Self { value: Some(Arc::new(value)), scope: Scope::current() }
    }

    fn share(&self) -> Result<Arc<T>> {
        self.value.clone().ok_or_else(finished)
    }

    async fn call<R: Send + 'static>(&self, f: impl FnOnce(&T) -> Result<R> + Send + 'static) -> Result<R> {
        let value = self.share()?;
        blocking(move || f(&value)).await
    }
}

impl<T: Send + Sync + 'static> Drop for Offloaded<T> {
    fn drop(&mut self) {
        if let (Some(value), Ok(runtime)) = (self.value.take(), tokio::runtime::Handle::try_current()) {
            let scope = self.scope.clone();
            runtime.spawn_blocking(move || scope.enter(|| drop(value)));
        }
    }
}

impl<B: Backend> Blocking<B> {
    async fn call<T: Send + 'static>(&self, f: impl FnOnce(&B) -> Result<T> + Send + 'static) -> Result<T> {
        self.0.call(f).await
    }

    /// For what does no I/O.
    fn now<T>(&self, f: impl FnOnce(&B) -> T) -> Result<T> {
        Ok(f(&*self.0.share()?))
    }

    fn stream<T: Send + 'static>(value: T) -> BlockingStream<T> {
        BlockingStream(Offloaded::new(Mutex::new(Some(value))))
    }
}

impl<B: Backend> crate::Backend for Blocking<B>
where
    B::Lister: crate::blocking::Lister,
{
    const NAME: &'static str = B::NAME;
    // Nothing stops a thread: an answer before its end would call a commit cancelled that still publishes.
    const CANCELLABLE: bool = false;
    const CAPABILITIES: Capabilities = B::CAPABILITIES;
    type Config = B::Config;
    type Writer = BlockingWriter<B::Writer>;
    type Reader = BlockingStream<B::Reader>;
    type Lister = BlockingStream<B::Lister>;

    async fn open(config: B::Config, host: Host) -> Result<Self> {
        Ok(Self(Offloaded::new(blocking(move || B::open(config, host)).await?)))
    }

    fn capabilities(&self) -> Capabilities {
        self.now(B::capabilities).unwrap_or_default()
    }

    async fn stat(&self, key: &str) -> Result<Stat> {
        let key = key.to_owned();
        self.call(move |b| b.stat(&key)).await
    }

    async fn create(&self, key: &str, options: WriteOptions) -> Result<Self::Writer> {
        let key = key.to_owned();
        let writer = self.call(move |b| b.create(&key, options)).await?;
        let token = writer.token().to_owned();
        Ok(BlockingWriter { token, stream: Self::stream(writer) })
    }

    async fn read(&self, key: &str, range: Range) -> Result<Self::Reader> {
        let key = key.to_owned();
        let reader = self.call(move |b| b.read(&key, range)).await?;
        Ok(Self::stream(reader))
    }

    async fn delete(&self, key: &str) -> Result<()> {
        let key = key.to_owned();
        self.call(move |b| b.delete(&key)).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Self::Lister> {
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        let lister = self.call(move |b| b.list(&prefix, after.as_deref())).await?;
        Ok(Self::stream(lister))
    }

    async fn discard(&self, token: &str) -> Result<()> {
        let token = token.to_owned();
        self.call(move |b| b.discard(&token)).await
    }

    async fn list_staged(&self) -> Result<Vec<Staged>> {
        self.call(B::list_staged).await
    }

    async fn copy(&self, from: &str, to: &str) -> Result<Stat> {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.call(move |b| b.copy(&from, &to)).await
    }

    async fn presign_read(&self, key: &str, lifetime: Duration) -> Result<String> {
        let key = key.to_owned();
        self.call(move |b| b.presign_read(&key, lifetime)).await
    }

    async fn open_file(&self, key: &str) -> Result<ObjectFile> {
        let key = key.to_owned();
        self.call(move |b| b.open_file(&key)).await
    }

    fn place(&self, key: &str, owner: &str) -> Result<String> {
        self.now(|b| b.place(key, owner))?
    }

    fn format_location(&self, key: &str) -> Result<String> {
        self.now(|b| b.format_location(key))?
    }

    fn parse_location(&self, uri: &str) -> Result<String> {
        self.now(|b| b.parse_location(uri))?
    }

    async fn health(&self) -> Result<()> {
        self.call(B::health).await
    }

    async fn usage(&self) -> Result<Usage> {
        self.call(B::usage).await
    }
}

/// One of the author's three streams. One call at a time uses it: the lock never waits.
#[derive(Debug)]
pub struct BlockingStream<T: Send + 'static>(Offloaded<Mutex<Option<T>>>);

impl<T: Send + 'static> BlockingStream<T> {
    async fn call<R: Send + 'static>(&self, f: impl FnOnce(&mut T) -> Result<R> + Send + 'static) -> Result<R> {
        self.with_slot(move |slot| f(slot.as_mut().ok_or_else(finished)?)).await
    }

    async fn last<R: Send + 'static>(self, f: impl FnOnce(T) -> Result<R> + Send + 'static) -> Result<R> {
        self.with_slot(move |slot| f(slot.take().ok_or_else(finished)?)).await
    }

    async fn with_slot<R: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Option<T>) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        // After a panic only the end of the handle follows, and that is safe.
        self.0.call(move |slot| f(&mut slot.lock().unwrap_or_else(PoisonError::into_inner))).await
    }
}

fn finished() -> Error {
    Error::new(Kind::Misuse, "this handle is finished")
}

/// A [`crate::blocking::Writer`] as a [`crate::Writer`].
#[derive(Debug)]
pub struct BlockingWriter<W: Send + 'static> {
    token: String,
    stream: BlockingStream<W>,
}

impl<W: Writer> crate::Writer for BlockingWriter<W> {
    fn token(&self) -> &str {
        &self.token
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.stream.call(move |w| w.write(&chunk)).await
    }

    async fn commit(self) -> Result<Stat> {
        self.stream.last(W::commit).await
    }

    async fn abort(self) -> Result<()> {
        self.stream.last(W::abort).await
    }
}

impl<R: Reader> crate::Reader for BlockingStream<R> {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        self.call(R::next).await
    }
}

impl<L: Lister> crate::Lister for BlockingStream<L> {
    async fn next_page(&mut self) -> Result<Vec<Entry>> {
        self.call(L::next_page).await
    }
}
