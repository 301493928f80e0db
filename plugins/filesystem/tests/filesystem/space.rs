use crate::mount::{Mount, no_process_begins};
use crate::support::*;
use casement_sdk::Kind;
use casement_sdk::blocking::{Backend, Writer};
use serde_json::json;

const MIB: u64 = 1 << 20;

#[test]
fn a_size_that_does_not_fit_is_refused_before_the_first_byte() {
    let directory = tempfile::tempdir().unwrap();
    let Some(_mount) = Mount::tmpfs(directory.path(), "size=8m") else {
        return;
    };
    let store = open(directory.path());
    assert_eq!(kind(store.create("id", options("t1", Some(9 * MIB)))), Kind::NoSpace);
    assert!(staged(&store).is_empty());
}

#[test]
fn preallocated_space_cannot_be_taken_by_another_write() {
    let directory = tempfile::tempdir().unwrap();
    let Some(_mount) = Mount::tmpfs(directory.path(), "size=8m") else {
        return;
    };
    let store = open(directory.path());
    let mut first = store.create("first", options("t1", Some(6 * MIB))).unwrap();
    assert_eq!(kind(store.create("second", options("t2", Some(4 * MIB)))), Kind::NoSpace);
    for _ in 0..6 {
        first.write(&pattern(MIB as usize)).unwrap();
    }
    assert_eq!(first.commit().unwrap().size, 6 * MIB);
}

#[test]
fn a_full_file_system_stops_the_write_and_gets_its_space_back() {
    let directory = tempfile::tempdir().unwrap();
    let Some(_mount) = Mount::tmpfs(directory.path(), "size=8m") else {
        return;
    };
    let store = open(directory.path());
    let before = store.usage().unwrap().free.unwrap();
    let _alone = no_process_begins();
    let mut writer = start(&store, "id", "t1");
    let error = (0..9).find_map(|_| writer.write(&pattern(MIB as usize)).err()).unwrap();
    assert_eq!(error.kind(), Kind::NoSpace);
    drop(writer);
    assert!(staged(&store).is_empty());
    assert_eq!(store.usage().unwrap().free.unwrap(), before);
}

#[test]
fn the_reserve_is_left_free() {
    let directory = tempfile::tempdir().unwrap();
    let Some(_mount) = Mount::tmpfs(directory.path(), "size=8m") else {
        return;
    };
    let all = open(directory.path()).usage().unwrap().free.unwrap();
    let store = open_with(directory.path(), json!({"reserve": 6 * MIB}));
    assert_eq!(store.usage().unwrap().free.unwrap(), all - 6 * MIB);
    assert_eq!(kind(store.create("id", options("t1", Some(3 * MIB)))), Kind::NoSpace);
    put(&store, "id", &pattern(MIB as usize)).unwrap();
    put(&store, "big", &pattern(MIB as usize / 2)).unwrap();
    assert_eq!(kind(store.copy("id", "copy")), Kind::NoSpace);
    let mut unknown = start(&store, "unknown", "t2");
    assert_eq!(kind(unknown.write(&pattern(MIB as usize))), Kind::NoSpace);
}

#[test]
fn the_reserve_is_watched_while_writing() {
    let directory = tempfile::tempdir().unwrap();
    let Some(_mount) = Mount::tmpfs(directory.path(), "size=160m") else {
        return;
    };
    let store = open_with(directory.path(), json!({"reserve": 100 * MIB}));
    let mut writer = start(&store, "id", "t1");
    let chunk = pattern(MIB as usize);
    let written = (0..160).take_while(|_| writer.write(&chunk).is_ok()).count();
    assert_eq!(written, 64);
}

#[test]
fn a_full_store_can_be_opened_read_and_emptied() {
    let directory = tempfile::tempdir().unwrap();
    let Some(_mount) = Mount::tmpfs(directory.path(), "size=8m") else {
        return;
    };
    let free = open(directory.path()).usage().unwrap().free.unwrap();
    let data = pattern(free as usize);
    put(&open(directory.path()), "id", &data).unwrap();

    let store = open(directory.path());
    assert_eq!(store.usage().unwrap().free, Some(0));
    assert_eq!(get_all(&store, "id"), data);
    let _alone = no_process_begins();
    store.delete("id").unwrap();
    put(&store, "id", b"new").unwrap();
}

#[test]
fn usage_adds_up() {
    let directory = tempfile::tempdir().unwrap();
    let Some(_mount) = Mount::tmpfs(directory.path(), "size=8m") else {
        return;
    };
    let store = open(directory.path());
    let before = store.usage().unwrap();
    put(&store, "id", &pattern(MIB as usize)).unwrap();
    let after = store.usage().unwrap();
    assert_eq!(after.used.unwrap() - before.used.unwrap(), MIB);
    assert_eq!(before.free.unwrap() - after.free.unwrap(), MIB);
}
