//! Linux. Everything goes through an open directory, so that nothing changes underfoot between a check and the use of
//! what was checked.

mod errno;
mod keeper;
#[cfg(test)]
mod locations;

use crate::{Class, Dir, Error, File, FileSystem, Metadata, Options, Place, Result, Space, options::bad};
use errno::{failure, io_failure};
use keeper::Keeper;
use percent_encoding::percent_decode_str;
use rustix::{
    buffer::spare_capacity,
    fs::{
        self, Advice, AtFlags, CWD, FallocateFlags, Mode, OFlags, RenameFlags, SeekFrom, StatVfsMountFlags, StatxFlags,
    },
    io::{Errno, pread, retry_on_intr},
};
use std::{
    fs::Permissions,
    io::{self, Read, Seek},
    num::NonZeroU64,
    os::unix::fs::{FileExt, MetadataExt, PermissionsExt},
    path::{Component, Path, PathBuf},
};

/// The file systems of Linux.
#[derive(Debug, Clone)]
pub struct Posix {
    file_mode: Option<u32>,
}

impl Posix {
    pub fn new(options: &Options) -> Result<Self> {
        Ok(Self { file_mode: options.file_mode.as_deref().map(mode).transpose()? })
    }
}

/// `file_mode` as a number.
fn mode(text: &str) -> Result<u32> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    match u32::from_str_radix(digits, 8) {
        Ok(mode) if mode > 0o777 => bad(format!("file_mode = \"{text}\" is above 0777: write \"0640\", say")),
        Ok(mode) if mode & 0o400 == 0 => {
            bad(format!("file_mode = \"{text}\" would keep the gateway from reading its images: write \"0640\", say"))
        }
        Ok(mode) => Ok(mode),
        Err(_) => bad(format!("file_mode = \"{text}\" is not an octal number: write \"0640\", say")),
    }
}

impl FileSystem for Posix {
    type Dir = PosixDir;

    const HANDS_OVER: bool = true;

    fn check(&self, options: &Options) -> Result<()> {
        let foreign = [("sddl", options.sddl.is_some()), ("username", options.credentials.is_some())];
        match foreign.iter().find(|(_, is_set)| *is_set) {
            Some((key, _)) => bad(format!("{key} is for Windows: leave it out, and set it where the share is mounted")),
            None => Ok(()),
        }
    }

    fn settle(&self, root: &str) -> Result<String> {
        let path = Path::new(root);
        if !path.is_absolute() {
            return bad(format!("root = `{root}` is not absolute: write the whole path, such as `/srv/images`"));
        }
        if path.components().any(|part| part == Component::ParentDir) {
            return bad(format!("root = `{root}` contains `..`: write the path without it"));
        }
        let simplest: PathBuf = path.components().collect();
        Ok(simplest.to_string_lossy().into_owned())
    }

    fn objection(&self, name: &str) -> Option<&'static str> {
        name.contains(['/', '\0']).then_some("contains a character that a file name cannot hold")
    }

    fn place(&self, root: &str) -> Place {
        Place { host: String::new(), names: names(root.as_bytes()) }
    }

    /// Glance writes the path as it is: where the root itself has a `%`, only the undecoded path lies in it. The key has
    /// none then.
    fn readings(&self, rest: &str) -> Vec<Place> {
        let Some(path) = local_path(rest).filter(|path| !path.ends_with('/')) else {
            return Vec::new();
        };
        let here = |path: &[u8]| Place { host: String::new(), names: names(path) };
        let decoded: Vec<u8> = percent_decode_str(path).collect();
        let mut readings = Vec::new();
        // A name with an escaped slash at its end would seem to be a directory's.
        if !decoded.ends_with(b"/") {
            readings.push(here(&decoded));
        }
        let key = path.rsplit('/').next().unwrap_or_default();
        if !key.contains('%') {
            readings.push(here(path.as_bytes()));
        }
        readings
    }

    fn same_name(&self, one: &[u8], other: &[u8]) -> bool {
        one == other
    }

    fn open(&self, root: &str) -> Result<PosixDir> {
        let directory = retry_on_intr(|| fs::openat(CWD, root, PosixDir::FLAGS, Mode::empty()))?;
        let keeper = Keeper::of(&directory)?;
        if keeper == Keeper::Fat {
            return bad(format!(
                "the root `{root}` is on a FAT file system, which holds no file of 4 GiB and loses names in a power cut: \
                 use another one, ext4 or XFS for example"
            ));
        }
        let remote = keeper == Keeper::Server;
        Ok(PosixDir { directory: directory.into(), file_mode: self.file_mode, remote })
    }
}

