//! Copies of plugin files, which are what is loaded. Windows locks a library that is loaded, and on Linux writing over one
//! ends the process: with a copy, an operator can put a new version where the old one lies while that is in use.

use super::trust::{PluginFile, make_own_folder, refuse_if_others_can_write};
use std::{
    env::consts::DLL_EXTENSION,
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
    process,
};

/// The folder of the copies, each named after its content.
#[derive(Debug)]
pub(super) struct Shadow {
    folder: PathBuf,
}

impl Shadow {
    /// # Errors
    /// When there can be no such folder, or others could write to it.
    pub(super) fn open(folder: &Path) -> Result<Self, String> {
        match make_own_folder(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(format!("the folder for copies of plugins, {}, cannot be made: {error}", folder.display()));
            }
            _ => {}
        }
        refuse_if_others_can_write(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The copy of a file, made unless it is there.
    pub(super) fn copy(&self, file: &PluginFile) -> Result<PathBuf, String> {
        let mut name = file.path.file_stem().unwrap_or_default().to_owned();
        name.push(suffix(&file.sha256));
        if let Some(extension) = file.path.extension() {
            name.push(".");
            name.push(extension);
        }
        let copy = self.folder.join(name);
        // Whatever a crash has left under the name of a copy is not taken for one.
        if fs::read(&copy).is_ok_and(|found| found == file.bytes) {
            return Ok(copy);
        }
        let mut new = OsString::from(&copy);
        new.push(format!(".{}", process::id()));
        let written = fs::write(&new, &file.bytes).and_then(|()| fs::rename(&new, &copy));
        written.map_err(|error| format!("{} cannot be copied to {}: {error}", file.path.display(), copy.display()))?;
        Ok(copy)
    }

    /// Removes what earlier processes have left. A file that another process has loaded stays on Windows, and does not
    /// matter on Linux.
    pub(super) fn remove_all_but<'a>(&self, digests: impl Iterator<Item = &'a str>) {
        let used: Vec<String> = digests.map(suffix).collect();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name();
            // The operator may have named a folder that holds other things too.
            let Some(suffix) = name.to_str().and_then(suffix_in) else { continue };
            let is_used = whole(&name) && used.iter().any(|used| used == suffix);
            if !is_used && let Err(error) = fs::remove_file(&path) {
                tracing::debug!(path = %path.display(), %error, "an old copy of a plugin stays");
            }
        }
    }
}

const DIGITS: usize = 16;

fn suffix(sha256: &str) -> String {
    format!("-{}", &sha256[..DIGITS])
}

/// The suffix in the name of a copy, also of one that was not written to its end; no other name has one.
fn suffix_in(name: &str) -> Option<&str> {
    let (name, last) = name.rsplit_once('.')?;
    let stem = if last == DLL_EXTENSION { name } else { name.strip_suffix(DLL_EXTENSION)?.strip_suffix('.')? };
    let suffix = stem.get(stem.len().checked_sub(DIGITS + 1)?..)?;
    let digits = suffix.strip_prefix('-')?;
    digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')).then_some(suffix)
}

/// Whether it is a copy that was written to its end.
fn whole(name: &OsStr) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == DLL_EXTENSION)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn file(content: &str) -> PluginFile {
        PluginFile::new(PathBuf::from(format!("/plugins/casement_x.{DLL_EXTENSION}")), content.as_bytes().to_vec())
    }

    fn names(folder: &Path) -> Vec<OsString> {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    }

    #[test]
    fn each_content_has_a_copy_of_its_own_and_one_is_enough() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("copies");
        let shadow = Shadow::open(&folder).unwrap();
        let (one, two) = (shadow.copy(&file("one")).unwrap(), shadow.copy(&file("two")).unwrap());
        assert_ne!(one, two);
        assert_eq!((fs::read(&one).unwrap(), fs::read(&two).unwrap()), (b"one".to_vec(), b"two".to_vec()));
        assert_eq!(one.extension().unwrap(), DLL_EXTENSION);
        assert_eq!(Shadow::open(&folder).unwrap().copy(&file("one")).unwrap(), one);
        assert_eq!(names(&folder).len(), 2);
    }

    #[test]
    fn what_a_crash_left_half_written_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let shadow = Shadow::open(folder.path()).unwrap();
        let copy = shadow.copy(&file("whole")).unwrap();
        fs::write(&copy, "who").unwrap();
        assert_eq!(fs::read(shadow.copy(&file("whole")).unwrap()).unwrap(), b"whole");
    }

    #[test]
    fn copies_that_nobody_uses_go_away() {
        let folder = tempfile::tempdir().unwrap();
        let shadow = Shadow::open(folder.path()).unwrap();
        let (used, other) = (file("used"), file("other"));
        let kept = shadow.copy(&used).unwrap();
        shadow.copy(&other).unwrap();
        for half in ["casement_x-0123456789abcdef", kept.file_stem().unwrap().to_str().unwrap()] {
            fs::write(folder.path().join(format!("{half}.{DLL_EXTENSION}.77")), "half").unwrap();
        }
        shadow.remove_all_but([used.sha256.as_str()].into_iter());
        assert_eq!(names(folder.path()), [kept.file_name().unwrap()]);
    }

    #[test]
    fn what_is_no_copy_stays_in_a_folder_that_holds_other_things_too() {
        let folder = tempfile::tempdir().unwrap();
        let (plugin, image) = (format!("casement_x.{DLL_EXTENSION}"), "3d4c5a52-0000-4000-8000-000000000001");
        let others = ["catalog.sqlite", "catalog.sqlite-wal", "-0123456789abcdef", image, "notes", &plugin];
        for name in others {
            fs::write(folder.path().join(name), "precious").unwrap();
        }
        Shadow::open(folder.path()).unwrap().remove_all_but(std::iter::empty());
        assert_eq!(names(folder.path()).len(), others.len());
    }

    #[test]
    fn without_a_place_for_the_folder_there_is_a_reason() {
        let missing = tempfile::tempdir().unwrap().path().join("no/such/folder");
        assert!(Shadow::open(&missing).unwrap_err().contains("cannot be made"));
    }
}
