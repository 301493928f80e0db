use crate::{Result, cargo::succeed};
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Wine, for one run of the tests: a prefix of its own, with a server that runs as long as this value.
///
/// It takes Wine seconds to come up. So one idle program keeps it up from the first test to the last; that program
/// ends when we do, however we end, because it reads from us.
#[derive(Debug)]
pub(super) struct Wine {
    prefix: PathBuf,
    keeper: Child,
}

impl Wine {
    /// Starts in a fresh copy of the prefix `made`.
    pub(super) fn start(made: &Path, prefix: &Path) -> Result<Self> {
        if prefix.exists() {
            fs::remove_dir_all(prefix).map_err(|err| format!("{}: {err}", prefix.display()))?;
        }
        // Wine replaces its registry files, and never writes into its libraries: links will do where they can be made.
        let copy = |how: &[&str]| succeed(Command::new("cp").args(how).arg(made).arg(prefix));
        copy(&["--archive", "--link"]).or_else(|_| copy(&["--archive", "--remove-destination"]))?;
        let keeper = wine(prefix, "wine")
            .arg("cmd")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|err| format!("wine cannot be run: {err}"))?;
        Ok(Self { prefix: prefix.into(), keeper })
    }

    /// What a command needs whose programs, or whose tests' programs, run under this Wine.
    pub(super) fn environment(&self) -> impl Iterator<Item = (&'static str, OsString)> + use<> {
        environment(&self.prefix).into_iter()
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        let stopped = succeed(wine(&self.prefix, "wineserver").arg("--kill"));
        if let Err(text) = stopped.and_then(|()| self.keeper.wait().map(drop).map_err(|err| err.to_string())) {
            eprintln!("Wine may still run in {}: {text}", self.prefix.display());
        }
    }
}

fn wine(prefix: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.envs(environment(prefix));
    command
}

fn environment(prefix: &Path) -> [(&'static str, OsString); 5] {
    [
        ("WINEPREFIX", prefix.into()),
        ("WINEDEBUG", "-all".into()),
        // No browser and no .NET, for which it would ask; and no window to ask in.
        ("WINEDLLOVERRIDES", "mscoree,mshtml=".into()),
        ("DISPLAY", OsString::new()),
        // Wine writes names of files as the locale has them: by the one called C, it can't write most.
        ("LC_ALL", "C.UTF-8".into()),
    ]
}
