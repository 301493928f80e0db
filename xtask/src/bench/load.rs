//! The load: a job for `casement-bench`, and what came of it.

use crate::{
    Result,
    cargo::{cargo, succeed},
};
use serde_json::{Value, json};
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// The program that is built for speed.
#[derive(Clone)]
pub(super) struct Bench(PathBuf);

/// Requests to one address, each once unless it is said for how long.
#[derive(Debug, Clone)]
pub(super) struct Job {
    address: String,
    token: Option<String>,
    clients: usize,
    requests: Vec<Value>,
    millis: Option<u64>,
    pace: Option<u32>,
    patience: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    pub(super) seconds: f64,
    pub(super) answers: f64,
    /// Of the bodies of answers.
    pub(super) bytes: f64,
    /// What is called a success is worth nothing where this is not zero.
    failures: u64,
    first_failure: String,
    /// In milliseconds.
    pub(super) p50: f64,
    pub(super) p99: f64,
}

impl Job {
    pub(super) fn new(address: &str, token: Option<&str>, clients: usize, requests: Vec<Value>) -> Self {
        let token = token.map(str::to_owned);
        Self { address: address.to_owned(), token, clients, requests, millis: None, pace: None, patience: 300 }
    }

    /// Again and again.
    pub(super) fn lasting(mut self, millis: u64) -> Self {
        self.millis = Some(millis);
        self
    }

    /// So many bytes in a second for each client, in the time that was said.
    pub(super) fn paced(mut self, bytes: u32) -> Self {
        self.pace = Some(bytes);
        self
    }

    /// How many seconds an answer may take.
    pub(super) fn patient(mut self, seconds: u32) -> Self {
        self.patience = seconds;
        self
    }

    fn text(&self) -> String {
        json!({
            "address": self.address, "token": self.token, "clients": self.clients, "requests": self.requests,
            "seconds": self.millis.map(|millis| millis as f64 / 1000.0), "pace": self.pace, "patience": self.patience,
        })
        .to_string()
    }
}

impl Bench {
    /// With the examples of other packages, which then share what they depend on.
    pub(super) fn build(target: &Path, examples: &[(&str, &str)]) -> Result<Self> {
        let mut command = cargo(&["build", "--release", "--package", "casement-bench", "--bin", "casement-bench"]);
        for (package, example) in examples {
            command.args(["--package", package, "--example", example]);
        }
        succeed(&mut command)?;
        Ok(Self(target.join("release/casement-bench")))
    }

    pub(super) fn program(&self) -> &Path {
        &self.0
    }

    /// Wants every request to succeed.
    pub(super) fn load(&self, job: &Job) -> Result<Outcome> {
        let outcome = self.try_load(job)?;
        match outcome.failures {
            0 => Ok(outcome),
            failures => Err(format!("{failures} requests failed, the first with: {}", outcome.first_failure)),
        }
    }

    /// Also tells what came of it where requests failed.
    pub(super) fn try_load(&self, job: &Job) -> Result<Outcome> {
        let cannot = |err| format!("{}: {err}", self.0.display());
        let mut command = Command::new(&self.0);
        let mut child = command.arg("load").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(cannot)?;
        // It ends with this statement, and so does the job.
        child.stdin.take().map_or(Ok(()), |mut input| input.write_all(job.text().as_bytes())).map_err(cannot)?;
        let value = told(&child.wait_with_output().map_err(cannot)?)?;
        let of = |key: &str| value[key].as_f64().unwrap_or_default();
        Ok(Outcome {
            seconds: of("seconds"),
            answers: of("answers"),
            bytes: of("bytes"),
            failures: value["failures"].as_u64().unwrap_or_default(),
            first_failure: value["first_failure"].as_str().unwrap_or_default().to_owned(),
            p50: of("p50") * 1000.0,
            p99: of("p99") * 1000.0,
        })
    }

    /// How many seconds a limit of the machine takes.
    pub(super) fn limit(&self, what: &str, file: Option<&Path>, amount: u64) -> Result<f64> {
        let mut command = Command::new(&self.0);
        command.args(["limit", what]).args(file).arg(amount.to_string()).stderr(Stdio::inherit());
        let value = told(&command.output().map_err(|err| format!("{}: {err}", self.0.display()))?)?;
        value["seconds"].as_f64().ok_or_else(|| format!("the limit {what} has no seconds"))
    }
}

fn told(output: &Output) -> Result<Value> {
    serde_json::from_slice(&output.stdout).map_err(|err| format!("the load ended with {}: {err}", output.status))
}

pub(super) fn get(path: &str) -> Value {
    json!({"method": "GET", "path": path})
}

pub(super) fn get_range(path: &str, first: u64, bytes: u64) -> Value {
    json!({"method": "GET", "path": path, "headers": [["Range", format!("bytes={first}-{}", first + bytes - 1)]]})
}

pub(super) fn put_file(path: &str, file: &Path, bytes: u64) -> Value {
    json!({"method": "PUT", "path": path, "headers": [["Content-Type", "application/octet-stream"]], "file": [file, bytes]})
}

pub(super) fn send_json(method: &str, path: &str, content_type: &str, body: &Value) -> Value {
    json!({"method": method, "path": path, "headers": [["Content-Type", content_type]], "body": body.to_string()})
}

pub(super) fn delete(path: &str) -> Value {
    json!({"method": "DELETE", "path": path})
}
