use std::{
    fs::{File, TryLockError},
    os::windows::fs::OpenOptionsExt,
    path::Path,
};

/// Others may look at it, as what makes backups does.
const FILE_SHARE_READ: u32 = 1;
/// "The process cannot access the file because it is being used by another process" (System Error Codes 0-499).
const ERROR_SHARING_VIOLATION: i32 = 32;

/// Has the file to itself. So have all processes that inherit it, until the last of them has ended; a lock of LockFileEx would
/// end with the process that has asked for it.
pub(super) fn open_alone(path: &Path) -> Result<File, TryLockError> {
    let opened = File::options().create(true).truncate(false).write(true).share_mode(FILE_SHARE_READ).open(path);
    opened.map_err(|error| match error.raw_os_error() {
        Some(ERROR_SHARING_VIOLATION) => TryLockError::WouldBlock,
        _ => TryLockError::Error(error),
    })
}
