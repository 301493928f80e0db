//! `tempest run`, and what it says of each test.

use crate::cloud::Cloud;
use serde_json::Value;
use std::{
    env,
    fmt::{self, Write},
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const RESULTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tempest/results.py");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Passed,
    Failed,
    Skipped,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passed => "ok",
            Self::Failed => "FAILED",
            Self::Skipped => "skipped",
        })
    }
}

#[derive(Clone)]
pub(crate) struct Outcome {
    pub(crate) state: State,
    /// A traceback, or the reason for skipping.
    pub(crate) text: String,
}

impl Outcome {
    pub(crate) fn of(state: State, text: &str) -> Self {
        Self { state, text: text.into() }
    }

    fn read(line: &Value) -> Self {
        let state = match line["state"].as_str().unwrap() {
            "passed" => State::Passed,
            "skipped" => State::Skipped,
            _ => State::Failed,
        };
        Self::of(state, line["text"].as_str().unwrap())
    }
}

pub(crate) struct Tempest<'a> {
    programs: &'a Path,
    folder: PathBuf,
}

impl<'a> Tempest<'a> {
    /// `programs` is the folder of Tempest's environment.
    pub(crate) fn new(programs: &'a Path, cloud: &Cloud) -> Self {
        let folder = cloud.folder().join("tempest");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("tempest.conf"), cloud.tempest_conf(&folder)).unwrap();
        Self { programs, folder }
    }

    /// Runs the tests with these names, and tells of each when it has ended.
    pub(crate) fn run(&self, names: &[String], mut tell: impl FnMut(&str, Outcome)) {
        let mut patterns = String::new();
        for name in names {
            // The name goes on with attributes in brackets.
            writeln!(patterns, "^{}(\\[|$)", name.replace('.', "\\.")).unwrap();
        }
        fs::write(self.folder.join("names"), patterns).unwrap();
        let mut tempest = self.command("tempest");
        tempest.args([
            "run",
            "--config-file",
            "tempest.conf",
            "--include-list",
            "names",
            "--concurrency",
            "2",
            "--subunit",
        ]);
        let mut tempest = tempest.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut results = self.command("python");
        results.arg(RESULTS).stdin(tempest.stdout.take().unwrap()).stdout(Stdio::piped());
        let mut results = results.spawn().unwrap();
        for line in BufReader::new(results.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let value: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
            tell(value["name"].as_str().unwrap(), Outcome::read(&value));
        }
        assert!(results.wait().unwrap().success());
        tempest.wait().unwrap();
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([self.programs.to_owned()].into_iter().chain(env::split_paths(&path))).unwrap();
        command
            .current_dir(&self.folder)
            // It starts programs of its environment by their names, and keeps notes in the user's home.
            .env("PATH", path)
            .env("HOME", &self.folder)
            .env("PYTHONWARNINGS", "ignore");
        command
    }
}
