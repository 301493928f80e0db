//! [`crate::blocking`] as the async traits: every call on a thread that may block.

use super::scope;
use crate::{
    Capabilities, Entry, Error, Host, Kind, Range, Result, Staged, Stat, Usage, WriteOptions,
    blocking::{Backend, Lister, Reader, Writer},
};
use bytes::Bytes;
use std::{
    panic::resume_unwind,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::task::spawn_blocking;

/// A [`crate::blocking::Backend`] as a [`crate::Backend`]. A call that is cancelled goes on to its end; the next
/// call on the same handle waits for it.
#[derive(Debug)]
pub struct Blocking<B: Backend> {
    backend: Offloaded<B>,
    host: Host,
}

/// Runs `f` on a blocking thread, logging for `host`; a panic goes on in the caller.
async fn blocking<T: Send + 'static>(host: &Host, f: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let host = host.clone();
    match spawn_blocking(move || scope(&host, f)).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => Err(Error::new(Kind::Cancelled, "the plugin is shutting down")),
        },
    }
}

/// Something of the author's, shared with calls that were cancelled and still run. The last one drops it, and
/// never on a thread that must not block.
#[derive(Debug)]
struct Offloaded<T: Send + Sync + 'static>(Option<Arc<T>>);

impl<T: Send + Sync + 'static> Offloaded<T> {
    fn new(value: T) -> Self {
        Self(Some(Arc::new(value)))
    }

    fn share(&self) -> Result<Arc<T>> {
        self.0.clone().ok_or_else(|| Error::new(Kind::Misuse, "this handle is finished"))
    }
}

impl<T: Send + Sync + 'static> Drop for Offloaded<T> {
    fn drop(&mut self) {
        if let (Some(value), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn_blocking(move || drop(value));
        }
    }
}

impl<B: Backend> Blocking<B> {
    async fn call<T: Send + 'static>(&self, f: impl FnOnce(&B) -> Result<T> + Send + 'static) -> Result<T> {
        let backend = self.backend.share()?;
        blocking(&self.host, move || f(&backend)).await
    }

    fn now<T>(&self, f: impl FnOnce(&B) -> T) -> Result<T> {
        Ok(f(&*self.backend.share()?))
    }
}

impl<B: Backend> crate::Backend for Blocking<B>
where
    B::Lister: crate::blocking::Lister,
{
    const NAME: &'static str = B::NAME;
    const CAPABILITIES: Capabilities = B::CAPABILITIES;
    type Config = B::Config;
    type Writer = BlockingWriter<B::Writer>;
    type Reader = BlockingStream<B::Reader>;
    type Lister = BlockingStream<B::Lister>;

    async fn open(config: B::Config, host: Host) -> Result<Self> {
        let for_backend = host.clone();
        let backend = blocking(&host, move || B::open(config, for_backend)).await?;
        Ok(Self { backend: Offloaded::new(backend), host })
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
        Ok(BlockingWriter { token, stream: BlockingStream::new(writer, &self.host) })
    }

    async fn read(&self, key: &str, range: Range) -> Result<Self::Reader> {
        let key = key.to_owned();
        let reader = self.call(move |b| b.read(&key, range)).await?;
        Ok(BlockingStream::new(reader, &self.host))
    }

    async fn delete(&self, key: &str) -> Result<()> {
        let key = key.to_owned();
        self.call(move |b| b.delete(&key)).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Self::Lister> {
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        let lister = self.call(move |b| b.list(&prefix, after.as_deref())).await?;
        Ok(BlockingStream::new(lister, &self.host))
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

/// One of the author's three streams; the lock is held by the call that runs.
#[derive(Debug)]
pub struct BlockingStream<T: Send + 'static> {
    slot: Offloaded<Mutex<Option<T>>>,
    host: Host,
}

impl<T: Send + 'static> BlockingStream<T> {
    fn new(value: T, host: &Host) -> Self {
        Self { slot: Offloaded::new(Mutex::new(Some(value))), host: host.clone() }
    }

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
        let slot = self.slot.share()?;
        // After a panic only the end of the handle follows, and that is safe.
        blocking(&self.host, move || f(&mut slot.lock().unwrap_or_else(PoisonError::into_inner))).await
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
