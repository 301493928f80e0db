//! The author's traits once more, as plain functions that may block: for backends on file systems and on
//! client libraries without `async`. Each method means what its namesake in [`crate::author`] means.
//!
//! `export_backend!(Blocking<MyBackend>)` publishes one; every call then runs on the plugin's own pool of
//! blocking threads.

use crate::{Capabilities, Entry, Error, Host, ObjectFile, Range, Result, Staged, Stat, Usage, WriteOptions};
use bytes::Bytes;
use std::time::Duration;

/// [`crate::Backend`], blocking.
pub trait Backend: Sized + Send + Sync + 'static {
    /// The name by which a store selects this plugin.
    const NAME: &'static str;
    /// What a backend of this kind can do at the most.
    const CAPABILITIES: Capabilities = Capabilities::DEFAULT;
    /// The store's keys in the configuration.
    type Config: serde::de::DeserializeOwned + schemars::JsonSchema + Send + 'static;
    /// A staged write in progress.
    type Writer: Writer;
    /// An object being read.
    type Reader: Reader;
    /// A listing in progress; [`crate::NoListing`] where the backend has none.
    type Lister: Lister;

    /// Makes the backend ready for use.
    fn open(config: Self::Config, host: Host) -> Result<Self>;
    /// What this store can do.
    fn capabilities(&self) -> Capabilities {
        Self::CAPABILITIES
    }
    /// Size and identity of a published object.
    fn stat(&self, key: &str) -> Result<Stat>;
    /// Starts a staged write.
    fn create(&self, key: &str, options: WriteOptions) -> Result<Self::Writer>;
    /// Opens a published object for reading.
    fn read(&self, key: &str, range: Range) -> Result<Self::Reader>;
    /// Removes a published object.
    fn delete(&self, key: &str) -> Result<()>;
    /// Lists published objects in the order of their keys' bytes.
    fn list(&self, prefix: &str, after: Option<&str>) -> Result<Self::Lister> {
        let _ = (prefix, after);
        Err(Error::unsupported("listing"))
    }
    /// Removes what a staged write has left behind.
    fn discard(&self, token: &str) -> Result<()> {
        let _ = token;
        Err(Error::unsupported("discarding staged writes"))
    }
    /// Every staged write that is not finished.
    fn list_staged(&self) -> Result<Vec<Staged>> {
        Err(Error::unsupported("listing staged writes"))
    }
    /// Copies an object inside the backend.
    fn copy(&self, from: &str, to: &str) -> Result<Stat> {
        let _ = (from, to);
        Err(Error::unsupported("copying"))
    }
    /// A URL that reads an object without the gateway.
    fn presign_read(&self, key: &str, lifetime: Duration) -> Result<String> {
        let _ = (key, lifetime);
        Err(Error::unsupported("presigned URLs"))
    }
    /// The file of an object that is nothing but a file of this machine.
    fn open_file(&self, key: &str) -> Result<ObjectFile> {
        let _ = key;
        Err(Error::unsupported("handing over a file"))
    }
    /// The key of a new object of a project.
    fn place(&self, key: &str, owner: &str) -> Result<String> {
        let _ = owner;
        Ok(key.to_owned())
    }
    /// The location URI of an object.
    fn format_location(&self, key: &str) -> Result<String>;
    /// The key that a location URI names.
    fn parse_location(&self, uri: &str) -> Result<String>;
    /// Whether the store can serve now.
    fn health(&self) -> Result<()> {
        Ok(())
    }
    /// How full the store is.
    fn usage(&self) -> Result<Usage> {
        Ok(Usage::default())
    }
}

/// [`crate::Writer`], blocking. Dropping it unfinished removes what was staged.
pub trait Writer: Send + 'static {
    /// The token by which [`Backend::discard`] finds this write after a crash.
    fn token(&self) -> &str;
    /// Appends a chunk.
    fn write(&mut self, chunk: &[u8]) -> Result<()>;
    /// Makes everything durable and publishes it.
    fn commit(self) -> Result<Stat>;
    /// Removes what was staged. By default left to `Drop`.
    fn abort(self) -> Result<()>
    where
        Self: Sized,
    {
        drop(self);
        Ok(())
    }
}

/// [`crate::Reader`], blocking.
pub trait Reader: Send + 'static {
    /// The next chunk, or `None` at the end of the range.
    fn next(&mut self) -> Result<Option<Bytes>>;
}

/// [`crate::Lister`], blocking.
pub trait Lister: Send + 'static {
    /// The next page; an empty page is the end.
    fn next_page(&mut self) -> Result<Vec<Entry>>;
}

impl Lister for crate::NoListing {
    fn next_page(&mut self) -> Result<Vec<Entry>> {
        match *self {}
    }
}
