use crate::{Result, cargo::succeed};
use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::LazyLock,
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
        // Wine never writes into its libraries, so links will do for them where they can be made.
        let copy = |how: &[&str]| succeed(Command::new("cp").args(how).arg(made).arg(prefix));
        copy(&["--archive", "--link"]).or_else(|_| copy(&["--archive", "--remove-destination"]))?;
        // A file of the registry that has several links is written in place, and would be the next run's too.
        for file in ["system.reg", "user.reg", "userdef.reg"] {
            succeed(Command::new("cp").arg("--remove-destination").arg(made.join(file)).arg(prefix))?;
        }
        let keeper = at_fixed_addresses(wine(prefix, "wine").arg("cmd"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|err| format!("wine cannot be run: {err}"))?;
        Ok(Self { prefix: prefix.into(), keeper })
    }

    /// A command whose programs, or whose tests' programs, run under this Wine.
    pub(super) fn runs(&self, command: &mut Command) -> Command {
        at_fixed_addresses(command.envs(environment(&self.prefix)))
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

/// The same command, with addresses that Linux does not choose at random, for itself and all that it starts.
///
/// Debian's `wine64` lies at 0x7d000000, and nothing keeps 0x7ffe0000 free for the page that Windows shares with every process.
/// Linux has the heap begin anywhere in the next GiB: once in some thousand starts it lay there, and Wine ended with the exit
/// code 1 before the program began.
fn at_fixed_addresses(command: &Command) -> Command {
    const SETARCH: [&str; 2] = ["setarch", "--addr-no-randomize"];
    // A container may forbid it; then that start has to be lived with.
    static ALLOWED: LazyLock<bool> = LazyLock::new(|| {
        let tried = Command::new(SETARCH[0]).args([SETARCH[1], "true"]).status();
        let allowed = tried.is_ok_and(|status| status.success());
        if !allowed {
            println!(
                "Wine runs at random addresses, and may fail to start once in some thousand times: setarch is refused."
            );
        }
        allowed
    });
    if *ALLOWED { through(&SETARCH, command) } else { through(&[], command) }
}

/// The same command, started by the words of another one.
fn through(words: &[&str], command: &Command) -> Command {
    let mut words = words.iter().map(OsStr::new).chain([command.get_program()]).chain(command.get_args());
    let mut started = Command::new(words.next().unwrap_or_default());
    started.args(words);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => started.env(name, value),
            None => started.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        started.current_dir(folder);
    }
    started
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_is_started_by_another_is_the_same_otherwise() {
        let mut command = Command::new("wine");
        command.args(["cmd", "/c"]).env("SET", "1").env_remove("UNSET").current_dir("/");
        for (words, args) in [(&["env", "-v"][..], &["-v", "wine", "cmd", "/c"][..]), (&[], &["cmd", "/c"])] {
            let started = through(words, &command);
            assert_eq!(started.get_program(), *words.first().unwrap_or(&"wine"));
            assert!(started.get_args().eq(args.iter().copied()));
            assert!(started.get_envs().eq(command.get_envs()));
            assert_eq!(started.get_current_dir(), command.get_current_dir());
        }
    }
}
