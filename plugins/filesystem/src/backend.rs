//! The store: a root directory, and what the contract asks of it.

use crate::platform::{self, Dir, Space};
use crate::{Config, Lister, Reader, Writer, location};
use casement_sdk::{Capabilities, Error, Host, Kind, Range, Result, Staged, Stat, Usage, WriteOptions, blocking};
use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;
use uuid::Uuid;

/// Where writes in progress are kept: inside the root, because only within a file system can a file be
/// published by giving it another name.
const STAGING: &str = ".casement-staging";

/// The file that tells this store's root from an empty mount point and from another file system.
const MARKER: &str = ".casement-store";

/// A store in a directory.
#[derive(Debug)]
pub struct Filesystem {
    pub(crate) root: Arc<Root>,
    pub(crate) config: Config,
    pub(crate) file_mode: Option<u32>,
}

/// The root directory as it was when the store was opened.
#[derive(Debug)]
pub(crate) struct Root {
    path: PathBuf,
    id: Uuid,
}

impl Root {
    fn open(config: &Config) -> Result<Self> {
        let path = config.root.clone();
        let shown = path.display();
        let dir = Dir::open(&path).map_err(|error| {
            let (kind, advice) = match error.kind() {
                io::ErrorKind::NotFound => (
                    Kind::Unavailable,
                    "make the directory, or mount the file system that holds it; \
                     it is never made for you",
                ),
                io::ErrorKind::NotADirectory => (Kind::Config, "name a directory"),
                _ => (kind_of(&error), "let the gateway's account read and write it"),
            };
            Error::new(kind, format!("cannot open the root `{shown}`: {error}: {advice}"))
        })?;
        if config.require_mount && !dir.is_mounted().map_err(|error| failed("looking for the mount", error))? {
            let message =
                format!("nothing is mounted at the root `{shown}`: mount its file system, or unset require_mount");
            return Err(Error::new(Kind::Unavailable, message));
        }
        // Names that a process gave just before it died are made durable before anybody relies on them.
        let id = settle_marker(&dir).and_then(|id| dir.sync().map(|()| id)).map_err(|error| {
            let advice = match error.kind() {
                io::ErrorKind::PermissionDenied => ": let the gateway's account write there",
                io::ErrorKind::ReadOnlyFilesystem => ": remount the file system writable",
                _ => "",
            };
            Error::new(kind_of(&error), format!("cannot use the root `{shown}`: {error}{advice}"))
        })?;
        tracing::debug!(root = %shown, %id, "root is open");
        Ok(Self { path, id })
    }

    /// Opens the root anew and makes sure that it still is the one this store was opened on. Neither path nor
    /// device and inode tell: an empty mount point has the path, a directory made again often has the inode
    /// number of the one removed, and an NFS share mounted again has another device number.
    pub(crate) fn verified(&self) -> Result<Dir> {
        let found = Dir::open(&self.path).and_then(|dir| Ok((read_marker(&dir)?, dir)));
        match found {
            Ok((id, dir)) if id == self.id => Ok(dir),
            Err(error) if !is_absence(&error) => {
                Err(failed(&format!("opening the root `{}`", self.path.display()), error))
            }
            found => {
                tracing::debug!(root = %self.path.display(), ?found, "root has changed");
                let message = format!(
                    "root `{}` is gone or another file system is mounted there: mount the right one, \
                     or restart the gateway if the change is meant",
                    self.path.display()
                );
                Err(Error::new(Kind::Unavailable, message))
            }
        }
    }

    /// The directory of staged writes below a verified root.
    pub(crate) fn staging(&self, root: &Dir) -> Result<Dir> {
        make_staging(root).map_err(|error| failed(&format!("opening `{STAGING}` in `{}`", self.path.display()), error))
    }

    /// What to say of a failure at an object.
    pub(crate) fn failed(&self, doing: &str, name: &str, error: io::Error) -> Error {
        failed(&format!("{doing} `{name}` in `{}`", self.path.display()), error)
    }

    /// An object's metadata; only a regular file is one.
    fn metadata(&self, dir: &Dir, key: &str) -> Result<Metadata> {
        location::check_for_reading(key)?;
        match dir.metadata(key) {
            Ok(found) if found.is_file() => Ok(found),
            Ok(_) => Err(Error::not_found(key)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::not_found(key)),
            Err(error) => Err(self.failed("looking at", key, error)),
        }
    }

