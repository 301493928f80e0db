//! What a store is made from. Each backend has keys of its own for it in the configuration.

use crate::{Class, Credentials, Error, Result};
use std::{ops::RangeInclusive, time::Duration};

/// Read sizes that are neither slower for their number nor a burden on memory.
const CHUNK_SIZES: RangeInclusive<u64> = 64 << 10..=16 << 20;
const WRITES_IN_FLIGHT: RangeInclusive<u32> = 1..=16;

/// Everything about one store.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub roots: Vec<RootOptions>,
    /// Refuses a root that lies on the system's own file system.
    pub require_mount: bool,
    /// Stores blocks of zeros as holes; excludes `preallocate`.
    pub sparse: bool,
    pub preallocate: bool,
    /// How many bytes are read or written at once; by default what suits a disk or a server.
    pub chunk_size: Option<u64>,
    /// How many writes, each of a part of a chunk, are on their way at once; by default as above.
    pub writes_in_flight: Option<u32>,
    /// Permissions of image files as an octal text (Unix).
    pub file_mode: Option<String>,
    /// Access control of image files, in the security descriptor definition language (Windows).
    pub sddl: Option<String>,
    /// Bytes to leave free in each root.
    pub reserve: u64,
    /// How long a share that is lost, or a volume that is paused, is waited for.
    pub ride_out: Duration,
    /// Whom the file server knows (Windows).
    pub credentials: Option<Credentials>,
}

/// A directory that holds images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootOptions {
    pub path: String,
    /// New images go to the roots of the highest weight that have room, and among them to the one with most.
    pub weight: i64,
}

impl Options {
    pub const RIDE_OUT: Duration = Duration::from_secs(20);

    /// Refuses what no system can do.
    pub(crate) fn check(&self) -> Result<()> {
        if self.roots.is_empty() {
            return bad("no root is named: write `root`, the directory that holds the images".into());
        }
        if let Some(size) = self.chunk_size.filter(|size| !CHUNK_SIZES.contains(size)) {
            let (least, most) = (CHUNK_SIZES.start(), CHUNK_SIZES.end());
            return bad(format!("chunk_size = {size}: write a number of bytes from {least} to {most}"));
        }
        if let Some(number) = self.writes_in_flight.filter(|number| !WRITES_IN_FLIGHT.contains(number)) {
            let (least, most) = (WRITES_IN_FLIGHT.start(), WRITES_IN_FLIGHT.end());
            return bad(format!("writes_in_flight = {number}: write {least} to {most}"));
        }
        Ok(())
    }

    /// How a store moves its data, on a disk or on a server.
    pub(crate) fn tuning(&self, is_remote: bool) -> Tuning {
        let default = if is_remote { Tuning::SERVER } else { Tuning::DISK };
        Tuning {
            chunk_size: self.chunk_size.unwrap_or(default.chunk_size),
            writes_in_flight: self.writes_in_flight.unwrap_or(default.writes_in_flight),
        }
    }
}

/// How much is moved at once. The defaults are measured: `docs/benchmarks.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tuning {
    pub(crate) chunk_size: u64,
    pub(crate) writes_in_flight: u32,
}

impl Tuning {
    /// The system's cache answers at once.
    const DISK: Self = Self { chunk_size: 1 << 20, writes_in_flight: 1 };
    /// Each answer takes a round trip, so few large chunks; in parts, so that sending and storing overlap.
    const SERVER: Self = Self { chunk_size: 4 << 20, writes_in_flight: 4 };
}

pub(crate) fn bad<T>(message: String) -> Result<T> {
    Err(Error::new(Class::Config, message))
}
