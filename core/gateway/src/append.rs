//! Whether a file can be appended to, without making it.

use std::{
    fs::File,
    io::{self, ErrorKind},
    path::Path,
};

/// Where there is no such file, whether its folder takes one.
pub(crate) fn try_append(file: &Path) -> io::Result<()> {
    match File::options().append(true).open(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
            // It is gone when it is closed, also where this process is killed.
            tempfile::tempfile_in(folder.unwrap_or(Path::new("."))).map(drop)
        }
        opened => opened.map(drop),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::fs;

    #[test]
    fn what_is_tried_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        fs::write(&old, "line\n").unwrap();
        try_append(&old).unwrap();
        try_append(&new).unwrap();
        assert_eq!(fs::read(&old).unwrap(), b"line\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        try_append(folder.path()).unwrap_err();
        try_append(&new.join("file")).unwrap_err();
    }
}
