//! Image data in directories of file systems and file shares: what the backends on them have in common.
//!
//! [`Store`] is the store: staging, publishing, reading, waiting for a share that is lost. It knows file systems by
//! their face alone ([`FileSystem`], [`Dir`], [`File`]); [`Platform`] is this machine's.

mod buffers;
mod condemned;
mod credentials;
mod error;
mod face;
mod folders;
mod holes;
mod keys;
mod lister;
mod location;
mod options;
mod reader;
mod root;
mod store;
mod sweeper;
#[cfg(test)]
mod testing;
mod unflushed;
mod wait;
pub mod win32;
mod writer;

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub use unix::Posix as Platform;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub use windows::{ClusApi, Platform, Win32};

pub use credentials::Credentials;
pub use error::{Class, Error, Result};
pub use face::{Dir, File, FileSystem, Metadata, Space};
pub use lister::Lister;
pub use location::Place;
pub use options::{Options, RootOptions};
pub use reader::Reader;
pub use store::{Flavour, Store};
pub use writer::Writer;
