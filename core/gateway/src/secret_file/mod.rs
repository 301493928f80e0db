//! Files that only their owner may read, and folders for them.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix::{new_file, protect_folder};

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::{Right, grant};
#[cfg(windows)]
use windows::{new_file, protect_folder};

use std::{
    io::{self, Write},
    path::Path,
};

/// Writes a secret to a file that must not exist yet.
pub(crate) fn create(path: &Path, secret: &str) -> io::Result<()> {
    let mut file = new_file(path)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()
}

/// Lets nobody into a folder but those who administrate it: its owner, on Windows the administrators and the system.
pub(crate) fn protect(folder: &Path) -> io::Result<()> {
    protect_folder(folder)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_file_that_is_there_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        create(&path, "first").unwrap();
        assert_eq!(create(&path, "second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first");
    }
}
