//! A store in a temporary directory, and what tests do with it over and over.

use casement_filesystem::{Config, Store};
use casement_sdk::blocking::{Backend, Lister, Reader, Writer as _};
use casement_sdk::{Entry, Kind, Range, Result, Stat, WriteOptions};
use casement_share::Platform;
use serde_json::{Value, json};
use std::path::Path;

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

pub(crate) fn assert_everything_is_unavailable(store: &Store, root: &Path) {
    let error = store.health().unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.message().contains(root.to_str().unwrap()), "{error}");
    assert_eq!(kind(store.stat("id")), Kind::Unavailable);
    assert_eq!(kind(store.create("new", options("t9", None))), Kind::Unavailable);
    assert_eq!(kind(store.read("id", Range::default())), Kind::Unavailable);
    assert_eq!(kind(store.delete("id")), Kind::Unavailable);
    assert_eq!(kind(store.list("", None)), Kind::Unavailable);
    assert_eq!(kind(store.discard("t1")), Kind::Unavailable);
    assert_eq!(kind(store.list_staged()), Kind::Unavailable);
    assert_eq!(kind(store.copy("id", "new")), Kind::Unavailable);
    assert_eq!(kind(store.usage()), Kind::Unavailable);
}
