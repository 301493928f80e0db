//! Windows, as far as the standard library reaches. It cannot open a directory to work below it, ask for free
//! space or flush a directory; where that matters, the reason stands at the place.

use super::Space;
use crate::Config;
use casement_sdk::{Error, Kind, Result};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::{FileExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf, Prefix};

/// What no file name can hold; the colon would name an alternate stream of another file.
pub(crate) const FORBIDDEN: &[char] = &['/', '\\', ':', '*', '?', '"', '<', '>', '|', '\0'];

/// Whether [`Dir::space`] works.
pub(crate) const KNOWS_SPACE: bool = false;

/// Refuses what this platform would silently not do.
pub(crate) fn check_config(config: &Config) -> Result<()> {
    let ignored = [
        ("require_mount", config.require_mount),
        ("sparse", config.sparse),
        ("file_mode", config.file_mode.is_some()),
        ("reserve", config.reserve > 0),
    ];
    match ignored.iter().find(|(_, is_set)| *is_set) {
        Some((key, _)) => {
            let message = format!("{key} is not supported on Windows: leave it out");
            Err(Error::new(Kind::Config, message))
        }
        None => Ok(()),
    }
}

/// `FILE_FLAG_OPEN_REPARSE_POINT`: opens a symbolic link itself.
const OPEN_REPARSE_POINT: u32 = 0x0020_0000;

/// The names that lead to an absolute path, a drive first.
pub(crate) fn segments(path: &Path) -> Result<Vec<&[u8]>> {
    let mut segments = Vec::new();
    for part in path.components() {
        match part {
            Component::Prefix(prefix) if !matches!(prefix.kind(), Prefix::Disk(_)) => {
                return Err(Error::unsupported("location URIs of roots that are not on a drive letter"));
            }
            Component::Prefix(_) | Component::Normal(_) => segments.push(part.as_os_str().as_encoded_bytes()),
            _ => {}
        }
    }
    Ok(segments)
}

/// A directory, by its path.
#[derive(Debug)]
pub(crate) struct Dir(PathBuf);

impl Dir {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if fs::metadata(path)?.is_dir() { Ok(Self(path.to_owned())) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    /// Opens a directory in this one; a symbolic link is none.
    pub(crate) fn open_dir(&self, name: &str) -> io::Result<Self> {
        let is_dir = self.metadata(name)?.is_dir();
        if is_dir { Ok(Self(self.0.join(name))) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    pub(crate) fn make_dir(&self, name: &str) -> io::Result<()> {
        fs::create_dir(self.0.join(name))
    }

    /// Opens a regular file for reading; of anything else says that there is none.
    pub(crate) fn open_file(&self, name: &str) -> io::Result<File> {
        let file = OpenOptions::new().read(true).custom_flags(OPEN_REPARSE_POINT).open(self.0.join(name))?;
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    /// Makes a file that was not there. A mode means nothing here and is refused in [`check_config`].
    pub(crate) fn create_file(&self, name: &str, _mode: Option<u32>) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(self.0.join(name))
    }

    /// What stands under a name, a symbolic link itself included.
    pub(crate) fn metadata(&self, name: &str) -> io::Result<Metadata> {
        fs::symlink_metadata(self.0.join(name))
    }

    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    /// Moves a file to a name in another directory of the same volume, never replacing: `fs::rename` would.
    pub(crate) fn publish(&self, name: &str, to: &Self, new_name: &str) -> io::Result<()> {
        fs::hard_link(self.0.join(name), to.0.join(new_name))?;
        if let Err(error) = self.remove(name) {
            tracing::debug!(%error, name, "a published file keeps its staged name until that is discarded");
        }
        Ok(())
    }

    /// Does nothing: the standard library cannot open a directory for flushing, and NTFS logs new names.
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    /// The entries whose names are Unicode, in no order.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    pub(crate) fn space(&self) -> io::Result<Space> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn is_mounted(&self) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Claims nothing: setting the length would do that on NTFS, but only after zeros were written up to the end.
pub(crate) fn preallocate(_file: &File, _length: u64) -> io::Result<bool> {
    Ok(false)
}

/// Up to `length` bytes from `offset`; fewer, and none at all, only at the end of the file.
pub(crate) fn read_at(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut chunk = vec![0; length];
    let read = file.seek_read(&mut chunk, offset)?;
    chunk.truncate(read);
    Ok(chunk)
}

pub(crate) fn write_all_at(file: &File, mut data: &[u8], mut offset: u64) -> io::Result<()> {
    while !data.is_empty() {
        let written = file.seek_write(data, offset)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        data = &data[written..];
        offset += written as u64;
    }
    Ok(())
}

/// Windows reads ahead by itself when a file is read in order.
pub(crate) fn will_read(_file: &File, _offset: u64, _length: u64) {}

/// The lazy writer cannot be hurried without waiting for it.
pub(crate) fn start_writeback(_file: &File, _offset: u64, _length: u64) {}

pub(crate) fn copy_data(mut from: &File, mut to: &File, size: u64) -> io::Result<()> {
    let copied = io::copy(&mut io::Read::take(&mut from, size), &mut to)?;
    if copied == size { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
