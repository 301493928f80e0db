use crate::support::*;
use casement_sdk::blocking::{Backend, Lister};
use casement_sdk::{Entry, Kind};
use std::fs::{self, write};

#[test]
fn objects_are_listed_in_the_order_of_their_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for key in ["b", "a-1", "Z", "ä", "a", "a.1"] {
        put(&store, key, key.as_bytes()).unwrap();
    }
    assert_eq!(keys(&store), ["Z", "a", "a-1", "a.1", "b", "ä"]);
    let entry = |key: &str| Entry { key: key.into(), size: key.len() as u64 };
    assert_eq!(pages(&store, "a", None), [["a", "a-1", "a.1"].map(entry)]);
    assert_eq!(pages(&store, "a", Some("a")), [["a-1", "a.1"].map(entry)]);
    assert_eq!(pages(&store, "", Some("a.")), [["a.1", "b", "ä"].map(entry)]);
    assert!(pages(&store, "x", None).is_empty());
    assert!(pages(&store, "", Some("ä")).is_empty());
}

#[test]
fn pages_hold_a_thousand_objects_and_the_last_the_rest() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let expected: Vec<_> = (0..2001).map(|number| format!("{number:04}")).collect();
    for key in &expected {
        write(directory.path().join(key), "").unwrap();
    }
    let pages = pages(&store, "", None);
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [1000, 1000, 1]);
    assert_eq!(pages.into_iter().flatten().map(|entry| entry.key).collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_no_object_is_not_listed() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let store = open(root);
    put(&store, "id", b"data").unwrap();
    let _staged = start(&store, "other", "t1");
    write(root.join(".nfs0001"), "").unwrap();
    fs::create_dir(root.join("lost+found")).unwrap();
    assert_eq!(keys(&store), ["id"]);
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_unicode_is_no_object() {
    use std::os::unix::ffi::OsStrExt;
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    write(directory.path().join(std::ffi::OsStr::from_bytes(b"\xff")), "").unwrap();
    assert_eq!(keys(&store), Vec::<String>::new());
}

#[test]
fn an_object_deleted_while_listing_is_left_out() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for key in ["a", "b"] {
        put(&store, key, b"").unwrap();
    }
    let mut lister = store.list("", None).unwrap();
    store.delete("a").unwrap();
    assert_eq!(lister.next_page().unwrap(), [Entry { key: "b".into(), size: 0 }]);
    assert!(lister.next_page().unwrap().is_empty());
}

#[test]
fn a_listing_fails_when_the_root_goes_away() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    fs::create_dir(&root).unwrap();
    let store = open(&root);
    put(&store, "a", b"").unwrap();
    let mut lister = store.list("", None).unwrap();
    fs::rename(&root, directory.path().join("away")).unwrap();
    assert_eq!(kind(lister.next_page()), Kind::Unavailable);
}
