use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Without symbolic links, so that a step back may be taken as text.
pub(super) fn whole(folder: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(folder)
}
