//! Stores on several roots.
#![allow(clippy::unwrap_used)]

use super::{Script, faulty, get, options, put, store};
use crate::{Class, RootOptions};
use casement_sdk::{Kind, blocking::*};
use tempfile::tempdir;

#[test]
fn the_heavier_root_is_filled_first_and_all_are_read() {
    let (light, heavy) = (tempdir().unwrap(), tempdir().unwrap());
    put(&store(faulty(&Script::default()), options(&[light.path()])).unwrap(), "old", &[b"old"]).unwrap();
    let mut both = options(&[light.path(), heavy.path()]);
    both.roots[1].weight = 10;
    let store = store(faulty(&Script::default()), both).unwrap();
    put(&store, "new", &[b"new"]).unwrap();
    assert!(heavy.path().join("new").exists());
    assert_eq!(get(&store, "old").unwrap(), b"old");
    assert_eq!(put(&store, "old", &[b"again"]).unwrap_err().kind(), Kind::Exists);

    let keys: Vec<_> = store.list("", None).unwrap().next_page().unwrap().into_iter().map(|entry| entry.key).collect();
    assert_eq!(keys, ["new", "old"]);
    let uri = store.format_location("new").unwrap();
    assert!(uri.contains(heavy.path().file_name().unwrap().to_str().unwrap()), "{uri}");
    assert_eq!(store.parse_location(&uri).unwrap(), "new");

    store.copy("old", "copy").unwrap();
    assert!(light.path().join("copy").exists(), "a copy stays on its volume");
    for key in ["old", "new", "copy"] {
        store.delete(key).unwrap();
    }
    assert_eq!(store.delete("old").unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn while_one_root_cannot_be_asked_nobody_is_told_that_there_is_nothing() {
    let (here, gone) = (tempdir().unwrap(), tempdir().unwrap());
    let mut both = options(&[here.path(), gone.path()]);
    both.ride_out = std::time::Duration::ZERO;
    let store = store(faulty(&Script::default()), both).unwrap();
    put(&store, "a", &[b"a"]).unwrap();
    let (key, lost) = if here.path().join("a").exists() { ("a", gone) } else { ("a", here) };
    drop(lost);
    assert_eq!(get(&store, key).unwrap(), b"a");
    for kind in [
        store.stat("elsewhere").unwrap_err().kind(),
        store.delete("elsewhere").unwrap_err().kind(),
        store.list("", None).unwrap_err().kind(),
    ] {
        assert_eq!(kind, Kind::Unavailable);
    }
    put(&store, "b", &[b"b"]).unwrap();
}

#[test]
fn a_root_that_is_absent_at_the_start_is_used_once_it_is_there() {
    let (here, parent) = (tempdir().unwrap(), tempdir().unwrap());
    let later = parent.path().join("later");
    let mut both = options(&[here.path(), &later]);
    both.roots[1].weight = 1;
    let store = store(faulty(&Script::default()), both).unwrap();
    put(&store, "first", &[b"1"]).unwrap();
    std::fs::create_dir(&later).unwrap();
    put(&store, "second", &[b"2"]).unwrap();
    assert!(later.join("second").exists());
}

#[test]
fn one_root_named_twice_is_refused() {
    let root = tempdir().unwrap();
    let mut twins = options(&[root.path()]);
    twins.roots.push(RootOptions { path: format!("{}/./", root.path().display()), weight: 0 });
    let error = store(faulty(&Script::default()), twins).unwrap_err();
    assert_eq!(error.class(), Class::Config);
    assert!(error.message().contains("named twice"), "{error}");
}

#[test]
fn parts_of_a_chunk_that_are_written_at_once_come_together() {
    let root = tempdir().unwrap();
    let mut options = options(&[root.path()]);
    options.writes_in_flight = Some(4);
    let store = store(faulty(&Script::default()), options).unwrap();
    let chunk: Vec<u8> = (0..1_000_003u32).map(|at| (at % 251) as u8).collect();
    put(&store, "id", &[&chunk, &chunk[..65_537], b"end"]).unwrap();
    assert_eq!(get(&store, "id").unwrap(), [&chunk[..], &chunk[..65_537], b"end"].concat());
}
