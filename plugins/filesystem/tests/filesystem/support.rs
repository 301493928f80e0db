//! A store in a temporary directory, and what tests do with it over and over.

use casement_filesystem::{Config, Store};
use casement_sdk::blocking::{Backend, Lister, Reader, Writer as _};
use casement_sdk::{Entry, Kind, Range, Result, Stat, WriteOptions};
use casement_share::Platform;
use serde_json::{Value, json};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

pub(crate) fn config(root: &Path, more: Value) -> Config {
    let mut keys = json!({ "root": root });
    keys.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(keys).unwrap()
}

pub(crate) fn open(root: &Path) -> Store {
    open_with(root, json!({}))
}

pub(crate) fn open_with(root: &Path, more: Value) -> Store {
    casement_filesystem::open(config(root, more)).unwrap()
}

pub(crate) fn refusal(root: &Path, more: Value) -> (Kind, String) {
    let error = casement_filesystem::open(config(root, more)).unwrap_err();
    (error.kind(), error.message().to_owned())
}

pub(crate) fn options(transfer: &str, size: Option<u64>) -> WriteOptions {
    WriteOptions { size, transfer: transfer.to_owned() }
}

pub(crate) fn start(store: &Store, key: &str, transfer: &str) -> casement_share::Writer<Platform> {
    store.create(key, options(transfer, None)).unwrap()
}

pub(crate) fn put(store: &Store, key: &str, data: &[u8]) -> Result<Stat> {
    let mut writer = store.create(key, options("put", Some(data.len() as u64)))?;
    writer.write(data)?;
    writer.commit()
}

pub(crate) fn get(store: &Store, key: &str, range: Range) -> Result<Vec<u8>> {
    let mut reader = store.read(key, range)?;
    let mut data = Vec::new();
    while let Some(chunk) = reader.next()? {
        assert!(!chunk.is_empty());
        data.extend_from_slice(&chunk);
    }
    Ok(data)
}

pub(crate) fn get_all(store: &Store, key: &str) -> Vec<u8> {
    get(store, key, Range::default()).unwrap()
}

pub(crate) fn pages(store: &Store, prefix: &str, after: Option<&str>) -> Vec<Vec<Entry>> {
    let mut lister = store.list(prefix, after).unwrap();
    let next = || Some(lister.next_page().unwrap()).filter(|page| !page.is_empty());
    std::iter::from_fn(next).collect()
}

pub(crate) fn keys(store: &Store) -> Vec<String> {
    let pages = pages(store, "", None).into_iter();
    pages.flatten().map(|entry| entry.key).collect()
}

pub(crate) fn staged(store: &Store) -> Vec<String> {
    let staged = store.list_staged().unwrap().into_iter();
    staged.map(|staged| staged.token).collect()
}

pub(crate) fn kind<T>(result: Result<T>) -> Kind {
    result.err().expect("should have failed").kind()
}

/// Bytes that repeat with no period a chunk could have.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8 + 1).collect()
}

/// A process that begins shares every open file with this one until its program is loaded: a file that is removed in
/// that moment keeps its space a little longer.
static BEGINNING: RwLock<()> = RwLock::new(());

pub(crate) fn run(command: &mut Command) -> io::Result<Output> {
    let _alone = BEGINNING.write().unwrap_or_else(PoisonError::into_inner);
    command.output()
}

/// While it is held, [`run`] starts no process: for tests that look at the space that a removed file gives back.
pub(crate) fn no_process_begins() -> RwLockReadGuard<'static, ()> {
    BEGINNING.read().unwrap_or_else(PoisonError::into_inner)
}

/// A file system in memory, unmounted at the end.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// `None`, and a line that says why, where this account may not mount.
    pub(crate) fn tmpfs(at: &Path, options: &str) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at);
        match run(&mut mount) {
            Ok(output) if output.status.success() => Some(Self(at.to_owned())),
            Ok(output) => skip(&String::from_utf8_lossy(&output.stderr)),
            Err(error) => skip(&error.to_string()),
        }
    }

    pub(crate) fn remount(&self, options: &str) {
        let mut mount = Command::new("mount");
        mount.args(["-o", &format!("remount,{options}")]).arg(&self.0);
        assert!(run(&mut mount).unwrap().status.success());
    }
}

fn skip(reason: &str) -> Option<Mount> {
    eprintln!("SKIPPED: cannot mount a tmpfs: {}", reason.trim());
    None
}

impl Drop for Mount {
    fn drop(&mut self) {
        let unmounted = run(Command::new("umount").arg("-l").arg(&self.0));
        assert!(unmounted.unwrap().status.success() || std::thread::panicking());
    }
}