    fn open_object(&self, key: &str) -> Result<File> {
        location::check_for_reading(key)?;
        self.verified()?.open_file(key).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::not_found(key),
            _ => self.failed("opening", key, error),
        })
    }

    /// The state of the file system that `dir` is on; `None` where the platform cannot tell.
    fn space(&self, dir: &Dir) -> Result<Option<Space>> {
        match dir.space() {
            Ok(space) => Ok(Some(space)),
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(None),
            Err(error) => {
                let doing = format!("asking for the space of `{}`", self.path.display());
                Err(failed(&doing, error))
            }
        }
    }

    /// Refuses to write `wanted` more bytes if that would reach into the reserve.
    pub(crate) fn require_space(&self, dir: &Dir, wanted: u64, reserve: u64) -> Result<()> {
        let Some(space) = self.space(dir)? else {
            return Ok(());
        };
        if space.available >= wanted.saturating_add(reserve) {
            return Ok(());
        }
        let message = format!(
            "the file system of `{}` has {} bytes free, of which {reserve} are kept in reserve, \
             and {wanted} more are needed: make room there or use another store",
            self.path.display(),
            space.available
        );
        Err(Error::new(Kind::NoSpace, message))
    }
}

fn failed(doing: &str, error: io::Error) -> Error {
    Error::from(error).context(doing)
}

fn kind_of(error: &io::Error) -> Kind {
    Error::from(io::Error::from(error.kind())).kind()
}

fn is_absence(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, NotADirectory, NotFound, StaleNetworkFileHandle};
    matches!(error.kind(), NotFound | NotADirectory | InvalidData | StaleNetworkFileHandle)
}

fn make_staging(root: &Dir) -> io::Result<Dir> {
    match root.open_dir(STAGING) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match root.make_dir(STAGING) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => root.sync().and_then(|()| root.open_dir(STAGING)),
        },
        opened => opened,
    }
}

/// The marker's id. Offers a new marker each time, which loses against one that is there: that settles the
/// race of two gateways that share a new root, and proves that files can be published here.
fn settle_marker(root: &Dir) -> io::Result<Uuid> {
    match offer_marker(root, Uuid::new_v4()) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        // A full store must still be read and emptied.
        Err(error) if kind_of(&error) == Kind::NoSpace => {
            return read_marker(root).map_err(|_| error);
        }
        Err(error) => return Err(error),
    }
    read_marker(root)
}

fn offer_marker(root: &Dir, id: Uuid) -> io::Result<()> {
    let staging = make_staging(root)?;
    let name = format!("store-{id}");
    let mut file = staging.create_file(&name, None)?;
    let published =
        writeln!(file, "{id}").and_then(|()| file.sync_all()).and_then(|()| staging.publish(&name, root, MARKER));
    published.or_else(|error| staging.remove(&name).and(Err(error)))
}

fn read_marker(root: &Dir) -> io::Result<Uuid> {
    let mut text = String::new();
    root.open_file(MARKER)?.take(64).read_to_string(&mut text)?;
    text.trim().parse().map_err(|_| {
        io::Error::new(io::ErrorKind::InvalidData, format!("`{MARKER}` is damaged: remove it and restart the gateway"))
    })
}

pub(crate) fn stat_of(metadata: &Metadata) -> Stat {
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    let modified_ms = modified.and_then(|since| u64::try_from(since.as_millis()).ok());
    Stat { size: metadata.len(), etag: None, modified_ms }
}

impl Filesystem {
    /// Opens the store: what [`blocking::Backend::open`] does.
    ///
    /// # Errors
    /// [`Kind::Config`] for a bad value, [`Kind::Unavailable`] for a root that is not there,
    /// [`Kind::Denied`] for one that cannot be written.
    pub fn new(config: Config) -> Result<Self> {
        let config = config.checked()?;
        let file_mode = config.mode()?;
        Ok(Self { root: Arc::new(Root::open(&config)?), config, file_mode })
    }
}

