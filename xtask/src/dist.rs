//! What an operator installs: `bin/`, `plugins/`, `configs/`, `share/` and the papers.

use crate::{
    Result,
    cargo::{Package, cargo, root, succeed, workspace},
    deb, msi, test,
};
use std::{
    env,
    env::consts::{DLL_PREFIX, DLL_SUFFIX, EXE_SUFFIX},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// How a system calls its programs and libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileNames {
    dll_prefix: &'static str,
    dll_suffix: &'static str,
    exe_suffix: &'static str,
}

impl FileNames {
    pub(crate) const NATIVE: Self = Self { dll_prefix: DLL_PREFIX, dll_suffix: DLL_SUFFIX, exe_suffix: EXE_SUFFIX };
    pub(crate) const WINDOWS: Self = Self { dll_prefix: "", dll_suffix: ".dll", exe_suffix: ".exe" };
}

/// Builds a release and lays it out in `target/dist`.
pub(crate) fn release() -> Result<PathBuf> {
    let (packages, target) = workspace()?;
    succeed(&mut cargo(&["build", "--release"]))?;
    let folder = target.join("dist");
    lay_out(&packages, FileNames::NATIVE, &target.join("release"), &folder)?;
    hold_released(&folder)?;
    Ok(folder)
}

/// What an operator installs on Windows, as an installer.
pub(crate) fn msi() -> Result<PathBuf> {
    let layout = if env::consts::OS == "windows" { release()? } else { for_windows()? };
    msi::build(&layout, &layout.with_file_name("msi"), msi::VERSION)
}

/// The same as [`release`], built for Windows where this is none.
fn for_windows() -> Result<PathBuf> {
    let (packages, target) = workspace()?;
    let folder = target.join("dist-windows");
    let built = test::release_for_windows(&target)?;
    lay_out(&packages, FileNames::WINDOWS, &built, &folder)?;
    hold_released(&folder)?;
    msi::strip(&folder)?;
    Ok(folder)
}

fn hold_released(folder: &Path) -> Result<()> {
    for part in ["bin", "plugins"] {
        for file in files(&folder.join(part))? {
            refuse_failpoints(&file)?;
        }
    }
    Ok(())
}

/// The same as a Debian package.
pub(crate) fn deb() -> Result<PathBuf> {
    let layout = release()?;
    deb::build(&layout, &layout.with_file_name("debian"), "-Zxz")
}

/// What tests arm a program's failpoints by is in no program that an operator gets.
fn refuse_failpoints(file: &Path) -> Result<()> {
    const VARIABLE: &[u8] = b"CASEMENT_FAILPOINTS";
    let program = fs::read(file).map_err(|err| format!("{}: {err}", file.display()))?;
    if program.windows(VARIABLE.len()).any(|bytes| bytes == VARIABLE) {
        return Err(format!("{} has failpoints: was it built with debug assertions?", file.display()));
    }
    Ok(())
}

/// Lays out what cargo has put into `built`.
pub(crate) fn lay_out(packages: &[Package], names: FileNames, built: &Path, folder: &Path) -> Result<()> {
    for program in ["casement", "casement-conformance"] {
        let program = format!("{program}{}", names.exe_suffix);
        copy(&built.join(&program), &folder.join("bin").join(program))?;
    }
    plugins(packages, "plugins/", names, built, &folder.join("plugins"))?;
    for part in ["configs", "configs/systemd", "configs/systemd/sysusers.d", "configs/systemd/tmpfiles.d"] {
        for entry in files(&root().join(part))? {
            copy(&entry, &folder.join(part).join(entry.file_name().unwrap_or_default()))?;
        }
    }
    // A program of another system cannot be asked.
    if names == FileNames::NATIVE {
        share(&folder.join("bin").join(format!("casement{}", names.exe_suffix)), &folder.join("share"))?;
    }
    for paper in ["LICENSE", "README.md", "CHANGELOG.md"] {
        copy(&root().join(paper), &folder.join(paper))?;
    }
    Ok(())
}

/// Manual pages and completions, which the program itself writes, where Debian wants them.
fn share(program: &Path, share: &Path) -> Result<()> {
    succeed(Command::new(program).arg("man").arg(share.join("man/man1")))?;
    for (shell, file) in [
        ("bash", "bash-completion/completions/casement"),
        ("fish", "fish/vendor_completions.d/casement.fish"),
        ("zsh", "zsh/vendor-completions/_casement"),
        ("powershell", "powershell/casement.ps1"),
    ] {
        let script = Command::new(program).args(["completions", shell]).output();
        let script = script.map_err(|err| format!("{} cannot be run: {err}", program.display()))?;
        let file = share.join(file);
        let made = file.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::write(&file, script.stdout)).map_err(|err| format!("{}: {err}", file.display()))?;
    }
    Ok(())
}

/// Copies the plugin files of the packages in `room`, each under the bare name that a configuration gives it.
pub(crate) fn plugins(packages: &[Package], room: &str, names: FileNames, built: &Path, folder: &Path) -> Result<()> {
    for package in packages.iter().filter(|package| package.room.starts_with(room)) {
        for target in package.targets.iter().filter(|target| target.is_plugin()) {
            let name = target.name.replace('-', "_");
            let FileNames { dll_prefix, dll_suffix, .. } = names;
            let built = if target.is("example") { built.join("examples") } else { built.to_path_buf() };
            let from = built.join(format!("{dll_prefix}{name}{dll_suffix}"));
            copy(&from, &folder.join(format!("{name}{dll_suffix}")))?;
        }
    }
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|err| format!("{}: {err}", folder.display()))?;
    Ok(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect())
}

/// Replaces `to` in one step: a program that runs from it keeps its old file.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let new = to.with_extension("new");
    let copied = to
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::copy(from, &new))
        .and_then(|_| fs::rename(&new, to));
    copied.map_err(|err| format!("{} cannot be copied to {}: {err}", from.display(), to.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_program_with_failpoints_is_not_for_operators() {
        // This program names the variable, and is built with debug assertions.
        let refusal = refuse_failpoints(&std::env::current_exe().unwrap()).unwrap_err();
        assert!(refusal.contains("failpoints"), "{refusal}");
        refuse_failpoints(&root().join("Cargo.toml")).unwrap();
    }
}
