//! The namespaces of metadata definitions that come with Glance, out of its package.

use super::{cache, python};
use crate::{Result, cargo::succeed};
use std::{path::PathBuf, process::Command};

const PACKAGE: &str = "glance==33.0.0";
const WHEEL: &str = "glance-33.0.0-py3-none-any.whl";
const INSIDE: &str = "glance-33.0.0.data/data/etc/glance/metadefs";

/// The folder with the files. The package alone is fetched, and nothing of it is installed.
pub(super) fn folder() -> Result<PathBuf> {
    let python = python::environment("tests/clients/requirements.txt")?.join("python");
    let folder = cache::folder("metadefs", &[PACKAGE.as_bytes()])?;
    cache::once(&folder, || {
        let fetch = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest"];
        succeed(Command::new(&python).args(fetch).arg(&folder).arg(PACKAGE))?;
        succeed(Command::new(&python).args(["-m", "zipfile", "-e"]).arg(folder.join(WHEEL)).arg(&folder))
    })?;
    let files = folder.join(INSIDE);
    if files.is_dir() { Ok(files) } else { Err(format!("{PACKAGE} has no folder {INSIDE}")) }
}
