//! What the tests of both sides share: a gateway that remembers, and a backend that counts.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

use casement_sdk::host::{HostServices, Level, LogLine};
use std::{
    env,
    fs::OpenOptions,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::Notify;

/// What a plugin logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub level: Level,
    pub target: String,
    pub message: String,
    pub request: Option<String>,
}

/// A gateway that remembers what a plugin told it.
#[derive(Debug, Default)]
pub struct Gateway {
    pub lines: Mutex<Vec<Line>>,
    pub metrics: Mutex<Vec<(String, f64)>>,
    told: Notify,
    /// 0 leaves it as it is.
    concurrency: usize,
}

impl Gateway {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// One that grants a store so many places.
    pub fn with_concurrency(concurrency: usize) -> Arc<Self> {
        Arc::new(Self { concurrency, ..Self::default() })
    }

    /// Whether a line that contains `text` was logged.
    pub fn logged(&self, text: &str) -> bool {
        self.line(text).is_some()
    }

    /// The first line that contains `text`.
    pub fn line(&self, text: &str) -> Option<Line> {
        self.lines.lock().unwrap().iter().find(|line| line.message.contains(text)).cloned()
    }

    /// How often a metric was told.
    pub fn count(&self, name: &str) -> usize {
        self.metrics.lock().unwrap().iter().filter(|(told, _)| told == name).count()
    }

    /// Waits until the plugin told something that makes `condition` true.
    pub async fn until(&self, condition: impl Fn(&Self) -> bool) {
        let waiting = async {
            loop {
                let told = self.told.notified();
                if condition(self) {
                    break;
                }
                told.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("the plugin never told");
    }

    fn metric(&self, name: &str, value: f64) {
        self.metrics.lock().unwrap().push((name.to_owned(), value));
        self.told.notify_waiters();
    }
}

impl HostServices for Gateway {
    fn log(&self, line: &LogLine<'_>) {
        let LogLine { level, target, message, request } = *line;
        let (target, message, request) = (target.to_owned(), message.to_owned(), request.map(str::to_owned));
        self.lines.lock().unwrap().push(Line { level, target, message, request });
        self.told.notify_waiters();
    }

    fn log_enabled(&self, level: Level) -> bool {
        level <= Level::INFO
    }

    fn concurrency(&self) -> usize {
        if self.concurrency == 0 { 256 } else { self.concurrency }
    }

    fn counter_add(&self, name: &str, delta: u64) {
        self.metric(name, delta as f64);
    }

    fn gauge_set(&self, name: &str, value: f64) {
        self.metric(name, value);
    }

    fn histogram_observe(&self, name: &str, value: f64) {
        self.metric(name, value);
    }
}

/// The library that cargo makes of a package of this workspace. Where there is no cargo, as there is none under Wine, the
/// folder that CASEMENT_FIXTURES names has it.
pub fn cdylib(package: &str) -> PathBuf {
    if let Some(folder) = env::var_os("CASEMENT_FIXTURES") {
        let name = format!("{}{}", package.replace('-', "_"), env::consts::DLL_SUFFIX);
        return std::path::absolute(Path::new(&folder).join(name)).unwrap();
    }
    let cargo = env::var_os("CARGO").unwrap();
    let args = ["build", "--quiet", "--message-format=json", "--package", package];
    let made = Command::new(cargo).args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(made.status.success(), "cannot build {package}: {}", String::from_utf8_lossy(&made.stderr));
    let messages = serde_json::Deserializer::from_slice(&made.stdout).into_iter::<serde_json::Value>();
    let is_library = |path: &&str| Path::new(path).extension().is_some_and(|e| e == env::consts::DLL_EXTENSION);
    let name = package.replace('-', "_");
    let library = messages.map(Result::unwrap).find_map(|message| {
        let ours = message["target"]["name"] == name.as_str();
        let files = message["filenames"].as_array().filter(|_| ours)?;
        files.iter().filter_map(|file| file.as_str()).find(is_library).map(PathBuf::from)
    });
    library.unwrap()
}

/// The SDK's folder, also for the crates below it.
fn sdk() -> &'static Path {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    folders.into_iter().find(|folder| folder.join("include/casement.h").is_file()).unwrap()
}

/// Compiles a C source of this repository to a library in `folder`. Where there is no compiler, says that `test` was not
/// run, also in the file that collects such lines.
pub fn c_library(test: &str, source: &str, define: Option<&str>, folder: &Path) -> Option<PathBuf> {
    let root = sdk();
    let library = folder.join(format!("{}{}", define.unwrap_or("plugin"), env::consts::DLL_SUFFIX));
    let (compiler, how): (_, &[_]) = match env::consts::OS {
        // The runtime for threads goes into the library: nothing finds it beside it.
        "windows" => ("gcc", &["-static"]),
        _ => ("cc", &["-fPIC", "-fvisibility=hidden"]),
    };
    let made = Command::new(compiler)
        .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-shared", "-pthread"])
        .args(how)
        .args(define.map(|name| format!("-D{name}")))
        .arg("-I")
        .arg(root.join("include"))
        .arg(root.join(source))
        .arg("-o")
        .arg(&library)
        .output();
    let made = match made {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            skip(&format!("SKIP {test}: {compiler} is not installed\n"));
            return None;
        }
        made => made.unwrap(),
    };
    assert!(made.status.success(), "cannot compile {source}: {}", String::from_utf8_lossy(&made.stderr));
    Some(library)
}

fn skip(line: &str) {
    eprint!("{line}");
    if let Some(path) = env::var_os("CASEMENT_SKIPS") {
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        // In one piece: other tests write at the same time.
        file.write_all(line.as_bytes()).unwrap();
    }
}

/// The symbols a library exports, sorted.
#[cfg(target_os = "linux")]
pub fn exported_symbols(library: &Path) -> Vec<String> {
    let listed = Command::new("nm").args(["-D", "--defined-only", "-j"]).arg(library).output().unwrap();
    assert!(listed.status.success());
    let mut symbols: Vec<_> = String::from_utf8(listed.stdout).unwrap().lines().map(str::to_owned).collect();
    symbols.sort();
    symbols
}
