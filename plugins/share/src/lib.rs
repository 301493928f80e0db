//! Image data in directories of file systems and file shares: what the backends on them have in common.
//!
//! [`Store`] is the store: staging, publishing, reading, waiting for a share that is lost. It knows file systems by
//! their face alone ([`FileSystem`], [`Dir`], [`File`]); [`Platform`] is this machine's.

mod error;
mod face;
mod keys;
mod location;
mod options;
pub mod win32;
#[cfg(windows)]
mod windows;

pub use error::{Class, Error, Result};
pub use face::{Dir, File, FileSystem, Metadata, Space};
pub use location::Place;
pub use options::{Credentials, Options, RootOptions};
#[cfg(windows)]
pub use windows::Win32;
