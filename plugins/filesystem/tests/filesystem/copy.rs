use crate::support::*;
use casement_sdk::Kind;
use casement_sdk::blocking::Backend;
use serde_json::json;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
#[cfg(unix)]
use std::os::unix::fs::MetadataExt;

#[test]
fn a_copy_is_equal_and_independent() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for size in [0, 1, 4096, (3 << 20) + 1] {
        let data = pattern(size);
        put(&store, "id", &data).unwrap();
        assert_eq!(store.copy("id", "copy").unwrap().size, size as u64);
        store.delete("id").unwrap();
        assert_eq!(get_all(&store, "copy"), data);
        store.delete("copy").unwrap();
    }
    assert!(staged(&store).is_empty());
}

#[test]
fn a_copy_keeps_holes() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let size = (64 << 20) + 7;
    let mut file = File::create(directory.path().join("id")).unwrap();
    file.set_len(size).unwrap();
    file.seek(SeekFrom::Start(32 << 20)).unwrap();
    file.write_all(b"middle").unwrap();
    drop(file);
    assert_eq!(store.copy("id", "copy").unwrap().size, size);
    assert_eq!(get_all(&store, "copy"), get_all(&store, "id"));
    let metadata = fs::metadata(directory.path().join("copy")).unwrap();
    assert_eq!(metadata.len(), size);
    #[cfg(unix)]
    assert!(metadata.blocks() <= 64);
}

#[test]
fn a_copy_never_replaces_and_needs_a_source() {
    let directory = tempfile::tempdir().unwrap();
    let store = open_with(directory.path(), json!({"sparse": true}));
    put(&store, "id", b"one").unwrap();
    put(&store, "taken", b"two").unwrap();
    assert_eq!(kind(store.copy("id", "taken")), Kind::Exists);
    assert_eq!(kind(store.copy("id", "id")), Kind::Exists);
    assert_eq!(kind(store.copy("nothing", "new")), Kind::NotFound);
    assert_eq!(kind(store.copy("id", "../new")), Kind::Misuse);
    assert_eq!(get_all(&store, "taken"), b"two");
    assert!(staged(&store).is_empty());
}
