//! Files that only their owner may read.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix::new_file;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows::new_file;

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
