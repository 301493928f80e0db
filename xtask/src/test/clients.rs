//! OpenStack's own clients, in a Python environment outside of the tree: it outlives `cargo clean` and fresh clones.

use crate::{
    Result,
    cargo::{root, succeed},
};
use sha2::{Digest, Sha256};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The folder with the programs `glance` and `openstack`.
pub(super) fn provide() -> Result<PathBuf> {
    let requirements = root().join("tests/clients/requirements.txt");
    let wanted = fs::read(&requirements).map_err(|err| format!("{}: {err}", requirements.display()))?;
    let python = Command::new("python3").arg("--version").output();
    let python = python.map_err(|err| format!("python3 cannot be run: {err}"))?.stdout;

    // Another list, or another Python, is another environment.
    let key = hex::encode(Sha256::new().chain_update(&wanted).chain_update(&python).finalize());
    let folder = cache()?.join("casement-tests").join(&key[..16]);
    let complete = folder.join("complete");
    if !complete.is_file() {
        make(&folder, &requirements)?;
        fs::write(&complete, "").map_err(|err| format!("{}: {err}", complete.display()))?;
    }
    programs(&folder)
}

fn make(folder: &Path, requirements: &Path) -> Result<()> {
    succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder))?;
    let python = programs(folder)?.join("python");
    succeed(
        Command::new(python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(requirements),
    )
}

/// Python names it by the system.
fn programs(folder: &Path) -> Result<PathBuf> {
    let names = ["bin", "Scripts"].map(|name| folder.join(name));
    names.into_iter().find(|path| path.is_dir()).ok_or_else(|| format!("{} has no programs", folder.display()))
}

fn cache() -> Result<PathBuf> {
    let named = ["XDG_CACHE_HOME", "LOCALAPPDATA"].iter().find_map(env::var_os).map(PathBuf::from);
    let home = || env::home_dir().map(|home| home.join(".cache"));
    named.or_else(home).ok_or_else(|| "there is no folder for caches; set XDG_CACHE_HOME".into())
}
