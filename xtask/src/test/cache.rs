//! What takes long to make and is the same for every run: kept in the user's folder for caches.

use crate::Result;
use sha2::{Digest, Sha256};
use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
};

/// A folder that is another one as soon as anything that it is made from is different.
pub(super) fn folder(kind: &str, made_from: &[&[u8]]) -> Result<PathBuf> {
    let mut key = Sha256::new();
    for part in made_from {
        key.update(part);
    }
    let key = hex::encode(key.finalize());
    Ok(home()?.join("casement-tests").join(format!("{kind}-{}", &key[..16])))
}

/// Makes what belongs into `folder`, unless that has been done; two runs don't do it at once.
pub(super) fn once(folder: &Path, make: impl FnOnce() -> Result<()>) -> Result<()> {
    let complete = folder.join("complete");
    let cannot = |err| format!("{}: {err}", folder.display());
    fs::create_dir_all(folder).map_err(cannot)?;
    let lock = File::create(folder.with_extension("lock")).map_err(cannot)?;
    lock.lock().map_err(cannot)?;
    if complete.is_file() {
        return Ok(());
    }
    make()?;
    fs::write(complete, "").map_err(cannot)
}

fn home() -> Result<PathBuf> {
    let named = ["XDG_CACHE_HOME", "LOCALAPPDATA"].iter().find_map(env::var_os).map(PathBuf::from);
    let home = || env::home_dir().map(|home| home.join(".cache"));
    named.or_else(home).ok_or_else(|| "there is no folder for caches; set XDG_CACHE_HOME".into())
}
