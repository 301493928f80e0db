use std::{
    fs::{File, TryLockError},
    path::Path,
};

/// Has the file to itself. So have all processes that inherit it, until the last of them has ended.
pub(super) fn open_alone(path: &Path) -> Result<File, TryLockError> {
    let file = File::options().create(true).truncate(false).write(true).open(path).map_err(TryLockError::Error)?;
    file.try_lock()?;
    Ok(file)
}
