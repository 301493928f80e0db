//! A client of the gateway that everybody has: curl.

use super::lanes::Lane;
use crate::{Result, bench::Gateway};
use serde_json::Value;
use std::{
    path::Path,
    process::{Command, Stdio},
};

pub(super) struct Client {
    url: String,
}

impl Client {
    pub(super) fn of(gateway: &Gateway) -> Self {
        Self { url: format!("http://{}/v2/images", gateway.address()) }
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
}

/// A gateway with all the lanes as its stores.
pub(super) fn start(dist: &Path, folder: &Path, lanes: &[Lane]) -> Result<Gateway> {
    let mut tables = String::from("[identity]\nmode = \"none\"\n");
    for plugin in ["filesystem", "s3", "swift"] {
        tables += &format!("[[plugins]]\npath = \"casement_{plugin}\"\n");
    }
    for lane in lanes {
        tables += &format!("[stores.{}]\n{}", lane.store, lane.keys);
    }
    let environment: Vec<_> = lanes.iter().flat_map(Lane::environment).cloned().collect();
    Gateway::start(dist, folder, &tables, &environment)
}
