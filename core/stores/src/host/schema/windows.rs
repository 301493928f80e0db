use std::{
    io,
    path::{Path, PathBuf},
};

/// As it is written: Windows itself takes a step back as text, before it looks for links. Its canonical form would begin
/// with `\\?\`, which nobody writes.
pub(super) fn whole(folder: &Path) -> io::Result<PathBuf> {
    std::path::absolute(folder)
}
