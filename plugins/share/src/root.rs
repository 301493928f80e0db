//! A directory that holds images, and how a store knows that it is still the same one.

use crate::{
    Class, Dir, Error, File, FileSystem, Metadata, Options, Result, RootOptions,
    condemned::Condemned,
    folders::{STAGING, staging},
    keys,
};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use uuid::Uuid;

/// The file that tells this store's root from an empty mount point and from another file system.
const MARKER: &str = ".casement-store";

type DirOf<F> = <F as FileSystem>::Dir;
type FileOf<F> = <DirOf<F> as Dir>::File;

/// One root of a store.
#[derive(Debug)]
pub(crate) struct Root<F: FileSystem> {
    pub(crate) fs: Arc<F>,
    pub(crate) path: String,
    pub(crate) weight: i64,
    pub(crate) condemned: Condemned,
    pub(crate) ride_out: Duration,
    require_mount: bool,
    /// What stands in the marker, once the root could be opened.
    id: OnceLock<Uuid>,
}

impl<F: FileSystem> Root<F> {
    pub(crate) fn new(fs: &Arc<F>, root: &RootOptions, options: &Options) -> Result<Self> {
        Ok(Self {
            fs: Arc::clone(fs),
            path: fs.settle(&root.path)?,
            weight: root.weight,
            condemned: Condemned::default(),
            ride_out: options.ride_out,
            require_mount: options.require_mount,
            id: OnceLock::new(),
        })
    }

    /// Opens the root anew and makes sure that it still is the one this store was opened on. Neither path nor device and
    /// inode tell: an empty mount point has the path, a directory made again often has the inode number of the one
    /// removed, and an NFS share mounted again has another device number.
    pub(crate) fn verified(&self) -> Result<DirOf<F>> {
        let Some(id) = self.id.get() else {
            return self.open_first();
        };
        match self.fs.open(&self.path).and_then(|dir| Ok((read_marker(&dir)?, dir))) {
            Ok((found, dir)) if found == *id => Ok(dir),
            Err(error) if !is_absence(error.class()) => Err(error.context(&format!("opening {}", self.shown()))),
            found => {
                tracing::debug!(root = self.path, ?found, "root has changed");
                let message = format!(
                    "root `{}` is gone or another file system is mounted there: mount the right one, \
                     or restart the gateway if the change is meant",
                    self.path
                );
                Err(Error::new(Class::Absent, message))
            }
        }
    }

    fn open_first(&self) -> Result<DirOf<F>> {
        let dir = self.fs.open(&self.path).map_err(|error| {
            let (class, advice) = match error.class() {
                Class::NotFound => (
                    Class::Absent,
                    "make the directory, or mount the file system that holds it; it is never made for you",
                ),
                Class::NotADirectory => (Class::Config, "name a directory"),
                Class::Lost => (Class::Lost, "look at the file server and the network"),
                Class::Config | Class::Unsupported => return error,
                class => (class, "let the gateway's account read and write it"),
            };
            error.with_class(class).context(&format!("cannot open {}", self.shown())).advice(advice)
        })?;
        if self.require_mount && !dir.is_mounted().map_err(|error| error.context("looking for the mount"))? {
            let message =
                format!("nothing is mounted at {}: mount its file system, or unset require_mount", self.shown());
            return Err(Error::new(Class::Absent, message));
        }
        let id = self.settle_first(&dir).map_err(|error| {
            let advice = match error.class() {
                Class::Denied => Some("let the gateway's account write there"),
                Class::ReadOnly => Some("make the file system writable"),
                _ => None,
            };
            let error = error.context(&format!("cannot use {}", self.shown()));
            advice.map_or(error.clone(), |advice| error.advice(advice))
        })?;
        tracing::debug!(root = self.path, %id, "root is open");
        Ok(dir)
    }

    fn settle_first(&self, dir: &DirOf<F>) -> Result<Uuid> {
        let id = settle_marker(dir)?;
        // Names that a process gave just before it died are made durable before anybody relies on them.
        dir.sync()?;
        if let Err(error) = self.staging(dir).and_then(|staging| staging.probe()) {
            tracing::debug!(root = self.path, %error, "what the volume can do is found out as it is used");
        }
        self.condemned.read_from(dir)?;
        Ok(*self.id.get_or_init(|| id))
    }

