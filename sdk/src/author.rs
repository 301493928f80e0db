//! What the author of a backend writes: ordinary async Rust, no `unsafe`, no ABI type in sight.
//!
//! A backend keeps *objects* under *keys*. The gateway makes the keys (an image's id, as a rule); a backend
//! need not judge them beyond what its medium forbids. Backends are naive: the gateway puts deadlines,
//! retries, concurrency limits, a circuit breaker, metrics and digests around every call, so a backend never
//! retries an operation of its own accord and never verifies image data.

use crate::{Error, Host, Result};
use bytes::Bytes;
use std::{fs::File, future::Future, time::Duration};

/// A place that keeps objects. One value serves one store of the gateway's configuration.
pub trait Backend: Sized + Send + Sync + 'static {
    /// The name by which a store selects this plugin: `plugin = "filesystem"`.
    const NAME: &'static str;

    /// `true` promises that no method ever blocks a thread: calls are then polled on the gateway's own
    /// worker first (some 250 ns a call) and move to the plugin's runtime only if pending (some 8 µs).
    const NON_BLOCKING: bool = false;

    /// Whether dropping the future of an operation really ends it, as the gateway does with one it gives up. `false`
    /// where work goes on behind the future's back, on threads of its own say: then an operation that is given up runs
    /// to its end, and until then nothing else is asked of its writer, reader or lister.
    const CANCELLABLE: bool = true;

    /// What a backend of this kind can do at the most, as the plugin file tells before any store is opened.
    const CAPABILITIES: Capabilities = Capabilities::DEFAULT;

    /// The store's keys in the configuration. Give it `#[serde(deny_unknown_fields)]`: the schema that the
    /// gateway checks before `open` is made from this type.
    type Config: serde::de::DeserializeOwned + schemars::JsonSchema + Send + 'static;
    /// A staged write in progress.
    type Writer: Writer;
    /// An object being read.
    type Reader: Reader;
    /// A listing in progress; [`NoListing`] where the backend has none.
    type Lister: Lister;

    /// Makes the backend ready for use. A medium that is absent is an error, never silently created.
    ///
    /// # Errors
    /// [`Kind::Config`](crate::Kind::Config) when the operator must change the configuration,
    /// [`Kind::Unavailable`](crate::Kind::Unavailable) when a later try may succeed.
    fn open(config: Self::Config, host: Host) -> impl Future<Output = Result<Self>> + Send;

    /// What this store can do: all of [`Backend::CAPABILITIES`] or less. Asked once, after `open`; must not change
    /// afterwards.
    fn capabilities(&self) -> Capabilities {
        Self::CAPABILITIES
    }

    /// Size and identity of a published object.
    fn stat(&self, key: &str) -> impl Future<Output = Result<Stat>> + Send;

    /// Starts a staged write. Nothing is readable under `key` before [`Writer::commit`] succeeds.
    ///
    /// # Errors
    /// [`Kind::Exists`](crate::Kind::Exists) where the key is known to be taken,
    /// [`Kind::NoSpace`](crate::Kind::NoSpace) where `options.size` is known not to fit.
    fn create(&self, key: &str, options: WriteOptions) -> impl Future<Output = Result<Self::Writer>> + Send;

    /// Opens a published object for reading. A range that starts at or behind the end reads nothing.
    fn read(&self, key: &str, range: Range) -> impl Future<Output = Result<Self::Reader>> + Send;

    /// Removes a published object. Who is reading it may read it to the end where the medium can do that.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::Kind::NotFound) when there is nothing under `key`.
    fn delete(&self, key: &str) -> impl Future<Output = Result<()>> + Send;

    /// Lists published objects whose key starts with `prefix`, in ascending order of their keys' bytes,
    /// behind `after` where that is given. Staged writes are never listed.
    fn list(&self, prefix: &str, after: Option<&str>) -> impl Future<Output = Result<Self::Lister>> + Send {
        let _ = (prefix, after);
        async { Err(Error::unsupported("listing")) }
    }

    /// Removes what a staged write has left behind, in this process or in one that died.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::Kind::NotFound) when nothing is staged under `token`: the gateway takes it
    /// as done.
    fn discard(&self, token: &str) -> impl Future<Output = Result<()>> + Send {
        let _ = token;
        async { Err(Error::unsupported("discarding staged writes")) }
    }

    /// Every staged write that has not been committed, aborted or discarded, of whatever process.
    fn list_staged(&self) -> impl Future<Output = Result<Vec<Staged>>> + Send {
        async { Err(Error::unsupported("listing staged writes")) }
    }

    /// Copies an object inside the backend without moving its bytes through the gateway. As [`Writer::commit`], it never
    /// replaces an object, and nothing is readable under `to` before all of it is there.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::Kind::NotFound) when there is nothing under `from`,
    /// [`Kind::Exists`](crate::Kind::Exists) when there is something under `to`.
    fn copy(&self, from: &str, to: &str) -> impl Future<Output = Result<Stat>> + Send {
        let _ = (from, to);
        async { Err(Error::unsupported("copying")) }
    }

    /// A URL by which whoever has it reads the object with a plain HTTP GET, any range of it, for as long as `lifetime`
    /// or, where the store's own limit is shorter, for that. The URL is a secret while it lives; it carries nothing that
    /// opens more than this object. Whether there is such an object need not be asked.
    fn presign_read(&self, key: &str, lifetime: Duration) -> impl Future<Output = Result<String>> + Send {
        let _ = (key, lifetime);
        async { Err(Error::unsupported("presigned URLs")) }
    }

    /// The file of an object, where the object is nothing but a file on a disk of this machine. The gateway reads it at any
    /// offset, or has the system send it to a client without a copy in between, and then asks for nothing else. So this is for
    /// objects that are there whenever the machine is; where a read may have to wait for a server, or to go on elsewhere, the
    /// answer is [`Error::unsupported`], and [`Backend::read`] is asked. The file stays whole when its object is deleted.
    fn open_file(&self, key: &str) -> impl Future<Output = Result<ObjectFile>> + Send {
        let _ = key;
        async { Err(Error::unsupported("handing over a file")) }
    }

    /// The key by which the gateway will know a new object of a project from now on, where it would be `key` if nobody
    /// owned it: for stores that keep the objects of each project apart. Such a key tells the project, so that everything
    /// that is done with the object later finds it. The same answer to the same texts, always; nothing is read or written
    /// for it. By default `key`: who owns an object makes no difference.
    ///
    /// `owner` is what the image's record says, any text of up to 255 characters, and not always a project that there is.
    ///
    /// # Errors
    /// [`Kind::Unsupported`](crate::Kind::Unsupported) when nothing can be kept for such an owner.
    fn place(&self, key: &str, owner: &str) -> Result<String> {
        let _ = owner;
        Ok(key.to_owned())
    }

    /// The location URI under which the catalog records the object, in the spelling that Glance's driver of
    /// the same kind writes (`file:///var/lib/glance/images/<id>`), without any secret.
    /// By default `<NAME>:///<key>`, for a backend that no Glance driver came before.
    fn format_location(&self, key: &str) -> Result<String> {
        Ok(format!("{}:///{key}", Self::NAME))
    }

    /// The key that a location URI names; the inverse of [`Backend::format_location`], which also reads the
    /// older spellings a Glance database may hold.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::Kind::NotFound) when the URI is well-formed but belongs to another store,
    /// [`Kind::Unsupported`](crate::Kind::Unsupported) when this backend cannot read it.
    fn parse_location(&self, uri: &str) -> Result<String> {
        let key = uri.strip_prefix(Self::NAME).and_then(|rest| rest.strip_prefix(":///"));
        key.map(ToOwned::to_owned).ok_or_else(|| Error::not_found(uri))
    }

    /// Whether the store can serve now. Cheap: asked every few seconds.
    fn health(&self) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }

    /// How full the store is, as far as it is known.
    fn usage(&self) -> impl Future<Output = Result<Usage>> + Send {
        async { Ok(Usage::default()) }
    }
}

