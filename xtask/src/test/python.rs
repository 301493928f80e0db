//! Python environments from the package index, in a folder outside of the tree: they outlive `cargo clean` and fresh clones.

use super::cache;
use crate::{
    Result,
    cargo::{root, succeed},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The folder with the programs of everything that a list of requirements (relative to the root) names.
pub(crate) fn environment(requirements: &str) -> Result<PathBuf> {
    let requirements = root().join(requirements);
    let wanted = fs::read(&requirements).map_err(|err| format!("{}: {err}", requirements.display()))?;
    // Another list, or another Python, is another environment.
    let folder = cache::folder("python", &[&wanted, &version()?])?;
    cache::once(&folder, || {
        succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let python = programs(&folder)?.join("python");
        succeed(
            Command::new(python)
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
                .arg(&requirements),
        )
    })?;
    programs(&folder)
}

fn version() -> Result<Vec<u8>> {
    let output = Command::new("python3").arg("--version").output();
    output.map(|output| output.stdout).map_err(|err| format!("python3 cannot be run: {err}"))
}

/// Python names it by the system.
fn programs(folder: &Path) -> Result<PathBuf> {
    let names = ["bin", "Scripts"].map(|name| folder.join(name));
    names.into_iter().find(|path| path.is_dir()).ok_or_else(|| format!("{} has no programs", folder.display()))
}