/// The names that lead to a path.
fn names(path: &[u8]) -> Vec<Vec<u8>> {
    let names = path.split(|byte| *byte == b'/').filter(|name| !name.is_empty() && *name != b".");
    names.map(<[u8]>::to_vec).collect()
}

/// The path of a `file:` URI without its scheme, unless it is on another host.
fn local_path(rest: &str) -> Option<&str> {
    let Some(rest) = rest.strip_prefix("//") else {
        return Some(rest).filter(|path| path.starts_with('/'));
    };
    let (host, path) = rest.split_at(rest.find('/')?);
    (host.is_empty() || host.eq_ignore_ascii_case("localhost")).then_some(path)
}

/// An open directory.
#[derive(Debug)]
pub struct PosixDir {
    directory: std::fs::File,
    file_mode: Option<u32>,
    remote: bool,
}

impl PosixDir {
    const FLAGS: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

    fn open_entry(&self, name: &str, flags: OFlags, mode: Mode) -> Result<std::fs::File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = retry_on_intr(|| fs::openat(&self.directory, name, flags, mode));
        Ok(opened.map_err(|errno| failure(errno, self.remote))?.into())
    }

    fn file(&self, file: std::fs::File) -> PosixFile {
        PosixFile { file, remote: self.remote }
    }

    fn link_and_remove(&self, name: &str, to: &Self, new_name: &str) -> Result<()> {
        match fs::linkat(&self.directory, name, &to.directory, new_name, AtFlags::empty()) {
            Ok(()) => {}
            // NFS sends a request again when the answer is lost, and then finds its own link.
            Err(Errno::EXIST) if self.metadata(name)?.id == to.metadata(new_name)?.id => {}
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS) => {
                let message = "this file system can neither rename without replacing nor make hard links: \
                               move the root to one that can";
                return Err(Error::new(Class::Unsupported, message));
            }
            Err(errno) => return Err(failure(errno, self.remote)),
        }
        if let Err(error) = self.remove(name) {
            tracing::debug!(%error, name, "a published file keeps its staged name until that is discarded");
        }
        Ok(())
    }

    /// `None` before Linux 5.8.
    fn mount_id(&self) -> Result<Option<u64>> {
        match fs::statx(&self.directory, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID) {
            Ok(found) => Ok((found.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(found.stx_mnt_id)),
            Err(Errno::NOSYS) => Ok(None),
            Err(errno) => Err(failure(errno, self.remote)),
        }
    }
}

impl Dir for PosixDir {
    type File = PosixFile;

    fn open_dir(&self, name: &str) -> Result<Self> {
        let directory = self.open_entry(name, Self::FLAGS, Mode::empty())?;
        Ok(Self { directory, file_mode: self.file_mode, remote: self.remote })
    }

    fn make_dir(&self, name: &str) -> Result<()> {
        fs::mkdirat(&self.directory, name, Mode::RWXU).map_err(|errno| failure(errno, self.remote))
    }

