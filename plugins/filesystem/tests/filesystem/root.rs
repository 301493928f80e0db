use crate::support::*;
use casement_filesystem::Store;
use casement_sdk::blocking::{Backend, Writer};
use casement_sdk::{Kind, Range};
use serde_json::json;
use std::fs;
use std::path::Path;

fn assert_everything_is_unavailable(store: &Store, root: &Path) {
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
fn a_staging_directory_that_leads_elsewhere_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), directory.path().join(".casement-staging")).unwrap();
    let (_, message) = refusal(directory.path(), json!({}));
    assert!(message.contains(directory.path().to_str().unwrap()), "{message}");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
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
fn a_root_removed_while_writing_is_not_made_again() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    fs::create_dir(&root).unwrap();
    let store = open(&root);
    let mut writer = start(&store, "id", "t1");
    writer.write(b"data").unwrap();
    fs::remove_dir_all(&root).unwrap();
    assert_everything_is_unavailable(&store, &root);
    assert_eq!(kind(writer.commit()), Kind::Unavailable);
    assert!(!root.exists());
}

#[test]
fn a_root_made_again_is_not_written_to() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    fs::create_dir(&root).unwrap();
    let store = open(&root);
    put(&store, "id", b"data").unwrap();
    let writer = start(&store, "other", "t1");
    // ext4 gives the new directory the old one's inode number.
    fs::remove_dir_all(&root).unwrap();
    fs::create_dir(&root).unwrap();
    assert_everything_is_unavailable(&store, &root);
    assert_eq!(kind(writer.commit()), Kind::Unavailable);
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
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
fn a_root_that_comes_back_serves_again_and_the_write_goes_through() {
    let directory = tempfile::tempdir().unwrap();
    let (root, away) = (directory.path().join("root"), directory.path().join("away"));
    fs::create_dir(&root).unwrap();
    let store = open(&root);
    let mut writer = start(&store, "id", "t1");
    fs::rename(&root, &away).unwrap();
    assert_eq!(kind(store.health()), Kind::Unavailable);
    writer.write(b"data").unwrap();
    fs::rename(&away, &root).unwrap();
    store.health().unwrap();
    writer.commit().unwrap();
    assert_eq!(get_all(&store, "id"), b"data");
}

#[test]
fn an_unmounted_root_is_not_written_to() {
    let directory = tempfile::tempdir().unwrap();
    let Some(mount) = Mount::tmpfs(directory.path(), "size=8m") else {
        return;
    };
    let store = open_with(directory.path(), json!({"require_mount": true}));
    put(&store, "id", b"data").unwrap();
    let writer = start(&store, "other", "t1");
    drop(mount);
    assert_everything_is_unavailable(&store, directory.path());
    assert_eq!(kind(writer.commit()), Kind::Unavailable);
    let (kind, message) = refusal(directory.path(), json!({"require_mount": true}));
    assert_eq!(kind, Kind::Unavailable);
    assert!(message.contains("mount its file system"), "{message}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn a_directory_below_a_mount_point_counts_as_mounted() {
    let directory = tempfile::tempdir().unwrap();
    let Some(_mount) = Mount::tmpfs(directory.path(), "size=8m") else {
        return;
    };
    let root = directory.path().join("images");
    fs::create_dir(&root).unwrap();
    open_with(&root, json!({"require_mount": true})).health().unwrap();
}

#[test]
fn a_read_only_root_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let Some(_mount) = Mount::tmpfs(directory.path(), "size=8m,ro") else {
        return;
    };
    let (kind, message) = refusal(directory.path(), json!({}));
    assert_eq!(kind, Kind::Denied);
    assert!(message.contains(directory.path().to_str().unwrap()) && message.contains("writable"), "{message}");
}

#[test]
fn a_root_that_becomes_read_only_is_unhealthy_but_still_read() {
    let directory = tempfile::tempdir().unwrap();
    let Some(mount) = Mount::tmpfs(directory.path(), "size=8m") else {
        return;
    };
    let store = open(directory.path());
    put(&store, "id", b"data").unwrap();
    mount.remount("ro");
    assert_eq!(kind(store.health()), Kind::Denied);
    assert_eq!(kind(store.create("new", options("t1", None))), Kind::Denied);
    assert_eq!(kind(store.delete("id")), Kind::Denied);
    assert_eq!(get_all(&store, "id"), b"data");
    mount.remount("rw");
    store.health().unwrap();
    store.delete("id").unwrap();
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
