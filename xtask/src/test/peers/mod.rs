//! Real servers of what the stores keep their data on, for the suite about that. Each has a folder of its own, which is
//! thrown away, and ends with the run.

mod control;
mod s3;
mod samba;
mod swift;

use super::{daemon::Daemon, keystone::Keystone};
use crate::Result;
use serde_json::{Map, Value};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tempfile::TempDir;

const REQUIREMENTS: &str = "tests/stores/requirements.txt";
const DESCRIPTION: &str = "peers.json";

/// They end when it is dropped.
pub(crate) struct Peers {
    servers: Arc<Mutex<Vec<Server>>>,
    entries: Map<String, Value>,
    folder: TempDir,
}

/// A program that a test may kill and freeze, and how to see that it serves.
struct Server {
    daemon: Daemon,
    ready: Box<dyn Fn() -> bool + Send>,
}

impl Server {
    /// Waits until it serves.
    fn start(daemon: Daemon, ready: impl Fn() -> bool + Send + 'static) -> Result<Self> {
        let mut server = Self { daemon, ready: Box::new(ready) };
        server.wait()?;
        Ok(server)
    }

    fn wait(&mut self) -> Result<()> {
        self.daemon.wait_for(&self.ready)
    }
}

/// What tells tests of one service, under its name.
type Entry = (&'static str, Value);

type Provide = fn(&Places<'_>, Option<&Keystone>) -> Result<(Vec<Server>, Vec<Entry>)>;

impl Peers {
    /// All but those that ask a Keystone.
    pub(crate) fn without_keystone(logs: &Path) -> Result<Self> {
        Self::provide(logs, None)
    }

    /// `logs` is where the programs write theirs. What can't be provided is said, and left out.
    pub(super) fn provide(logs: &Path, keystone: Option<&Keystone>) -> Result<Self> {
        fs::create_dir_all(logs).map_err(|err| format!("{}: {err}", logs.display()))?;
        let folder = TempDir::with_prefix("casement-peers-").map_err(|err| err.to_string())?;
        let mut peers = Self { servers: Arc::default(), entries: Map::new(), folder };
        for (what, provide) in
            [("an S3 server", s3::provide as Provide), ("Swift", swift::provide), ("Samba", samba::provide)]
        {
            match provide(&Places { folder: peers.folder.path(), logs }, keystone) {
                Ok((servers, told)) => {
                    lock(&peers.servers).extend(servers);
                    peers.entries.extend(told.into_iter().map(|(name, value)| (name.to_owned(), value)));
                }
                Err(text) => println!("The tests with {what} will be skipped: {text}"),
            }
        }
        peers.entries.insert("control".into(), control::listen(peers.servers.clone())?.to_string().into());
        write(&peers.description(), &Value::from(peers.entries.clone()).to_string())?;
        Ok(peers)
    }

    pub(crate) fn have(&self, server: &str) -> bool {
        self.entries.contains_key(server)
    }

    pub(crate) fn entry(&self, server: &str) -> &Value {
        self.entries.get(server).unwrap_or(&Value::Null)
    }

    /// The file that tells a suite of them.
    pub(crate) fn description(&self) -> PathBuf {
        self.folder.path().join(DESCRIPTION)
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        // The thread that takes orders does not end.
        lock(&self.servers).clear();
    }
}

fn lock(servers: &Mutex<Vec<Server>>) -> MutexGuard<'_, Vec<Server>> {
    servers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a server has its state and its log.
struct Places<'a> {
    folder: &'a Path,
    logs: &'a Path,
}

impl Places<'_> {
    fn make(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).map_err(|err| format!("{}: {err}", folder.display()))?;
        Ok(folder)
    }
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).map_err(|err| format!("{}: {err}", file.display()))
}

/// Fills a template's `@NAMES@` in.
fn fill(template: &str, values: &[(&str, String)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("@{name}@"), value))
}
