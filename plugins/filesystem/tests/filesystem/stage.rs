use crate::support::*;
use casement_sdk::blocking::{Backend, Writer};
use casement_sdk::{Kind, Range};
use serde_json::json;
use std::fs;
#[cfg(unix)]
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::Barrier;

#[test]
fn sizes_around_chunk_borders_come_back_exactly() {
    let directory = tempfile::tempdir().unwrap();
    const CHUNK: usize = 65536;
    for keys in [json!({}), json!({"preallocate": false}), json!({"sparse": true})] {
        let mut keys = keys;
        keys["chunk_size"] = json!(CHUNK);
        let store = open_with(directory.path(), keys);
        for size in [0, 1, 4095, 4096, 4097, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5] {
            let data = pattern(size);
            let stat = put(&store, "id", &data).unwrap();
            assert_eq!(stat.size, size as u64);
            assert_eq!(store.stat("id").unwrap(), stat);
            assert_eq!(get_all(&store, "id"), data);
            store.delete("id").unwrap();
        }
    }
}

#[test]
fn nothing_is_readable_before_the_commit() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut writer = start(&store, "id", "t1");
    writer.write(b"data").unwrap();
    assert_eq!(kind(store.stat("id")), Kind::NotFound);
    assert_eq!(kind(store.read("id", Range::default())), Kind::NotFound);
    assert_eq!(kind(store.delete("id")), Kind::NotFound);
    assert!(keys(&store).is_empty());
    assert_eq!(writer.token(), "t1");
    assert_eq!(staged(&store), ["t1"]);

    writer.commit().unwrap();
    assert_eq!(get_all(&store, "id"), b"data");
    assert!(staged(&store).is_empty());
}

#[test]
fn an_announced_size_that_was_too_large_leaves_no_trace() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut writer = store.create("id", options("t1", Some(8 << 20))).unwrap();
    writer.write(b"short").unwrap();
    assert_eq!(writer.commit().unwrap().size, 5);
    assert_eq!(get_all(&store, "id"), b"short");
    let metadata = fs::metadata(directory.path().join("id")).unwrap();
    assert_eq!(metadata.len(), 5);
    #[cfg(unix)]
    assert!(metadata.blocks() <= 8);
}

#[test]
fn an_announced_size_that_was_too_small_does_not_cut_the_object() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut writer = store.create("id", options("t1", Some(3))).unwrap();
    writer.write(b"longer").unwrap();
    assert_eq!(writer.commit().unwrap().size, 6);
}

#[test]
fn abort_and_drop_remove_what_was_staged() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    start(&store, "id", "t1").abort().unwrap();
    drop(start(&store, "id", "t2"));
    assert!(staged(&store).is_empty());
    assert!(keys(&store).is_empty());
}

#[test]
fn leftovers_of_a_crash_are_listed_and_discarded() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    fs::write(directory.path().join(".casement-staging").join("t1"), "half").unwrap();
    let found = store.list_staged().unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].token, "t1");
    assert!(found[0].idle_ms.unwrap() < 3_600_000);
    store.discard("t1").unwrap();
    assert!(staged(&store).is_empty());
    assert_eq!(kind(store.discard("t1")), Kind::NotFound);
    put(&store, "id", b"whole").unwrap();
}

#[test]
fn a_token_cannot_leave_the_staging_directory() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    put(&store, "id", b"data").unwrap();
    for token in ["../id", "..", ".", "", "/etc/passwd", "a/b"] {
        assert_eq!(kind(store.discard(token)), Kind::NotFound, "{token}");
        assert_eq!(kind(store.create("other", options(token, None))), Kind::Misuse, "{token}");
    }
    assert_eq!(get_all(&store, "id"), b"data");
}

#[cfg(unix)]
#[test]
fn a_write_that_was_discarded_cannot_be_committed() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let writer = start(&store, "id", "t1");
    store.discard("t1").unwrap();
    assert_eq!(kind(writer.commit()), Kind::Cancelled);
    assert!(keys(&store).is_empty());
}

#[test]
fn a_taken_key_or_transfer_is_refused_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    put(&store, "id", b"data").unwrap();
    assert_eq!(kind(store.create("id", options("t1", None))), Kind::Exists);
    let _first = start(&store, "other", "t2");
    assert_eq!(kind(store.create("third", options("t2", None))), Kind::Misuse);
    assert_eq!(staged(&store), ["t2"]);
}

#[test]
fn names_that_are_no_keys_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for key in ["", ".", "..", "a/b", "../id", ".casement-store", "a\0b"] {
        assert_eq!(kind(store.create(key, options("t1", None))), Kind::Misuse, "{key}");
        assert_eq!(kind(store.stat(key)), Kind::NotFound, "{key}");
        assert_eq!(kind(store.read(key, Range::default())), Kind::NotFound, "{key}");
        assert_eq!(kind(store.delete(key)), Kind::NotFound, "{key}");
    }
    assert!(staged(&store).is_empty());
}

#[test]
fn of_many_writers_of_one_key_exactly_one_wins() {
    const WRITERS: usize = 8;
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for round in 0..20 {
        let key = format!("id{round}");
        let barrier = Barrier::new(WRITERS);
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..WRITERS)
                .map(|number| {
                    let mut writer = start(&store, &key, &format!("t{round}-{number}"));
                    let barrier = &barrier;
                    scope.spawn(move || {
                        writer.write(&[number as u8; 3]).unwrap();
                        barrier.wait();
                        (number, writer.commit())
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(|(_, outcome)| outcome.is_ok());
        assert_eq!(won.len(), 1);
        assert!(lost.into_iter().all(|(_, outcome)| kind(outcome) == Kind::Exists));
        assert_eq!(get_all(&store, &key), [won[0].0 as u8; 3]);
    }
    assert!(staged(&store).is_empty());
}

#[cfg(unix)]
#[test]
fn zeros_become_holes_only_when_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let mut data = vec![0; 4 << 20];
    data[1 << 20..][..5].copy_from_slice(b"datum");
    for (key, sparse) in [("thin", true), ("thick", false)] {
        let store = open_with(directory.path(), json!({ "sparse": sparse }));
        assert_eq!(put(&store, key, &data).unwrap().size, data.len() as u64);
        assert_eq!(get_all(&store, key), data);
    }
    let blocks = |key| fs::metadata(directory.path().join(key)).unwrap().blocks();
    assert!(blocks("thin") <= 64, "{}", blocks("thin"));
    assert!(blocks("thick") >= 8192, "{}", blocks("thick"));
}

#[test]
fn an_object_of_zeros_alone_keeps_its_size() {
    let directory = tempfile::tempdir().unwrap();
    let store = open_with(directory.path(), json!({"sparse": true}));
    put(&store, "id", &[0; 10 * 4096]).unwrap();
    assert_eq!(get_all(&store, "id"), [0; 10 * 4096]);
}

#[cfg(unix)]
#[test]
fn files_get_the_mode_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let store = open_with(directory.path(), json!({"file_mode": "0466"}));
    put(&store, "id", b"data").unwrap();
    store.copy("id", "copy").unwrap();
    for key in ["id", "copy"] {
        let mode = fs::metadata(directory.path().join(key)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o466, "{key}");
    }
}
