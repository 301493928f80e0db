//! Opening a library on Windows.

use libloading::os::windows::{LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR, LOAD_LIBRARY_SEARCH_SYSTEM32, Library};
use std::path::Path;

/// Opens the file; what it depends on is sought beside it and in the system folder only, never in the current
/// folder or along `PATH`.
pub(super) fn open(path: &Path) -> Result<libloading::Library, libloading::Error> {
    let flags = LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32;
    // SAFETY: loading runs the library's initialisers. Plugins are trusted code, chosen by the operator.
    unsafe { Library::load_with_flags(path, flags) }.map(Into::into)
}
