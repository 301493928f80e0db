//! An installer for Windows of what was laid out, from the description in `configs/windows`: by wixl, and on Windows by WiX 3.

use crate::{
    Result,
    cargo::{root, succeed},
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const DESCRIPTION: &str = "configs/windows/casement.wxs";

/// The version of what is built here.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Packs `layout` as `version`, into `folder`.
pub(crate) fn build(layout: &Path, folder: &Path, version: &str) -> Result<PathBuf> {
    fs::create_dir_all(folder).map_err(|err| format!("{}: {err}", folder.display()))?;
    let msi = folder.join(format!("casement-{version}-x64.msi"));
    let (description, version) = (root().join(DESCRIPTION), format!("Version={version}"));
    // The description names files as they lie in the layout.
    let tool = |program: &str| {
        let mut command = Command::new(program);
        command.current_dir(layout);
        command
    };
    if env::consts::OS == "windows" {
        let object = folder.join("casement.wixobj");
        let mut compile = tool("candle.exe");
        compile.args(["-nologo", "-arch", "x64", &format!("-d{version}"), "-out"]).arg(&object).arg(description);
        succeed(&mut compile)?;
        succeed(tool("light.exe").args(["-nologo", "-out"]).arg(&msi).arg(&object))?;
    } else {
        let mut wixl = tool("wixl");
        wixl.args(["--arch", "x64", "--define", &version, "--output"]).arg(&msi).arg(description);
        succeed(&mut wixl)?;
    }
    Ok(msi)
}

/// Takes the symbols out of programs and libraries that were built for Windows elsewhere.
pub(crate) fn strip(layout: &Path) -> Result<()> {
    let mut strip = Command::new("x86_64-w64-mingw32-strip");
    strip.arg("--strip-unneeded");
    for part in ["bin", "plugins"] {
        let folder = layout.join(part);
        let entries = fs::read_dir(&folder).map_err(|err| format!("{}: {err}", folder.display()))?;
        strip.args(entries.flatten().map(|entry| entry.path()));
    }
    succeed(&mut strip)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::cargo::workspace;

    #[test]
    fn the_installer_has_every_plugin() {
        let description = fs::read_to_string(root().join(DESCRIPTION)).unwrap();
        let (packages, _) = workspace().unwrap();
        let targets = packages.iter().filter(|package| package.room.starts_with("plugins/")).flat_map(|p| &p.targets);
        let plugins: Vec<_> = targets.filter(|target| target.is_plugin()).map(|target| &target.name).collect();
        assert!(plugins.len() > 3, "{plugins:?}");
        for plugin in plugins {
            let file = format!("\"plugins/{}.dll\"", plugin.replace('-', "_"));
            assert!(description.contains(&file), "{DESCRIPTION} does not have {file}");
        }
    }

    #[test]
    fn every_component_of_the_installer_is_in_its_feature() {
        let description = fs::read_to_string(root().join(DESCRIPTION)).unwrap();
        let ids = |start: &str| -> Vec<String> {
            let found = description.split(start).skip(1).filter_map(|rest| rest.split_once('"'));
            found.map(|(id, _)| id.to_owned()).collect()
        };
        assert_eq!(ids("<Component Id=\""), ids("<ComponentRef Id=\""));
    }
}