    fn open_file(&self, name: &str) -> Result<PosixFile> {
        let nothing = || Error::new(Class::NotFound, "not a regular file");
        // Without O_NONBLOCK, opening a FIFO would wait for its writer.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match retry_on_intr(|| fs::openat(&self.directory, name, flags, Mode::empty())) {
            Ok(file) => {
                let file = self.file(file.into());
                if file.metadata()?.is_file { Ok(file) } else { Err(nothing()) }
            }
            // A symbolic link, and a socket.
            Err(Errno::LOOP | Errno::NXIO) => Err(nothing()),
            Err(errno) => Err(failure(errno, self.remote)),
        }
    }

    /// With exactly the mode that is configured, or with 0666 less the umask.
    fn create_file(&self, name: &str) -> Result<PosixFile> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        let file = self.open_entry(name, flags, Mode::from_raw_mode(0o666))?;
        if let Some(mode) = self.file_mode
            && let Err(error) = file.set_permissions(Permissions::from_mode(mode))
        {
            self.remove(name)?;
            return Err(error.into());
        }
        Ok(self.file(file))
    }

    fn reopen_file(&self, name: &str) -> Result<PosixFile> {
        let file = self.file(self.open_entry(name, OFlags::RDWR, Mode::empty())?);
        // What is read now should come from the server, and not out of the cache that it may have lost.
        file.start_writeback(0, 0);
        Ok(file)
    }

    fn metadata(&self, name: &str) -> Result<Metadata> {
        self.file(self.open_entry(name, OFlags::PATH, Mode::empty())?).metadata()
    }

    fn remove(&self, name: &str) -> Result<()> {
        fs::unlinkat(&self.directory, name, AtFlags::empty()).map_err(|errno| failure(errno, self.remote))
    }

    fn publish(&self, name: &str, _file: PosixFile, to: &Self, new_name: &str) -> Result<()> {
        match fs::renameat_with(&self.directory, name, &to.directory, new_name, RenameFlags::NOREPLACE) {
            // NFS knows no such flag, nor do some FUSE file systems.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => self.link_and_remove(name, to, new_name),
            result => result.map_err(|errno| failure(errno, self.remote)),
        }
    }

    fn sync(&self) -> Result<()> {
        self.directory.sync_all().map_err(|error| io_failure(&error, self.remote))
    }

    fn names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::Dir::read_from(&self.directory).map_err(|errno| failure(errno, self.remote))? {
            let entry = entry.map_err(|errno| failure(errno, self.remote))?;
            names.extend(entry.file_name().to_str().ok().filter(|name| ![".", ".."].contains(name)).map(str::to_owned));
        }
        Ok(names)
    }

    fn space(&self) -> Result<Space> {
        let found = retry_on_intr(|| fs::fstatvfs(&self.directory)).map_err(|errno| failure(errno, self.remote))?;
        Ok(Space {
            used: (found.f_blocks.saturating_sub(found.f_bfree)).saturating_mul(found.f_frsize),
            available: found.f_bavail.saturating_mul(found.f_frsize),
            read_only: found.f_flag.contains(StatVfsMountFlags::RDONLY),
        })
    }

    fn volume(&self) -> Result<u128> {
        // A rename does not cross mounts either, bind mounts of one file system among them.
        let device = self.directory.metadata().map_err(|error| io_failure(&error, self.remote))?.dev();
        Ok(u128::from(device) << 64 | u128::from(self.mount_id()?.unwrap_or(0)))
    }

    fn is_mounted(&self) -> Result<bool> {
        let top = Posix { file_mode: None }.open("/")?;
        // The device alone would take a bind mount for the file system it was bound from.
        if let (Some(here), Some(there)) = (self.mount_id()?, top.mount_id()?) {
            return Ok(here != there);
        }
        Ok(self.volume()? != top.volume()?)
    }

    fn is_remote(&self) -> bool {
        self.remote
    }

    /// Removing is final here.
    fn sweep(&self) -> Result<()> {
        Ok(())
    }
}

/// An open file.
#[derive(Debug)]
pub struct PosixFile {
    file: std::fs::File,
    remote: bool,
}

impl PosixFile {
    fn told<T>(&self, result: io::Result<T>) -> Result<T> {
        result.map_err(|error| io_failure(&error, self.remote))
    }
}

impl File for PosixFile {
    fn metadata(&self) -> Result<Metadata> {
        let found = self.told(self.file.metadata())?;
        Ok(Metadata {
            is_file: found.is_file(),
            size: found.len(),
            modified: found.modified().ok(),
            id: u128::from(found.ino()),
        })
    }

    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>> {
        let mut chunk = Vec::with_capacity(length);
        self.read_into(&mut chunk, offset, length)?;
        Ok(chunk)
    }

