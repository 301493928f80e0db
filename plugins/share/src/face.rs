//! What a file system can do for a store: the face that every operating system has here, and the tests' fakes.
//!
//! Names are single path components; a store never puts a path together.

use crate::{Options, Place, Result};
use std::{fmt::Debug, time::SystemTime};

/// A way to file systems: an operating system, or a test's.
pub trait FileSystem: Debug + Send + Sync + 'static {
    type Dir: Dir;

    /// Whether [`File::hand_over`] gives the files of this machine's disks.
    const HANDS_OVER: bool = false;

    /// Refuses what this system would silently not do, in the words of the configuration's keys.
    fn check(&self, options: &Options) -> Result<()>;

    /// A root in its simplest spelling; of a spelling that cannot be meant, says what to write instead.
    fn settle(&self, root: &str) -> Result<String>;

    /// Why no file can have this name, apart from what no store allows.
    fn objection(&self, name: &str) -> Option<&'static str>;

    /// Where a settled root lies, for location URIs.
    fn place(&self, root: &str) -> Place;

    /// What a `file:` URI can mean, most likely first: the part behind the scheme's colon, not decoded.
    fn readings(&self, rest: &str) -> Vec<Place>;

    /// Whether two names are one here.
    fn same_name(&self, one: &[u8], other: &[u8]) -> bool;

    /// Opens a root.
    fn open(&self, root: &str) -> Result<Self::Dir>;
}

/// An open directory.
pub trait Dir: Debug + Send + Sync + Sized + 'static {
    type File: File;

    /// Opens a directory in this one; a link is none.
    fn open_dir(&self, name: &str) -> Result<Self>;

    /// Makes a directory that only this account can enter.
    fn make_dir(&self, name: &str) -> Result<()>;

    /// Opens a regular file for reading, in a way that lets it be removed meanwhile; of anything else says that there
    /// is none.
    fn open_file(&self, name: &str) -> Result<Self::File>;

    /// Makes a file that was not there, for this process alone to write.
    fn create_file(&self, name: &str) -> Result<Self::File>;

    /// Opens again, for writing and alone, a file that [`Dir::create_file`] has made.
    fn reopen_file(&self, name: &str) -> Result<Self::File>;

    /// What stands under a name, a link itself included.
    fn metadata(&self, name: &str) -> Result<Metadata>;

    /// Frees the name of a file. Whoever reads the file goes on to its end.
    fn remove(&self, name: &str) -> Result<()>;

    /// Moves a file to a name in another directory of the same volume, in one step and never replacing. `file` is open
    /// as [`Dir::create_file`] or [`Dir::reopen_file`] gave it, and its data is durable.
    fn publish(&self, name: &str, file: Self::File, to: &Self, new_name: &str) -> Result<()>;

    /// Makes the names in this directory durable.
    fn sync(&self) -> Result<()>;

    /// The entries whose names are Unicode, in no order.
    fn names(&self) -> Result<Vec<String>>;

    /// The state of the volume.
    fn space(&self) -> Result<Space>;

    /// Which volume this directory is on: equal for two directories if and only if a file can move between them.
    fn volume(&self) -> Result<u128>;

    /// Whether this directory is a mount point, or below one that is not the system's own.
    fn is_mounted(&self) -> Result<bool>;

    /// Whether a server, and not this machine, keeps the files.
    fn is_remote(&self) -> bool;

    /// Tries out what the volume can do; called at start, on a directory to write in.
    fn probe(&self) -> Result<()> {
        Ok(())
    }

    /// Ends the life of what [`Dir::remove`] could only put aside; called on a root, now and then.
    fn sweep(&self) -> Result<()>;
}

/// An open file.
pub trait File: Debug + Send + Sync + Sized + 'static {
    fn metadata(&self) -> Result<Metadata>;

    /// Up to `length` bytes from `offset`; fewer, and none at all, only at the end of the file.
    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>>;

    /// The same into an empty buffer with room for as much, where the system can.
    fn read_into(&self, buffer: &mut Vec<u8>, offset: u64, length: usize) -> Result<()> {
        *buffer = self.read_at(offset, length)?;
        Ok(())
    }

    fn write_all_at(&self, data: &[u8], offset: u64) -> Result<()>;

    fn set_len(&self, length: u64) -> Result<()>;

    /// Makes the data durable.
    fn sync(&self) -> Result<()>;

    /// Claims space for `length` bytes; says whether the file system can do that.
    fn preallocate(&self, length: u64) -> Result<bool>;

    /// Lets ranges that are never written take no space; says whether the file system can do that.
    fn make_sparse(&self) -> Result<bool>;

    /// Tells the system that this much will be read in order.
    fn will_read(&self, offset: u64, length: u64);

    /// Starts to write a range back to the disk without waiting for it, and lets go of the memory of what is there already.
    fn start_writeback(&self, offset: u64, length: u64);

    /// The system's own file, where whoever reads it does it as well as this would.
    fn hand_over(self) -> Option<std::fs::File> {
        None
    }

    /// Takes the first `size` bytes of another file, leaving holes as holes, and sharing extents where that can be done.
    fn copy_from(&self, source: &Self, size: u64) -> Result<()>;
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    pub is_file: bool,
    pub size: u64,
    pub modified: Option<SystemTime>,
    /// Tells files of one volume apart: a file keeps it under a new name.
    pub id: u128,
}

/// The state of a volume, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    pub used: u64,
    /// What this account can still write.
    pub available: u64,
    pub read_only: bool,
}
