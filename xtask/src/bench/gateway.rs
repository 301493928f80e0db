//! The gateway that is measured.

use super::lanes::Lane;
use crate::{
    Result, answers,
    test::{Daemon, free_ports},
};
use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

pub(super) struct Gateway {
    daemon: Daemon,
    url: String,
}

impl Gateway {
    pub(super) fn start(dist: &Path, folder: &Path, lanes: &[Lane]) -> Result<Self> {
        let [port] = free_ports()?;
        let mut configuration = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\n[catalog]\npath = \"{}\"\n[identity]\nmode = \"none\"\n",
            folder.join("catalog.sqlite").display()
        );
        for plugin in ["filesystem", "s3", "swift"] {
            configuration += &format!("[[plugins]]\npath = \"casement_{plugin}\"\n");
        }
        for lane in lanes {
            configuration += &format!("[stores.{}]\n{}", lane.store, lane.keys);
        }
        let file = folder.join("casement.toml");
        fs::write(&file, configuration).map_err(|err| format!("{}: {err}", file.display()))?;
        let mut daemon = Daemon::start("gateway", &dist.join("bin/casement"), folder, |command| {
            command.args(["serve", "--config"]).arg(&file);
            // As the systemd unit has it.
            command.env("MALLOC_MMAP_THRESHOLD_", "262144");
            command.envs(lanes.iter().flat_map(Lane::environment).cloned());
        })?;
        daemon.wait_for(|| answers(&format!("127.0.0.1:{port}"), "/versions", Duration::from_secs(5)))?;
        Ok(Self { daemon, url: format!("http://127.0.0.1:{port}/v2/images") })
    }

    fn curl(&self, path: &str) -> Command {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--fail"]).arg(format!("{}{path}", self.url));
        command
    }

    /// The id of a new image.
    pub(super) fn create(&self) -> Result<String> {
        let mut command = self.curl("");
        command.args(["--header", "Content-Type: application/json"]);
        command.args(["--data", r#"{"disk_format": "raw", "container_format": "bare"}"#]);
        let output = command.stderr(Stdio::inherit()).output().map_err(|err| format!("curl: {err}"))?;
        let image: Value = serde_json::from_slice(&output.stdout).map_err(|err| format!("no image: {err}"))?;
        Ok(image["id"].as_str().unwrap_or_default().to_owned())
    }

    pub(super) fn upload(&self, image: &str, store: &str, data: &Path) -> Command {
        let mut command = self.curl(&format!("/{image}/file"));
        command.args(["--header", "Content-Type: application/octet-stream", "--header", "Expect:"]);
        command.args(["--header", &format!("X-Image-Meta-Store: {store}"), "--upload-file"]).arg(data);
        command
    }

    pub(super) fn download(&self, image: &str) -> Command {
        let mut command = self.curl(&format!("/{image}/file"));
        command.args(["--output", "/dev/null"]);
        command
    }

    pub(super) fn delete(&self, image: &str) -> Result<()> {
        super::timed(self.curl(&format!("/{image}")).args(["--request", "DELETE"])).map(drop)
    }

    /// Peak resident memory since [`Gateway::forget_peak`], in bytes (proc(5)).
    pub(super) fn peak(&self) -> Result<u64> {
        let file = format!("/proc/{}/status", self.daemon.id());
        let status = fs::read_to_string(&file).map_err(|err| format!("{file}: {err}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kib.map(|kib| kib << 10).ok_or_else(|| format!("{file} tells of no VmHWM"))
    }

    pub(super) fn forget_peak(&self) -> Result<()> {
        let file = format!("/proc/{}/clear_refs", self.daemon.id());
        fs::write(&file, "5").map_err(|err| format!("{file}: {err}"))
    }
}