    fn read_into(&self, buffer: &mut Vec<u8>, offset: u64, length: usize) -> Result<()> {
        retry_on_intr(|| pread(&self.file, spare_capacity(buffer), offset))
            .map_err(|errno| failure(errno, self.remote))?;
        buffer.truncate(length);
        Ok(())
    }

    fn write_all_at(&self, data: &[u8], offset: u64) -> Result<()> {
        self.told(self.file.write_all_at(data, offset))
    }

    fn set_len(&self, length: u64) -> Result<()> {
        self.told(self.file.set_len(length))
    }

    fn sync(&self) -> Result<()> {
        self.told(self.file.sync_all())
    }

    fn preallocate(&self, length: u64) -> Result<bool> {
        match retry_on_intr(|| fs::fallocate(&self.file, FallocateFlags::empty(), 0, length)) {
            Ok(()) => Ok(true),
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(false),
            Err(errno) => Err(failure(errno, self.remote)),
        }
    }

    /// Every file is.
    fn make_sparse(&self) -> Result<bool> {
        Ok(true)
    }

    fn will_read(&self, offset: u64, length: u64) {
        if let Err(error) = fs::fadvise(&self.file, offset, NonZeroU64::new(length), Advice::Sequential) {
            tracing::debug!(%error, "no readahead");
        }
    }

    /// DONTNEED does both (Linux, `generic_fadvise`). So where the disk keeps up, a large upload has the same memory again and
    /// again, which is faster than other memory, and pushes nothing else out of the page cache.
    fn start_writeback(&self, offset: u64, length: u64) {
        if let Err(error) = fs::fadvise(&self.file, offset, NonZeroU64::new(length), Advice::DontNeed) {
            tracing::debug!(%error, "no early write-back");
        }
    }

    /// What a server keeps may have to be waited for.
    fn hand_over(self) -> Option<std::fs::File> {
        (!self.remote).then_some(self.file)
    }

    /// The standard library asks for `copy_file_range`, which shares extents on Btrfs and XFS, and copies on the server
    /// with NFS 4.2.
    fn copy_from(&self, source: &Self, size: u64) -> Result<()> {
        let (mut from, mut to) = (&source.file, &self.file);
        let shorter = || Error::new(Class::Corrupt, "the source became shorter while it was copied");
        let mut done = 0;
        while done < size {
            let start = match fs::seek(from, SeekFrom::Data(done)) {
                Err(Errno::NXIO) if source.metadata()?.size >= size => return Ok(()),
                Err(Errno::NXIO) => return Err(shorter()),
                start => start.map_err(|errno| failure(errno, self.remote))?,
            };
            let end = fs::seek(from, SeekFrom::Hole(start)).map_err(|errno| failure(errno, self.remote))?.min(size);
            self.told(from.seek(io::SeekFrom::Start(start)))?;
            self.told(to.seek(io::SeekFrom::Start(start)))?;
            done = start + self.told(io::copy(&mut from.take(end.saturating_sub(start)), &mut to))?;
            if done < end {
                return Err(shorter());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::fs::{read, write};

    fn open(path: &Path) -> PosixDir {
        Posix { file_mode: None }.open(path.to_str().unwrap()).unwrap()
    }

    #[test]
    fn a_hard_link_publishes_where_rename_always_replaces() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let dir = open(path);
        write(path.join("staged"), "new").unwrap();
        write(path.join("taken"), "old").unwrap();

        let refused = dir.link_and_remove("staged", &dir, "taken").unwrap_err();
        assert_eq!(refused.class(), Class::Exists);
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
        let dir = open(path);
        write(path.join("staged"), "new").unwrap();
        std::fs::hard_link(path.join("staged"), path.join("key")).unwrap();

        dir.link_and_remove("staged", &dir, "key").unwrap();
        assert_eq!(dir.names().unwrap(), ["key"]);
    }
}