/// A staged write. Dropping it unfinished equals [`Writer::abort`].
pub trait Writer: Send + 'static {
    /// The token by which [`Backend::discard`] finds this write after a crash. UTF-8, at most 512 bytes.
    /// By default empty: what is staged is gone with the process.
    fn token(&self) -> &str {
        ""
    }

    /// Appends a chunk. After an error only `abort` is legal.
    fn write(&mut self, chunk: Bytes) -> impl Future<Output = Result<()>> + Send;

    /// Makes everything written durable, then publishes it under its key in one step, and never replaces an
    /// object that is already there. When it answers `Ok`, the object outlives a power cut.
    fn commit(self) -> impl Future<Output = Result<Stat>> + Send;

    /// Removes what was staged. By default left to `Drop`.
    fn abort(self) -> impl Future<Output = Result<()>> + Send
    where
        Self: Sized,
    {
        async {
            drop(self);
            Ok(())
        }
    }
}

/// An object being read.
pub trait Reader: Send + 'static {
    /// The next chunk, of any size above zero, or `None` at the end of the range.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>>> + Send;
}

/// A listing in progress.
pub trait Lister: Send + 'static {
    /// The next page of objects; an empty page is the end.
    fn next_page(&mut self) -> impl Future<Output = Result<Vec<Entry>>> + Send;
}

