//! Linux. Everything goes through an open directory, so that nothing changes underfoot between a check and
//! the use of what was checked.

use super::Space;
use crate::Config;
use casement_sdk::Result;
use rustix::buffer::spare_capacity;
use rustix::fs::{
    self, Advice, AtFlags, CWD, FallocateFlags, Mode, OFlags, RenameFlags, SeekFrom, StatVfsMountFlags, StatxFlags,
};
use rustix::io::{Errno, pread, retry_on_intr};
use std::fs::{File, Metadata, Permissions};
use std::io::{self, Read, Seek};
use std::num::NonZeroU64;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Component, Path};

/// What no file name can hold.
pub(crate) const FORBIDDEN: &[char] = &['/', '\0'];

/// Whether [`Dir::space`] works.
pub(crate) const KNOWS_SPACE: bool = true;

/// Every key of the configuration works.
pub(crate) fn check_config(_config: &Config) -> Result<()> {
    Ok(())
}

/// The names that lead from `/` to an absolute path.
pub(crate) fn segments(path: &Path) -> Result<Vec<&[u8]>> {
    let names = path.components().filter(|part| matches!(part, Component::Normal(_)));
    Ok(names.map(|part| part.as_os_str().as_encoded_bytes()).collect())
}

/// An open directory.
#[derive(Debug)]
pub(crate) struct Dir(File);

