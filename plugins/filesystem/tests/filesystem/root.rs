use crate::support::*;
use casement_sdk::Kind;
use casement_sdk::blocking::Backend;
use serde_json::json;
use std::fs;

#[test]
fn a_missing_root_is_named_and_not_made() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("absent");
    let (kind, message) = refusal(&root, json!({}));
    assert_eq!(kind, Kind::Unavailable);
    assert!(message.contains(root.to_str().unwrap()) && message.contains("mount"), "{message}");
    assert!(!root.exists());
}

#[test]
fn a_root_that_is_a_file_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let (kind, message) = refusal(file.path(), json!({}));
    assert_eq!(kind, Kind::Config);
    assert!(message.contains(file.path().to_str().unwrap()), "{message}");
}

#[test]
fn a_store_is_the_same_store_when_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let marker = || fs::read(directory.path().join(".casement-store")).unwrap();
    let first = open(directory.path());
    let written = marker();
    let second = open(directory.path());
    assert_eq!(marker(), written);
    put(&first, "id", b"data").unwrap();
    assert_eq!(get_all(&second, "id"), b"data");
    assert!(staged(&second).is_empty());
}

#[test]
fn another_store_in_the_place_of_the_root_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let (root, other) = (directory.path().join("root"), directory.path().join("other"));
    fs::create_dir(&root).unwrap();
    fs::create_dir(&other).unwrap();
    let store = open(&root);
    open(&other);
    fs::rename(&root, directory.path().join("away")).unwrap();
    fs::rename(&other, &root).unwrap();
    assert_everything_is_unavailable(&store, &root);
}

#[test]
fn a_lost_staging_directory_is_made_again() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    fs::remove_dir(directory.path().join(".casement-staging")).unwrap();
    assert!(staged(&store).is_empty());
    put(&store, "id", b"data").unwrap();
}

#[test]
fn gateways_that_open_a_new_root_at_once_agree_on_the_store() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let stores: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| open(root))).collect();
        let stores = threads.into_iter().map(|thread| thread.join().unwrap());
        stores.collect()
    });
    for store in &stores {
        store.health().unwrap();
    }
    assert!(staged(&stores[0]).is_empty());
}

#[test]
fn a_damaged_marker_is_named() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(".casement-store"), "what?").unwrap();
    let (_, message) = refusal(directory.path(), json!({}));
    assert!(message.contains(".casement-store"), "{message}");
}
