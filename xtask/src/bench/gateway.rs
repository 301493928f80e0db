//! The gateway that is measured, as the systemd unit runs it.

use crate::{
    Result, answers,
    test::{Daemon, free_ports},
};
use std::{
    fs,
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

/// As in the unit: what transfers took goes back to the system.
const ALLOCATORS: [(&str, &str); 3] =
    [("MALLOC_MMAP_THRESHOLD_", "524288"), ("MALLOC_TRIM_THRESHOLD_", "2097152"), ("MIMALLOC_ARENA_EAGER_COMMIT", "0")];

pub(super) struct Gateway {
    daemon: Daemon,
    address: String,
}

impl Gateway {
    /// Has its configuration, its catalog and its log in `folder`. `tables` are those beside the addresses and the catalog.
    pub(super) fn start(dist: &Path, folder: &Path, tables: &str, environment: &[(&str, String)]) -> Result<Self> {
        let [port] = free_ports()?;
        let address = format!("127.0.0.1:{port}");
        let catalog = folder.join("catalog.sqlite");
        let configuration =
            format!("[server]\nlisten = \"{address}\"\n[catalog]\npath = \"{}\"\n{tables}", catalog.display());
        let file = folder.join("casement.toml");
        fs::write(&file, configuration).map_err(|err| format!("{}: {err}", file.display()))?;
        let mut daemon = Daemon::start("gateway", &dist.join("bin/casement"), folder, |command| {
            command.args(["serve", "--config"]).arg(&file);
            command.envs(ALLOCATORS);
            command.envs(environment.iter().map(|(name, value)| (name, value)));
        })?;
        daemon.wait_for(|| serves(&address))?;
        Ok(Self { daemon, address })
    }

    pub(super) fn id(&self) -> u32 {
        self.daemon.id()
    }

    /// Address and port.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Until it has ended in order.
    pub(super) fn stop(&mut self) -> Result<()> {
        self.daemon.signal("TERM")?;
        self.daemon.wait()
    }

    /// Starts it anew after [`Gateway::stop`], and tells how long it took until it answered.
    pub(super) fn start_again(&mut self) -> Result<Duration> {
        let start = Instant::now();
        self.daemon.start_again()?;
        while !serves(&self.address) {
            if start.elapsed() > Duration::from_secs(60) {
                return Err("the gateway does not come up again".into());
            }
            sleep(Duration::from_millis(1));
        }
        Ok(start.elapsed())
    }
}

fn serves(address: &str) -> bool {
    answers(address, "/versions", Duration::from_secs(5))
}
