//! A server of the Images API, whichever it is.

use super::row::{Measured, Who};
use crate::{
    Result,
    bench::{
        load::{Bench, Job, Outcome, delete, put_file, send_json},
        meter::{Meter, Usage},
    },
};
use serde_json::{Value, json};
use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

pub(super) struct Api {
    pub(super) who: Who,
    pub(super) address: String,
    pub(super) token: Option<String>,
    /// The first of its processes.
    pub(super) process: u32,
    pub(super) bench: Bench,
}

pub(super) const IMAGES: &str = "/v2/images";

impl Api {
    pub(super) fn job(&self, clients: usize, requests: Vec<Value>) -> Job {
        Job::new(&self.address, self.token.as_deref(), clients, requests)
    }

    /// New images without data; what their ids are.
    pub(super) fn create(&self, count: usize) -> Result<Vec<String>> {
        let (ids, requests): (Vec<_>, Vec<_>) = (0..count).map(|_| creation()).unzip();
        self.bench.load(&self.job(8, requests)).map(|_| ids)
    }

    pub(super) fn upload(&self, ids: &[String], data: &Path, bytes: u64) -> Job {
        self.job(ids.len(), ids.iter().map(|id| put_file(&file(id), data, bytes)).collect())
    }

    /// New images with data.
    pub(super) fn store(&self, count: usize, data: &Path, bytes: u64) -> Result<Vec<String>> {
        let ids = self.create(count)?;
        self.bench.load(&self.upload(&ids, data, bytes)).map(|_| ids)
    }

    pub(super) fn delete(&self, ids: &[String]) -> Result<()> {
        let requests = ids.iter().map(|id| delete(&format!("{IMAGES}/{id}"))).collect();
        self.bench.load(&self.job(8, requests)).map(drop)
    }

    /// Does a job, and watches what it takes of the machine.
    pub(super) fn watched(&self, job: &Job) -> Result<(Outcome, Usage)> {
        let meter = Meter::start(self.process);
        let outcome = self.bench.load(job);
        let usage = meter.stop()?;
        Ok((outcome?, usage))
    }

    /// The rate of a transfer, in MiB in a second.
    pub(super) fn transfer(&self, job: &Job, bytes: u64) -> Result<Measured> {
        let (outcome, usage) = self.watched(job)?;
        Ok(Measured::of((bytes >> 20) as f64 / outcome.seconds, usage))
    }

    /// The rate of requests in a second.
    pub(super) fn rate(&self, job: &Job) -> Result<Measured> {
        let (outcome, usage) = self.watched(job)?;
        Ok(Measured::of(outcome.answers / outcome.seconds, usage))
    }
}

pub(super) fn file(id: &str) -> String {
    format!("{IMAGES}/{id}/file")
}

/// The id of an image that there is not yet, and the request that makes it.
pub(super) fn creation() -> (String, Value) {
    // Servers do not take an id again that was given before.
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let id = format!("ca5e0000-0000-4000-8000-{:012x}", NEXT.fetch_add(1, Ordering::Relaxed));
    let image = json!({
        "id": id, "name": "bench", "disk_format": "raw", "container_format": "bare", "tags": ["bench"],
        "os_distro": "debian", "os_version": "12", "hw_disk_bus": "virtio",
    });
    let request = send_json("POST", IMAGES, "application/json", &image);
    (id, request)
}
