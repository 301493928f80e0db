use std::{fs::File, io, path::Path};

/// It inherits the access list of its folder, which is the operator's to keep.
pub(super) fn new_file(path: &Path) -> io::Result<File> {
    File::create_new(path)
}
