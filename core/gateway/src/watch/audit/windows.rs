use std::{ffi::OsString, fs::File, io, path::Path};

/// Keeps other processes off the file, until what is given is closed. That is another file: a lock on the log itself would keep
/// those off who read it.
pub(super) fn keep_off(_file: &File, path: &Path) -> io::Result<Option<File>> {
    let mut name = OsString::from(path);
    name.push(".lock");
    let lock = File::options().create(true).truncate(false).write(true).open(name)?;
    lock.lock()?;
    Ok(Some(lock))
}
