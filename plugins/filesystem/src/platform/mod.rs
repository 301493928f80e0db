//! What the operating systems do differently, behind one face: [`Dir`], a directory whose entries are named
//! relative to it, and a few functions on open files.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::*;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::*;

/// The state of a file system, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Space {
    pub(crate) used: u64,
    /// What an unprivileged account can still write.
    pub(crate) available: u64,
    pub(crate) read_only: bool,
}
