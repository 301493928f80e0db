use std::{fs::File, io, path::Path};

/// Keeps other processes off the file, until it is closed.
pub(super) fn keep_off(file: &File, _path: &Path) -> io::Result<Option<File>> {
    file.lock()?;
    Ok(None)
}