    /// The directory of staged writes below a verified root.
    pub(crate) fn staging(&self, root: &DirOf<F>) -> Result<DirOf<F>> {
        staging(root).map_err(|error| error.context(&format!("opening `{STAGING}` in `{}`", self.path)))
    }

    /// What to say of a failure at an object.
    pub(crate) fn failed(&self, doing: &str, name: &str, error: Error) -> Error {
        error.context(&format!("{doing} `{name}` in `{}`", self.path))
    }

    /// An object's metadata; only a regular file is one.
    pub(crate) fn metadata(&self, dir: &DirOf<F>, key: &str) -> Result<Metadata> {
        keys::check_for_reading(&*self.fs, key)?;
        if self.condemned.contains(key) {
            return Err(Error::not_found(key));
        }
        match dir.metadata(key) {
            Ok(found) if found.is_file => Ok(found),
            Ok(_) => Err(Error::not_found(key)),
            Err(error) if error.class() == Class::NotFound => Err(Error::not_found(key)),
            Err(error) => Err(self.failed("looking at", key, error)),
        }
    }

    pub(crate) fn open_object(&self, key: &str) -> Result<FileOf<F>> {
        keys::check_for_reading(&*self.fs, key)?;
        let dir = self.verified()?;
        if self.condemned.contains(key) {
            return Err(Error::not_found(key));
        }
        dir.open_file(key).map_err(|error| match error.class() {
            Class::NotFound => Error::not_found(key),
            _ => self.failed("opening", key, error),
        })
    }

    /// Refuses to write `wanted` more bytes if that would reach into the reserve.
    pub(crate) fn require_space(&self, dir: &DirOf<F>, wanted: u64, reserve: u64) -> Result<()> {
        let space = dir.space().map_err(|error| {
            // Where a directory is known by its path, this is how one shows that is gone.
            let class = if error.class() == Class::NotFound { Class::Absent } else { error.class() };
            error.with_class(class).context(&format!("asking for the space of `{}`", self.path))
        })?;
        if space.available >= wanted.saturating_add(reserve) {
            return Ok(());
        }
        let message = format!(
            "the file system of `{}` has {} bytes free, of which {reserve} are kept in reserve, \
             and {wanted} more are needed: make room there or use another store",
            self.path, space.available
        );
        Err(Error::new(Class::Full, message))
    }

    fn shown(&self) -> String {
        format!("the root `{}`", self.path)
    }
}

fn is_absence(class: Class) -> bool {
    matches!(class, Class::NotFound | Class::NotADirectory | Class::Corrupt)
}

/// The marker's id. Offers a new marker each time, which loses against one that is there: that settles the race of two
/// gateways that share a new root, and proves that files can be published here.
fn settle_marker<D: Dir>(root: &D) -> Result<Uuid> {
    match offer_marker(root, Uuid::new_v4()) {
        Ok(()) => {}
        Err(error) if error.class() == Class::Exists => {}
        // A full store must still be read and emptied.
        Err(error) if error.class() == Class::Full => return read_marker(root).map_err(|_| error),
        Err(error) => return Err(error),
    }
    read_marker(root)
}

fn offer_marker<D: Dir>(root: &D, id: Uuid) -> Result<()> {
    let staging = staging(root)?;
    let name = format!("store-{id}");
    let file = staging.create_file(&name)?;
    let published = file
        .write_all_at(format!("{id}\n").as_bytes(), 0)
        .and_then(|()| file.sync())
        .and_then(|()| staging.publish(&name, file, root, MARKER));
    published.or_else(|error| staging.remove(&name).and(Err(error)))
}

fn read_marker<D: Dir>(root: &D) -> Result<Uuid> {
    let text = root.open_file(MARKER)?.read_at(0, 64)?;
    let id = std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok());
    let damaged = || Error::new(Class::Corrupt, format!("`{MARKER}` is damaged: remove it and restart the gateway"));
    id.ok_or_else(damaged)
}
