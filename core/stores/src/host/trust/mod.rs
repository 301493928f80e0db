//! Which plugin files are loaded at all. A plugin is code of the gateway: whoever can write the file, or the
//! folder it lies in, could run anything with the gateway's rights.

#[cfg(unix)]
#[path = "unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "windows.rs"]
mod platform;

use crate::config::PluginOptions;
use object::{Object, ObjectSegment};
pub(super) use platform::{make_own_folder, refuse_if_others_can_write};
use sha2::{Digest, Sha256};
use std::{
    env::consts::{DLL_EXTENSION, DLL_PREFIX},
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

/// A plugin file that may be loaded, as it was when it was read.
#[derive(Debug)]
pub(crate) struct PluginFile {
    /// Its real path.
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    /// In hex.
    pub(super) sha256: String,
}

impl PluginFile {
    pub(super) fn new(path: PathBuf, bytes: Vec<u8>) -> Self {
        let sha256 = hex::encode(Sha256::digest(&bytes));
        Self { path, bytes, sha256 }
    }
}

/// A configured plugin file, when it may be loaded.
///
/// # Errors
/// A text that says which file was refused, why, and what to do.
pub(super) fn trusted_file(options: &PluginOptions, plugin_dirs: &[PathBuf]) -> Result<PluginFile, String> {
    let found = find(&options.path, plugin_dirs)?;
    let path = fs::canonicalize(&found).map_err(|error| format!("{}: {error}", found.display()))?;
    let folder = plugin_dirs.iter().filter_map(|dir| fs::canonicalize(dir).ok()).find(|dir| path.starts_with(dir));
    let Some(folder) = folder else {
        return Err(format!(
            "{} lies outside of the plugin folders ({}); move it there, or add its folder to `plugin_dirs`",
            path.display(),
            list(plugin_dirs),
        ));
    };
    for part in path.ancestors().take_while(|part| part.starts_with(&folder)) {
        refuse_if_others_can_write(part)?;
    }
    let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    refuse_unless_whole(&bytes)
        .map_err(|error| format!("{} is no library, or not a whole one ({error}); copy it again", path.display()))?;
    let file = PluginFile::new(path, bytes);
    match &options.sha256 {
        Some(expected) if !file.sha256.eq_ignore_ascii_case(expected.trim()) => Err(format!(
            "{} has the SHA-256 {}, the configuration demands {expected}",
            file.path.display(),
            file.sha256
        )),
        _ => Ok(file),
    }
}

/// The system maps a library whose end is missing as well (as while somebody copies it), and ends the process when
/// something in the missing part is used.
fn refuse_unless_whole(bytes: &[u8]) -> object::Result<()> {
    let library = object::File::parse(bytes)?;
    for segment in library.segments() {
        segment.data()?;
    }
    Ok(())
}

/// `casement_filesystem` stands for `casement_filesystem.so`, `libcasement_filesystem.so` or
/// `casement_filesystem.dll` in the first plugin folder that has it.
fn find(wanted: &Path, plugin_dirs: &[PathBuf]) -> Result<PathBuf, String> {
    let folders: Vec<PathBuf> = if wanted.is_absolute() { vec![PathBuf::new()] } else { plugin_dirs.to_vec() };
    for folder in &folders {
        for spelling in spellings(wanted) {
            let candidate = folder.join(spelling);
            if candidate.is_file() {
                return Ok(candidate);
            }
        }
    }
    Err(format!("no plugin file `{}` (or with the ending .{DLL_EXTENSION}) in {}", wanted.display(), list(plugin_dirs)))
}

fn spellings(wanted: &Path) -> Vec<PathBuf> {
    let mut spellings = vec![wanted.to_owned()];
    if let Some(name) = wanted.file_name() {
        for prefix in ["", DLL_PREFIX] {
            let mut file = OsString::from(prefix);
            file.push(name);
            file.push(".");
            file.push(DLL_EXTENSION);
            spellings.push(wanted.with_file_name(file));
        }
    }
    spellings
}

fn list(folders: &[PathBuf]) -> String {
    folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::env;

    fn folder_with_plugin() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(format!("{DLL_PREFIX}casement_x.{DLL_EXTENSION}"));
        fs::copy(env::current_exe().unwrap(), &file).unwrap();
        (folder, file)
    }

    fn trusted_path(options: &PluginOptions, plugin_dirs: &[PathBuf]) -> Result<PathBuf, String> {
        trusted_file(options, plugin_dirs).map(|file| file.path)
    }

    fn named(path: impl Into<PathBuf>) -> PluginOptions {
        PluginOptions { path: path.into(), ..PluginOptions::default() }
    }

    #[test]
    fn a_plugin_is_found_by_its_bare_name_in_a_plugin_folder() {
        let (folder, file) = folder_with_plugin();
        let dirs = [folder.path().to_owned()];
        assert_eq!(trusted_path(&named("casement_x"), &dirs).unwrap(), fs::canonicalize(&file).unwrap());
        assert_eq!(trusted_path(&named(&file), &dirs).unwrap(), fs::canonicalize(&file).unwrap());
        let missing = trusted_path(&named("casement_y"), &dirs).unwrap_err();
        assert!(missing.contains("casement_y") && missing.contains(&list(&dirs)), "{missing}");
    }

    #[test]
    fn a_file_outside_of_the_plugin_folders_is_refused_also_by_way_of_dots() {
        let (folder, file) = folder_with_plugin();
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let dirs = [inner];
        for path in [file.clone(), Path::new("..").join(file.file_name().unwrap())] {
            let refused = trusted_path(&named(path), &dirs).unwrap_err();
            assert!(refused.contains("outside of the plugin folders"), "{refused}");
        }
    }

    #[test]
    fn a_file_without_its_end_is_refused() {
        let (folder, file) = folder_with_plugin();
        let whole = fs::read(&file).unwrap();
        // What debuggers read may stand at the end, and Windows' format does not count it.
        for size in [0, 100, 4096, whole.len() / 8] {
            fs::write(&file, &whole[..size]).unwrap();
            let refused = trusted_path(&named(&file), &[folder.path().to_owned()]).unwrap_err();
            assert!(refused.contains("copy it again"), "{size}: {refused}");
        }
    }

    #[test]
    fn a_pinned_file_is_loaded_only_with_that_digest() {
        let (folder, file) = folder_with_plugin();
        let dirs = [folder.path().to_owned()];
        let right = hex::encode(Sha256::digest(fs::read(&file).unwrap()));
        let pinned = |sha256: &str| PluginOptions { sha256: Some(sha256.to_owned()), ..named(&file) };
        assert!(trusted_path(&pinned(&right.to_uppercase()), &dirs).is_ok());
        assert!(trusted_path(&pinned(&"0".repeat(64)), &dirs).unwrap_err().contains(&right));
    }
}
