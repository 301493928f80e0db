//! On Windows the folder's access control list decides, and `Program Files` is written by administrators only:
//! the installer's business, and checked there.

use std::{fs, io, path::Path};

/// Makes a folder with the access control of the one it lies in.
pub(in crate::host) fn make_own_folder(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

pub(in crate::host) fn refuse_if_others_can_write(_path: &Path) -> Result<(), String> {
    Ok(())
}
