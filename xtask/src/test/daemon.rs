//! Programs in the background that end with whoever started them, whatever happens to him.

use crate::Result;
use std::{
    fs::{self, File, OpenOptions},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// Beside other work it takes its time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Daemon {
    name: &'static str,
    command: Command,
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// `prepare` gives the arguments; what the program says goes to a file `<name>.log` in `logs`.
    ///
    /// It ends with the thread that calls this.
    pub(crate) fn start(
        name: &'static str,
        program: &Path,
        logs: &Path,
        prepare: impl FnOnce(&mut Command),
    ) -> Result<Self> {
        let log = logs.join(format!("{name}.log"));
        let cannot = |err| format!("{name} cannot be started: {err}");
        File::create(&log).map_err(cannot)?;
        // In the mode for appending it goes on with the same file when it is started again.
        let output = OpenOptions::new().append(true).open(&log).map_err(cannot)?;
        let errors = output.try_clone().map_err(cannot)?;
        // The kernel sends the signal also when we are killed and can't; and this one ends a program that is frozen, too.
        // And it leads a group of its own: Swift's servers end their whole group when they are told to end.
        let mut command = Command::new("setsid");
        command.args(["setpriv", "--pdeathsig", "KILL", "--"]).arg(program);
        prepare(&mut command);
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        let child = command.spawn().map_err(cannot)?;
        Ok(Self { name, command, child, log })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Asks until the answer is yes.
    pub(crate) fn wait_for(&mut self, mut ready: impl FnMut() -> bool) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while !ready() {
            if Instant::now() > end || !matches!(self.child.try_wait(), Ok(None)) {
                let log = fs::read_to_string(&self.log).unwrap_or_default();
                return Err(format!("{} does not come up; it says\n{log}", self.name));
            }
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill().and_then(|()| self.child.wait()).map(drop).map_err(|err| format!("{}: {err}", self.name))
    }

    /// Until it has ended by itself.
    pub(crate) fn wait(&mut self) -> Result<()> {
        self.child.wait().map(drop).map_err(|err| format!("{}: {err}", self.name))
    }

    /// Starts it anew after it has ended.
    pub(crate) fn start_again(&mut self) -> Result<()> {
        self.child = self.command.spawn().map_err(|err| format!("{} cannot be started: {err}", self.name))?;
        Ok(())
    }

    pub(crate) fn signal(&self, signal: &str) -> Result<()> {
        let mut command = Command::new("kill");
        command.args(["-s", signal, &self.id().to_string()]).stderr(Stdio::null());
        match command.status() {
            Ok(status) if status.success() => Ok(()),
            _ => Err(format!("{} takes no signal {signal}", self.name)),
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let asked = self.signal("TERM");
        let end = Instant::now() + PATIENCE;
        while asked.is_ok() && Instant::now() < end && matches!(self.child.try_wait(), Ok(None)) {
            sleep(Duration::from_millis(20));
        }
        // It has ended, or will not by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Ports of the loopback interface that are free, each another one.
pub(crate) fn free_ports<const COUNT: usize>() -> Result<[u16; COUNT]> {
    let bound: Vec<_> = (0..COUNT).map(|_| TcpListener::bind("127.0.0.1:0")).collect();
    let mut ports = [0; COUNT];
    for (port, listener) in ports.iter_mut().zip(&bound) {
        let listener = listener.as_ref().map_err(|err| format!("no free port: {err}"))?;
        *port = listener.local_addr().map_err(|err| format!("no free port: {err}"))?.port();
    }
    Ok(ports)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tempfile::TempDir;

    #[test]
    fn a_daemon_that_ends_its_whole_group_does_not_end_us() {
        let folder = TempDir::new().unwrap();
        let script = "trap 'trap - TERM; kill -TERM 0' TERM; echo up; while :; do sleep 0.05; done";
        let mut daemon =
            Daemon::start("group", Path::new("sh"), folder.path(), |command| _ = command.args(["-c", script])).unwrap();
        let log = folder.path().join("group.log");
        daemon.wait_for(|| fs::read_to_string(&log).is_ok_and(|text| text.contains("up"))).unwrap();
        drop(daemon);
    }
}
