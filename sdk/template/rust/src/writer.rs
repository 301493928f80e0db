//! A staged write: a file that nobody finds under the object's key before it is whole and on the disk.

use crate::store::stat;
use casement_sdk::{Error, Result, Stat, blocking::Writer};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// A staged write. Dropped unfinished, it takes its file with it.
#[derive(Debug)]
pub struct ShelfWriter {
    file: File,
    staged: PathBuf,
    object: PathBuf,
    key: String,
    /// The stage token: by it the gateway finds what a crash has left.
    transfer: String,
}

impl ShelfWriter {
    pub(crate) fn create(object: PathBuf, folder: &Path, key: &str, transfer: String) -> Result<Self> {
        if object.exists() {
            return Err(Error::exists(key));
        }
        let staged = folder.join(&transfer);
        let file = OpenOptions::new().write(true).create_new(true).open(&staged)?;
        Ok(Self { file, staged, object, key: key.to_owned(), transfer })
    }
}

impl Write for ShelfWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Writer for ShelfWriter {
    fn token(&self) -> &str {
        &self.transfer
    }

    fn write(&mut self, chunk: &[u8]) -> Result<()> {
        Ok(self.file.write_all(chunk)?)
    }

    fn commit(self) -> Result<Stat> {
        self.file.sync_all()?;
        let found = stat(&self.file.metadata()?);
        // In one step, and never over an object that is there: a rename would replace it.
        fs::hard_link(&self.staged, &self.object).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Error::exists(&self.key),
            _ => error.into(),
        })?;
        flush_folder(&self.object)?;
        Ok(found)
        // The name that is left under `staged` goes when `self` does.
    }
}

/// A new name is on the disk when its folder is. Windows opens no folders as files, and needs none of this.
fn flush_folder(file: &Path) -> Result<()> {
    match file.parent().map(File::open) {
        Some(Ok(folder)) => Ok(folder.sync_all()?),
        _ => Ok(()),
    }
}

impl Drop for ShelfWriter {
    fn drop(&mut self) {
        // Gone already where somebody discarded it.
        fs::remove_file(&self.staged).ok();
    }
}
