//! A client of the gateway.

use super::{SIZE, lanes::Lane};
use crate::{
    Result,
    bench::{
        Gateway,
        load::{Bench, Job, delete, get, put_file},
    },
};
use serde_json::{Value, json};
use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

pub(super) struct Client<'a> {
    bench: &'a Bench,
    address: &'a str,
}

impl<'a> Client<'a> {
    pub(super) fn of(gateway: &'a Gateway, bench: &'a Bench) -> Self {
        Self { bench, address: gateway.address() }
    }

    /// The id of a new image.
    pub(super) fn create(&self) -> Result<String> {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--fail"]).arg(format!("http://{}/v2/images", self.address));
        command.args(["--header", "Content-Type: application/json"]);
        command.args(["--data", r#"{"disk_format": "raw", "container_format": "bare"}"#]);
        let output = command.stderr(Stdio::inherit()).output().map_err(|err| format!("curl: {err}"))?;
        let image: Value = serde_json::from_slice(&output.stdout).map_err(|err| format!("no image: {err}"))?;
        Ok(image["id"].as_str().unwrap_or_default().to_owned())
    }

    pub(super) fn upload(&self, image: &str, store: &str, data: &Path) -> Result<Duration> {
        let mut request = put_file(&format!("/v2/images/{image}/file"), data, SIZE);
        request["headers"].as_array_mut().ok_or("an upload has headers")?.push(json!(["X-Image-Meta-Store", store]));
        self.one(request)
    }

    pub(super) fn download(&self, image: &str) -> Result<Duration> {
        self.one(get(&format!("/v2/images/{image}/file")))
    }

    pub(super) fn delete(&self, image: &str) -> Result<()> {
        self.one(delete(&format!("/v2/images/{image}"))).map(drop)
    }

    fn one(&self, request: Value) -> Result<Duration> {
        let outcome = self.bench.load(&Job::new(self.address, None, 1, vec![request]))?;
        Ok(Duration::from_secs_f64(outcome.seconds))
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
