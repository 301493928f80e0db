//! Opening a library on Unix.

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::path::Path;

/// Opens the file with every symbol resolved now, so that a missing one fails at start and not at first use,
/// and with its symbols hidden from other plugins.
pub(super) fn open(path: &Path) -> Result<libloading::Library, libloading::Error> {
    // SAFETY: loading runs the library's initialisers. Plugins are trusted code, chosen by the operator.
    unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map(Into::into)
}