/// The [`Backend::Lister`] of a backend that cannot list.
#[derive(Debug, Clone, Copy)]
pub enum NoListing {}

impl Lister for NoListing {
    async fn next_page(&mut self) -> Result<Vec<Entry>> {
        match *self {}
    }
}

/// What is known about a write before its first byte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// The exact size in bytes, where the client announced one. A write that turns out longer or shorter fails, or
    /// publishes exactly what was written.
    pub size: Option<u64>,
    /// A name for the staged write, unique in this store: letters, digits and `-`, at most 64 bytes. A
    /// backend that can name its staging after it does; one that cannot has a token of its own.
    pub transfer: String,
}

/// The bytes wanted of an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Range {
    /// The first byte wanted.
    pub offset: u64,
    /// How many bytes are wanted; `None` is all up to the end. A range may reach beyond the end.
    pub len: Option<u64>,
}

/// An object that is a file.
#[derive(Debug)]
pub struct ObjectFile {
    /// Opened for reading.
    pub file: File,
    /// Size in bytes.
    pub size: u64,
}

/// Size and identity of a published object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stat {
    /// Size in bytes.
    pub size: u64,
    /// What the store itself uses to tell versions apart (an S3 ETag, say), where it has such a thing.
    pub etag: Option<String>,
    /// When the object was last modified, in milliseconds since 1970-01-01 UTC; `None` where unknown.
    pub modified_ms: Option<u64>,
}

impl Stat {
    /// An object of which only the size is known.
    pub fn of_size(size: u64) -> Self {
        Self { size, ..Self::default() }
    }
}

/// One object of a listing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Entry {
    /// The object's key.
    pub key: String,
    /// Size in bytes.
    pub size: u64,
}

/// One staged write that nobody has finished.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Staged {
    /// What [`Backend::discard`] takes.
    pub token: String,
    /// How long nothing has been written to it, in milliseconds; `None` where unknown. The gateway leaves
    /// young ones alone where several gateways share a store.
    pub idle_ms: Option<u64>,
}

/// How full a store is. `None` is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes in use.
    pub used: Option<u64>,
    /// Bytes that can still be written by this gateway's account.
    pub free: Option<u64>,
}

/// What a backend can do, and within which limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Objects can be written (`create`); else the store is read-only.
    pub write: bool,
    /// Reads may start anywhere (`Range::offset`).
    pub read_range: bool,
    /// `delete` works.
    pub delete: bool,
    /// `list` works.
    pub list: bool,
    /// `discard` and `list_staged` work: staged writes survive a crash and can be cleaned up after one.
    pub stage_tokens: bool,
    /// `copy` works.
    pub copy: bool,
    /// `usage` knows the free space.
    pub usage: bool,
    /// `presign_read` works.
    pub presign: bool,
    /// `open_file` works, if not for every object.
    pub open_file: bool,
    /// The size of chunk, in bytes, in which the backend likes to be written; 0 leaves it to the gateway (1 MiB), which
    /// gives no more than 16 MiB at once. Chunks can be smaller, not only the last.
    pub chunk_size: u64,
    /// The largest object in bytes; 0 where there is no limit.
    pub max_object_size: u64,
}

impl Capabilities {
    /// Write, read any range, delete; nothing else, no limits.
    pub const DEFAULT: Self = Self {
        write: true,
        read_range: true,
        delete: true,
        list: false,
        stage_tokens: false,
        copy: false,
        usage: false,
        presign: false,
        open_file: false,
        chunk_size: 0,
        max_object_size: 0,
    };
}

impl Default for Capabilities {
    fn default() -> Self {
        Self::DEFAULT
    }
}