impl Dir {
    const FLAGS: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let directory = retry_on_intr(|| fs::openat(CWD, path, Self::FLAGS, Mode::empty()))?;
        Ok(Self(directory.into()))
    }

    /// Opens a directory in this one; a symbolic link is none.
    pub(crate) fn open_dir(&self, name: &str) -> io::Result<Self> {
        Ok(Self(self.open_entry(name, Self::FLAGS, Mode::empty())?))
    }

    /// Makes a directory that only this account can enter.
    pub(crate) fn make_dir(&self, name: &str) -> io::Result<()> {
        Ok(fs::mkdirat(&self.0, name, Mode::RWXU)?)
    }

    /// Opens a regular file for reading; of anything else says that there is none.
    pub(crate) fn open_file(&self, name: &str) -> io::Result<File> {
        // Without O_NONBLOCK, opening a FIFO would wait for its writer.
        match self.open_entry(name, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty()) {
            Ok(file) if file.metadata()?.is_file() => Ok(file),
            Ok(_) => Err(io::ErrorKind::NotFound.into()),
            // A symbolic link, and a socket.
            Err(error)
                if [Errno::LOOP, Errno::NXIO].iter().any(|no| error.raw_os_error() == Some(no.raw_os_error())) =>
            {
                Err(io::ErrorKind::NotFound.into())
            }
            Err(error) => Err(error),
        }
    }

    /// Makes a file that was not there, with exactly this mode or with 0666 less the umask.
    pub(crate) fn create_file(&self, name: &str, mode: Option<u32>) -> io::Result<File> {
        let file = self.open_entry(name, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL, Mode::from_raw_mode(0o666))?;
        if let Some(mode) = mode
            && let Err(error) = file.set_permissions(Permissions::from_mode(mode))
        {
            self.remove(name)?;
            return Err(error);
        }
        Ok(file)
    }

    fn open_entry(&self, name: &str, flags: OFlags, mode: Mode) -> io::Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(retry_on_intr(|| fs::openat(&self.0, name, flags, mode))?.into())
    }

    /// What stands under a name, a symbolic link itself included.
    pub(crate) fn metadata(&self, name: &str) -> io::Result<Metadata> {
        self.open_entry(name, OFlags::PATH, Mode::empty())?.metadata()
    }

    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Moves a file to a name in another directory of the same file system, in one step and never replacing.
    pub(crate) fn publish(&self, name: &str, to: &Self, new_name: &str) -> io::Result<()> {
        match fs::renameat_with(&self.0, name, &to.0, new_name, RenameFlags::NOREPLACE) {
            // NFS knows no such flag, nor do some FUSE file systems.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => self.link_and_remove(name, to, new_name),
            result => Ok(result?),
        }
    }

    fn link_and_remove(&self, name: &str, to: &Self, new_name: &str) -> io::Result<()> {
        match fs::linkat(&self.0, name, &to.0, new_name, AtFlags::empty()) {
            Ok(()) => {}
            // NFS sends a request again when the answer is lost, and then finds its own link.
            Err(Errno::EXIST) if self.is_same_file(name, to, new_name)? => {}
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS) => {
                let message = "this file system can neither rename without replacing nor make hard links: \
                               move the root to one that can";
                return Err(io::Error::new(io::ErrorKind::Unsupported, message));
            }
            Err(error) => return Err(error.into()),
        }
        if let Err(error) = self.remove(name) {
            tracing::debug!(%error, name, "a published file keeps its staged name until that is discarded");
        }
        Ok(())
    }

    fn is_same_file(&self, name: &str, to: &Self, new_name: &str) -> io::Result<bool> {
        let (one, other) = (self.metadata(name)?, to.metadata(new_name)?);
        Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
    }

    /// Makes the names in this directory durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }

    /// The entries whose names are UTF-8, in no order.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::Dir::read_from(&self.0)? {
            let entry = entry?;
            names.extend(entry.file_name().to_str().ok().filter(|name| ![".", ".."].contains(name)).map(str::to_owned));
        }
        Ok(names)
    }

    pub(crate) fn space(&self) -> io::Result<Space> {
        let found = retry_on_intr(|| fs::fstatvfs(&self.0))?;
        Ok(Space {
            used: (found.f_blocks.saturating_sub(found.f_bfree)).saturating_mul(found.f_frsize),
            available: found.f_bavail.saturating_mul(found.f_frsize),
            read_only: found.f_flag.contains(StatVfsMountFlags::RDONLY),
        })
    }

    /// Whether this directory is a mount point, or below one that is not `/`.
    pub(crate) fn is_mounted(&self) -> io::Result<bool> {
        let top = Self::open(Path::new("/"))?;
        // The device alone would take a bind mount for the file system it was bound from.
        if let (Some(here), Some(there)) = (self.mount_id()?, top.mount_id()?) {
            return Ok(here != there);
        }
        Ok(self.0.metadata()?.dev() != top.0.metadata()?.dev())
    }

    /// `None` before Linux 5.8.
    fn mount_id(&self) -> io::Result<Option<u64>> {
        match fs::statx(&self.0, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID) {
            Ok(found) => Ok((found.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(found.stx_mnt_id)),
            Err(Errno::NOSYS) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Claims space for `length` bytes; says whether the file system can do that.
pub(crate) fn preallocate(file: &File, length: u64) -> io::Result<bool> {
    match retry_on_intr(|| fs::fallocate(file, FallocateFlags::empty(), 0, length)) {
        Ok(()) => Ok(true),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Up to `length` bytes from `offset`; fewer, and none at all, only at the end of the file.
pub(crate) fn read_at(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut chunk = Vec::with_capacity(length);
    retry_on_intr(|| pread(file, spare_capacity(&mut chunk), offset))?;
    Ok(chunk)
}

pub(crate) fn write_all_at(file: &File, data: &[u8], offset: u64) -> io::Result<()> {
    file.write_all_at(data, offset)
}

/// Tells the system that this much will be read in order.
pub(crate) fn will_read(file: &File, offset: u64, length: u64) {
    if let Err(error) = fs::fadvise(file, offset, NonZeroU64::new(length), Advice::Sequential) {
        tracing::debug!(%error, "no readahead");
    }
}

/// Starts to write a range back to the disk without waiting for it. DONTNEED does that (Linux,
/// `generic_fadvise`), and besides keeps a large upload from pushing everything else out of the page cache.
pub(crate) fn start_writeback(file: &File, offset: u64, length: u64) {
    if let Err(error) = fs::fadvise(file, offset, NonZeroU64::new(length), Advice::DontNeed) {
        tracing::debug!(%error, "no early write-back");
    }
}

/// Copies `size` bytes, leaving holes as holes. The standard library asks for `copy_file_range`, which shares
/// extents on Btrfs and XFS, and copies on the server with NFS 4.2.
pub(crate) fn copy_data(mut from: &File, mut to: &File, size: u64) -> io::Result<()> {
    let mut done = 0;
    while done < size {
        let start = match fs::seek(from, SeekFrom::Data(done)) {
            Err(Errno::NXIO) if from.metadata()?.len() >= size => return Ok(()),
            Err(Errno::NXIO) => return Err(io::ErrorKind::UnexpectedEof.into()),
            start => start?,
        };
        let end = fs::seek(from, SeekFrom::Hole(start))?.min(size);
        from.seek(io::SeekFrom::Start(start))?;
        to.seek(io::SeekFrom::Start(start))?;
        done = start + io::copy(&mut from.take(end.saturating_sub(start)), &mut to)?;
        if done < end {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::fs::{read, write};

    #[test]
    fn a_hard_link_publishes_where_rename_always_replaces() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let dir = Dir::open(path).unwrap();
        write(path.join("staged"), "new").unwrap();
        write(path.join("taken"), "old").unwrap();

        let refused = dir.link_and_remove("staged", &dir, "taken").unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(
            (read(path.join("staged")).unwrap(), read(path.join("taken")).unwrap()),
            (b"new".into(), b"old".into())
        );

        dir.link_and_remove("staged", &dir, "free").unwrap();
        assert_eq!(read(path.join("free")).unwrap(), b"new");
        assert!(!path.join("staged").exists());
    }

    #[test]
    fn a_link_that_a_lost_answer_has_already_made_counts_as_published() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let dir = Dir::open(path).unwrap();
        write(path.join("staged"), "new").unwrap();
        std::fs::hard_link(path.join("staged"), path.join("key")).unwrap();

        dir.link_and_remove("staged", &dir, "key").unwrap();
        assert_eq!(dir.names().unwrap(), ["key"]);
    }
}
