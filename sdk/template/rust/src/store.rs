//! The store: what is asked of it, but for the bytes themselves.

use crate::{
    Config, names,
    reader::{Pages, ShelfReader},
    writer::ShelfWriter,
};
use casement_sdk::{
    Capabilities, Entry, Error, Host, Kind, Range, Result, Staged, Stat, WriteOptions,
    blocking::{Backend, Writer},
};
use std::{
    fs::{self, Metadata},
    io,
    path::PathBuf,
    process,
    sync::atomic::{AtomicU64, Ordering},
    time::UNIX_EPOCH,
};

static COPIES: AtomicU64 = AtomicU64::new(0);

/// A folder with two in it: published objects, and what is being written.
#[derive(Debug)]
pub struct ShelfStore {
    objects: PathBuf,
    staged: PathBuf,
}

impl ShelfStore {
    fn path(&self, key: &str) -> Result<PathBuf> {
        Ok(self.objects.join(names::file_name(key)?))
    }

    fn metadata(&self, key: &str) -> Result<Metadata> {
        fs::metadata(self.path(key)?).map_err(|error| named(error, key))
    }
}

/// What the system says, with the key in it: of a missing file people want to know which.
fn named(error: io::Error, key: &str) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::not_found(key),
        _ => Error::from(error).context(&format!("the object `{key}`")),
    }
}

pub(crate) fn stat(metadata: &Metadata) -> Stat {
    let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Stat {
        size: metadata.len(),
        etag: None,
        modified_ms: since.and_then(|since| u64::try_from(since.as_millis()).ok()),
    }
}

impl Backend for ShelfStore {
    const NAME: &'static str = "shelf";
    // What is declared here is what the conformance suite asks for.
    const CAPABILITIES: Capabilities =
        Capabilities { list: true, stage_tokens: true, copy: true, ..Capabilities::DEFAULT };
    type Config = Config;
    type Writer = ShelfWriter;
    type Reader = ShelfReader;
    type Lister = Pages;

    fn open(config: Config, _: Host) -> Result<Self> {
        let root = config.root;
        // A disk that is not mounted must not be taken for an empty store.
        if !root.is_dir() {
            let message = format!("the folder `{}` is not there: make it, or mount what holds it", root.display());
            return Err(Error::new(Kind::Unavailable, message));
        }
        let store = Self { objects: root.join("objects"), staged: root.join("staged") };
        for folder in [&store.objects, &store.staged] {
            fs::create_dir_all(folder)?;
        }
        Ok(store)
    }

    fn stat(&self, key: &str) -> Result<Stat> {
        Ok(stat(&self.metadata(key)?))
    }

    fn create(&self, key: &str, options: WriteOptions) -> Result<ShelfWriter> {
        ShelfWriter::create(self.path(key)?, &self.staged, key, options.transfer)
    }

    fn read(&self, key: &str, range: Range) -> Result<ShelfReader> {
        ShelfReader::open(&self.path(key)?, range).map_err(|error| named(error, key))
    }

    fn delete(&self, key: &str) -> Result<()> {
        fs::remove_file(self.path(key)?).map_err(|error| named(error, key))
    }

    fn list(&self, prefix: &str, after: Option<&str>) -> Result<Pages> {
        let mut entries = Vec::new();
        for file in fs::read_dir(&self.objects)? {
            let file = file?;
            let Some(key) = file.file_name().to_str().and_then(names::key) else { continue };
            if key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after) {
                // Deleted meanwhile: not listed.
                let Ok(metadata) = file.metadata() else { continue };
                entries.push(Entry { key, size: metadata.len() });
            }
        }
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Pages(entries))
    }

    fn discard(&self, token: &str) -> Result<()> {
        let nothing = || Error::new(Kind::NotFound, format!("nothing is staged under `{token}`"));
        if !names::is_transfer(token) {
            return Err(nothing());
        }
        fs::remove_file(self.staged.join(token)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => nothing(),
            _ => error.into(),
        })
    }

    fn list_staged(&self) -> Result<Vec<Staged>> {
        let mut staged = Vec::new();
        for file in fs::read_dir(&self.staged)? {
            let file = file?;
            let Some(token) = file.file_name().to_str().map(str::to_owned) else { continue };
            let Ok(metadata) = file.metadata() else { continue };
            let idle = metadata.modified().ok().and_then(|time| time.elapsed().ok());
            staged.push(Staged { token, idle_ms: idle.and_then(|idle| u64::try_from(idle.as_millis()).ok()) });
        }
        Ok(staged)
    }

    fn copy(&self, from: &str, to: &str) -> Result<Stat> {
        let mut source = fs::File::open(self.path(from)?).map_err(|error| named(error, from))?;
        // No transfer of the gateway's has this form, and no two copies in one process the same number.
        let transfer = format!("copy-{}-{}", process::id(), COPIES.fetch_add(1, Ordering::Relaxed));
        let mut writer = ShelfWriter::create(self.path(to)?, &self.staged, to, transfer)?;
        io::copy(&mut source, &mut writer)?;
        writer.commit()
    }

    fn format_location(&self, key: &str) -> Result<String> {
        Ok(format!("shelf:///{}", names::file_name(key)?))
    }

    fn parse_location(&self, uri: &str) -> Result<String> {
        uri.strip_prefix("shelf:///").and_then(names::key).ok_or_else(|| Error::not_found(uri))
    }

    fn health(&self) -> Result<()> {
        fs::metadata(&self.objects).map(drop).map_err(|error| {
            let message = format!("the folder `{}` cannot be used: {error}", self.objects.display());
            Error::new(Kind::Unavailable, message)
        })
    }
}
