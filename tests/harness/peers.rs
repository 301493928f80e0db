use crate::skip;
use serde_json::Value;
use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    net::{Shutdown, TcpStream},
    path::Path,
    sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

/// The real servers that `cargo xtask test stores` starts, and that `cargo xtask peers` holds ready. The file that
/// CASEMENT_PEERS names tells of them: an entry for each that could be started, of `s3`, `swift`, `swift_keystone`, `samba`.
#[derive(Debug)]
pub struct Peers {
    entries: Value,
}

impl Peers {
    /// Nothing where none were started.
    pub fn get() -> Option<&'static Self> {
        static PEERS: OnceLock<Option<Peers>> = OnceLock::new();
        PEERS.get_or_init(|| env::var_os("CASEMENT_PEERS").map(|file| Self::read(file.as_ref()))).as_ref()
    }

    fn read(file: &Path) -> Self {
        let text = fs::read(file).unwrap_or_else(|error| panic!("CASEMENT_PEERS: {}: {error}", file.display()));
        Self { entries: serde_json::from_slice(&text).unwrap() }
    }

    /// What is told of one of them.
    pub fn entry(name: &str) -> Option<&'static Value> {
        Self::get()?.entries.get(name)
    }

    /// Takes a server away as a crash would (`s3`, `swift`, `swift-keystone`, `swift-object`, `samba`, …).
    #[track_caller]
    pub fn kill(server: &str) -> Outage {
        Outage::order("kill", server)
    }

    /// Lets a server stand still: it takes connections and does nothing.
    #[track_caller]
    pub fn freeze(server: &str) -> Outage {
        Outage::order("freeze", server)
    }
}

/// A server is away for as long as this is there. There is no other outage meanwhile, of any server.
#[derive(Debug)]
pub struct Outage {
    control: BufReader<TcpStream>,
}

impl Outage {
    #[track_caller]
    fn order(verb: &str, server: &str) -> Self {
        let control = Peers::entry("control").and_then(Value::as_str).unwrap();
        let mut stream = TcpStream::connect(control).unwrap();
        // A server that comes up after a crash takes its time; and so do the tests that had their turn first.
        stream.set_read_timeout(Some(Duration::from_secs(240))).unwrap();
        writeln!(stream, "{verb} {server}").unwrap();
        let mut outage = Self { control: BufReader::new(stream) };
        assert_eq!(outage.hear(), "done");
        outage
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.control.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// Brings it back, and waits until it serves.
    #[track_caller]
    pub fn end(mut self) {
        self.control.get_ref().shutdown(Shutdown::Write).unwrap();
        assert_eq!(self.hear(), "runs");
    }
}

static TURNS: RwLock<()> = RwLock::new(());

/// Holds that no test takes a server away meanwhile, or that no other test uses one.
#[derive(Debug)]
pub enum Turn {
    Shared { _guard: RwLockReadGuard<'static, ()> },
    Alone { _guard: RwLockWriteGuard<'static, ()> },
}

/// The entry of a server, for a test that needs it to be there; or a word about the test, which can't run without it.
pub fn peer(test: &str, name: &str) -> Option<(&'static Value, Turn)> {
    let shared = || Turn::Shared { _guard: TURNS.read().unwrap_or_else(PoisonError::into_inner) };
    entry(test, name).map(|entry| (entry, shared()))
}

/// The same for a test that takes servers away.
pub fn peer_alone(test: &str, name: &str) -> Option<(&'static Value, Turn)> {
    let alone = || Turn::Alone { _guard: TURNS.write().unwrap_or_else(PoisonError::into_inner) };
    entry(test, name).map(|entry| (entry, alone()))
}

fn entry(test: &str, name: &str) -> Option<&'static Value> {
    let entry = Peers::entry(name);
    if entry.is_none() {
        skip(test, &format!("CASEMENT_PEERS tells of no server {name}"));
    }
    entry
}
