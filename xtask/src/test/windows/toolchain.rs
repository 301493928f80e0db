use crate::{
    Result,
    cargo::{root, succeed},
    test::cache,
};
use std::{
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// By which Debian calls the cross compiler for C; it also links.
const GCC: &str = "x86_64-w64-mingw32-gcc-win32";

/// A Rust that builds for Windows, and a Wine prefix: made once by `toolchain.sh`, in the folder for caches.
#[derive(Debug)]
pub(in crate::test) struct Toolchain {
    folder: PathBuf,
}

impl Toolchain {
    pub(in crate::test) const TARGET: &str = "x86_64-pc-windows-gnu";

    /// For builds in a target folder. Needs the programs that `system::provide_for_windows` provides.
    pub(super) fn provide(target_folder: &Path) -> Result<Self> {
        let recipe = include_str!("toolchain.sh");
        let folder = cache::folder("windows", &[recipe.as_bytes()])?;
        let script = root().join("xtask/src/test/windows/toolchain.sh");
        cache::once(&folder, || succeed(Command::new("bash").arg(script).arg(&folder)))?;
        let toolchain = Self { folder };
        let forgotten = toolchain.forget_builds_of_others(target_folder);
        forgotten.map_err(|err| format!("{}: {err}", target_folder.display()))?;
        Ok(toolchain)
    }

    /// Cargo takes what was built with another standard library of the same version for its own, and then can't use it.
    fn forget_builds_of_others(&self, target_folder: &Path) -> io::Result<()> {
        let (stamp, built) = (target_folder.join("toolchain"), target_folder.join(Self::TARGET));
        let own = self.folder.display().to_string();
        if fs::read_to_string(&stamp).is_ok_and(|other| other == own) {
            return Ok(());
        }
        if built.exists() {
            fs::remove_dir_all(built)?;
        }
        fs::create_dir_all(target_folder)?;
        fs::write(stamp, own)
    }

    /// The Wine prefix as it was made; for copies.
    pub(super) fn prefix(&self) -> PathBuf {
        self.folder.join("prefix")
    }

    /// `cargo <args>` for Windows, into a target folder. What it runs, it runs under Wine.
    pub(in crate::test) fn cargo(&self, args: &[&str], target_folder: &Path) -> Command {
        let usr = self.folder.join("rust/usr");
        let bin = usr.join("bin");
        let libraries = [usr.join("lib/x86_64-linux-gnu"), usr.join("lib")];
        let mut command = Command::new(bin.join("cargo"));
        command
            .args(args)
            .current_dir(root())
            .env("CARGO_TARGET_DIR", target_folder)
            .env("CARGO_BUILD_TARGET", Self::TARGET)
            .env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", GCC)
            .env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", "wine")
            .env("CC_x86_64_pc_windows_gnu", GCC)
            .env("LD_LIBRARY_PATH", joined(libraries))
            .env("PATH", joined([bin.clone()].into_iter().chain(env::split_paths(&path()))))
            .env("RUSTC", bin.join("rustc"))
            .env("RUSTDOC", bin.join("rustdoc"))
            // Those are of the toolchain that runs us.
            .env_remove("CARGO")
            .env_remove("RUSTUP_TOOLCHAIN");
        command
    }
}

fn path() -> OsString {
    env::var_os("PATH").unwrap_or_default()
}

/// A list as `PATH` is one; what could not stand in it is left out.
fn joined(folders: impl IntoIterator<Item = PathBuf>) -> OsString {
    env::join_paths(folders).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tempfile::TempDir;

    #[test]
    fn what_another_toolchain_has_built_is_forgotten_and_its_own_is_kept() {
        let target = TempDir::new().unwrap();
        let built = target.path().join(Toolchain::TARGET);
        let toolchain = |folder: &str| Toolchain { folder: folder.into() };
        fs::create_dir(&built).unwrap();
        toolchain("one").forget_builds_of_others(target.path()).unwrap();
        assert!(!built.exists(), "nobody knows who has built it");
        fs::create_dir(&built).unwrap();
        toolchain("one").forget_builds_of_others(target.path()).unwrap();
        assert!(built.exists());
        toolchain("other").forget_builds_of_others(target.path()).unwrap();
        assert!(!built.exists());
    }
}
