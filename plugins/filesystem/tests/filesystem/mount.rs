//! Small file systems of a test's own.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

/// A process that begins shares every open file with this one until its program is loaded: a file that is removed in
/// that moment keeps its space a little longer.
static BEGINNING: RwLock<()> = RwLock::new(());

pub(crate) fn run(command: &mut Command) -> io::Result<Output> {
    let _alone = BEGINNING.write().unwrap_or_else(PoisonError::into_inner);
    command.output()
}

/// While it is held, [`run`] starts no process: for tests that look at the space that a removed file gives back.
pub(crate) fn no_process_begins() -> RwLockReadGuard<'static, ()> {
    BEGINNING.read().unwrap_or_else(PoisonError::into_inner)
}

/// A file system in memory, unmounted at the end.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// `None`, and a line that says why, where this account may not mount.
    pub(crate) fn tmpfs(at: &Path, options: &str) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at);
        match run(&mut mount) {
            Ok(output) if output.status.success() => Some(Self(at.to_owned())),
            Ok(output) => skip(&String::from_utf8_lossy(&output.stderr)),
            Err(error) => skip(&error.to_string()),
        }
    }

    pub(crate) fn remount(&self, options: &str) {
        let mut mount = Command::new("mount");
        mount.args(["-o", &format!("remount,{options}")]).arg(&self.0);
        assert!(run(&mut mount).unwrap().status.success());
    }
}

fn skip(reason: &str) -> Option<Mount> {
    eprintln!("SKIPPED: cannot mount a tmpfs: {}", reason.trim());
    None
}

impl Drop for Mount {
    fn drop(&mut self) {
        let unmounted = run(Command::new("umount").arg("-l").arg(&self.0));
        assert!(unmounted.unwrap().status.success() || std::thread::panicking());
    }
}
