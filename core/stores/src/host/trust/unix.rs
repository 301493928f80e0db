//! Who can write a file, by its mode bits.

use rustix::fs::{Mode, stat};
use std::{fs::DirBuilder, io, os::unix::fs::DirBuilderExt, path::Path};

/// Makes a folder that only we can write to.
pub(in crate::host) fn make_own_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// Refuses what others than its owner can write, and what belongs to somebody who is neither root nor us.
pub(in crate::host) fn refuse_if_others_can_write(path: &Path) -> Result<(), String> {
    let found = stat(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let others = Mode::WGRP | Mode::WOTH;
    if Mode::from_raw_mode(found.st_mode).intersects(others) {
        return Err(format!(
            "{} can be written by others than its owner, who could run any code in this gateway; run `chmod go-w {0}`",
            path.display(),
        ));
    }
    let owner = found.st_uid;
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(format!(
            "{} belongs to user {owner}; make root or the gateway's own user its owner",
            path.display()
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    #[test]
    fn what_others_can_write_is_refused_with_the_way_to_mend_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        refuse_if_others_can_write(file.path()).unwrap();
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o664)).unwrap();
        let refused = refuse_if_others_can_write(file.path()).unwrap_err();
        assert!(refused.contains("chmod go-w"), "{refused}");
    }
}