impl blocking::Backend for Filesystem {
    const NAME: &'static str = "filesystem";
    const CAPABILITIES: Capabilities = Capabilities {
        list: true,
        stage_tokens: true,
        copy: true,
        usage: platform::KNOWS_SPACE,
        ..Capabilities::DEFAULT
    };
    type Config = Config;
    type Writer = Writer;
    type Reader = Reader;
    type Lister = Lister;

    fn open(config: Config, _host: Host) -> Result<Self> {
        Self::new(config)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { chunk_size: self.config.chunk_size, ..Self::CAPABILITIES }
    }

    fn stat(&self, key: &str) -> Result<Stat> {
        Ok(stat_of(&self.root.metadata(&self.root.verified()?, key)?))
    }

    fn create(&self, key: &str, options: WriteOptions) -> Result<Writer> {
        Writer::create(self, key, options.transfer, options.size)
    }

    fn read(&self, key: &str, range: Range) -> Result<Reader> {
        Reader::new(&self.root, key, self.root.open_object(key)?, range, self.config.chunk_size)
    }

    fn delete(&self, key: &str) -> Result<()> {
        let dir = self.root.verified()?;
        let removed = self.root.metadata(&dir, key).and_then(|_| match dir.remove(key) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::not_found(key)),
            result => result.map_err(|error| self.root.failed("deleting", key, error)),
        });
        // Also when there is nothing: whoever removed it may not have got as far as this.
        dir.sync().map_err(|error| self.root.failed("flushing the directory of", key, error))?;
        removed
    }

    fn list(&self, prefix: &str, after: Option<&str>) -> Result<Lister> {
        Lister::new(&self.root, prefix, after)
    }

    fn discard(&self, token: &str) -> Result<()> {
        let nothing = || Error::new(Kind::NotFound, format!("nothing is staged under `{token}`"));
        let root = self.root.verified()?;
        if !location::is_transfer(token) {
            return Err(nothing());
        }
        self.root.staging(&root)?.remove(token).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => nothing(),
            _ => self.root.failed("discarding", token, error),
        })
    }

    fn list_staged(&self) -> Result<Vec<Staged>> {
        let staging = self.root.staging(&self.root.verified()?)?;
        let names = staging.names().map_err(|error| self.root.failed("listing", STAGING, error))?;
        let mut staged = Vec::new();
        for token in names.into_iter().filter(|name| location::is_transfer(name)) {
            match staging.metadata(&token) {
                Ok(found) if !found.is_file() => {}
                Ok(found) => {
                    let idle = found.modified().ok().map(|written| written.elapsed().unwrap_or_default());
                    let idle_ms = idle.and_then(|idle| u64::try_from(idle.as_millis()).ok());
                    staged.push(Staged { token, idle_ms });
                }
                // Finished since the directory was read.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(self.root.failed("looking at staged", &token, error)),
            }
        }
        Ok(staged)
    }

    fn copy(&self, from: &str, to: &str) -> Result<Stat> {
        let source = self.root.open_object(from)?;
        let size = source.metadata().map_err(|error| self.root.failed("looking at", from, error))?.len();
        // No size: what shares its extents or has holes needs less space, and must not be preallocated.
        let mut writer = Writer::create(self, to, Uuid::new_v4().to_string(), None)?;
        writer.copy_from(&source, from, size)?;
        blocking::Writer::commit(writer)
    }

    fn format_location(&self, key: &str) -> Result<String> {
        location::format(&self.root.path, key)
    }

    fn parse_location(&self, uri: &str) -> Result<String> {
        location::parse(&self.root.path, uri)
    }

    fn health(&self) -> Result<()> {
        let space = self.root.space(&self.root.verified()?)?;
        if space.is_some_and(|space| space.read_only) {
            let shown = self.root.path.display();
            let message = format!("the file system of `{shown}` is mounted read-only: remount it writable");
            return Err(Error::new(Kind::Denied, message));
        }
        Ok(())
    }

    fn usage(&self) -> Result<Usage> {
        let space = self.root.space(&self.root.verified()?)?;
        let free = |space: Space| space.available.saturating_sub(self.config.reserve);
        Ok(Usage { used: space.map(|space| space.used), free: space.map(free) })
    }
}
