use crate::support::*;
use casement_sdk::blocking::{Backend, Reader};
use casement_sdk::{Kind, Range};
use serde_json::json;

const CHUNK: usize = 65536;

#[test]
fn any_range_reads_exactly_its_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let store = open_with(directory.path(), json!({ "chunk_size": CHUNK }));
    let size = 2 * CHUNK + 100;
    let data = pattern(size);
    put(&store, "id", &data).unwrap();
    let points = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, size - 1, size, size + 1];
    for offset in points {
        for len in points.map(Some).into_iter().chain([None]) {
            let from = offset.min(size);
            let to = len.map_or(size, |len| (offset + len).clamp(from, size));
            let range = Range { offset: offset as u64, len: len.map(|len| len as u64) };
            assert_eq!(get(&store, "id", range).unwrap(), data[from..to], "{range:?}");
        }
    }
    let beyond = Range { offset: u64::MAX, len: Some(u64::MAX) };
    assert_eq!(get(&store, "id", beyond).unwrap(), b"");
}

#[test]
fn chunks_have_the_configured_size() {
    let directory = tempfile::tempdir().unwrap();
    let store = open_with(directory.path(), json!({ "chunk_size": CHUNK }));
    put(&store, "id", &pattern(CHUNK + 1)).unwrap();
    let mut reader = store.read("id", Range::default()).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().len(), CHUNK);
    assert_eq!(reader.next().unwrap().unwrap().len(), 1);
    assert_eq!(reader.next().unwrap(), None);
    assert_eq!(reader.next().unwrap(), None);
}

#[test]
fn a_reader_finishes_after_the_object_was_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let store = open_with(directory.path(), json!({ "chunk_size": CHUNK }));
    let data = pattern(8 << 20);
    put(&store, "id", &data).unwrap();
    let mut reader = store.read("id", Range::default()).unwrap();
    let mut seen = reader.next().unwrap().unwrap().to_vec();
    store.delete("id").unwrap();
    assert_eq!(kind(store.stat("id")), Kind::NotFound);
    assert_eq!(kind(store.delete("id")), Kind::NotFound);
    while let Some(chunk) = reader.next().unwrap() {
        seen.extend_from_slice(&chunk);
    }
    assert_eq!(seen, data);
}

#[cfg(unix)]
#[test]
fn an_object_that_became_shorter_is_corrupt() {
    let directory = tempfile::tempdir().unwrap();
    let store = open_with(directory.path(), json!({ "chunk_size": CHUNK }));
    put(&store, "id", &pattern(3 * CHUNK)).unwrap();
    let mut reader = store.read("id", Range::default()).unwrap();
    reader.next().unwrap();
    std::fs::OpenOptions::new().write(true).open(directory.path().join("id")).unwrap().set_len(CHUNK as u64).unwrap();
    assert_eq!(kind(reader.next()), Kind::Corrupt);
}

#[cfg(unix)]
#[test]
fn only_a_regular_file_is_an_object() {
    use crate::mount::run;
    use std::{fs, os::unix::fs::symlink, process::Command};
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let store = open(root);
    put(&store, "id", b"data").unwrap();
    symlink("/etc/passwd", root.join("outside")).unwrap();
    symlink("id", root.join("inside")).unwrap();
    symlink("nowhere", root.join("dangling")).unwrap();
    fs::create_dir(root.join("directory")).unwrap();
    assert!(run(Command::new("mkfifo").arg(root.join("fifo"))).unwrap().status.success());
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    for key in ["outside", "inside", "dangling", "directory", "fifo", "socket"] {
        assert_eq!(kind(store.read(key, Range::default())), Kind::NotFound, "{key}");
        assert_eq!(kind(store.stat(key)), Kind::NotFound, "{key}");
        assert_eq!(kind(store.delete(key)), Kind::NotFound, "{key}");
        assert_eq!(kind(store.copy(key, "copy")), Kind::NotFound, "{key}");
        assert_eq!(kind(store.create(key, options("t1", None))), Kind::Exists, "{key}");
        assert!(fs::symlink_metadata(root.join(key)).is_ok(), "{key}");
    }
    assert_eq!(keys(&store), ["id"]);
}
