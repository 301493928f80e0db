//! Programs in the background that end with whoever started them, whatever happens to him.

use crate::Result;
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// Beside other work it takes its time.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Daemon {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// `prepare` gives the arguments; what the program says goes to a file `<name>.log` in `logs`.
    pub(super) fn start(
        name: &'static str,
        program: &Path,
        logs: &Path,
        prepare: impl FnOnce(&mut Command),
    ) -> Result<Self> {
        let log = logs.join(format!("{name}.log"));
        let cannot = |err| format!("{name} cannot be started: {err}");
        let output = File::create(&log).map_err(cannot)?;
        let errors = output.try_clone().map_err(cannot)?;
        // The kernel sends the signal also when we are killed and can't.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "--"]).arg(program);
        prepare(&mut command);
        let child = command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn().map_err(cannot)?;
        Ok(Self { name, child, log })
    }

    /// Asks until the answer is yes.
    pub(super) fn wait_for(&mut self, mut ready: impl FnMut() -> bool) -> Result<()> {
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
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).stderr(Stdio::null()).status();
        let end = Instant::now() + PATIENCE;
        while asked.is_ok() && Instant::now() < end && matches!(self.child.try_wait(), Ok(None)) {
            sleep(Duration::from_millis(20));
        }
        // It has ended, or will not by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
