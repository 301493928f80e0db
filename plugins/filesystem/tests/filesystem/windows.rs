//! What is so on Windows alone: share modes, spellings, names.

use crate::support::*;
use casement_sdk::Kind;
use casement_sdk::blocking::{Backend, Reader as _, Writer as _};
use serde_json::json;
use std::fs::{self, OpenOptions};
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;

const SHARE_READ: u32 = 1;

#[test]
fn a_write_that_goes_on_cannot_be_discarded_and_is_committed() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut writer = start(&store, "id", "t1");
    writer.write(b"data").unwrap();
    assert_eq!(kind(store.discard("t1")), Kind::Unavailable);
    writer.commit().unwrap();
    assert_eq!(kind(store.discard("t1")), Kind::NotFound);
    assert_eq!(get_all(&store, "id"), b"data");
}

#[test]
fn an_image_that_another_program_holds_is_deleted_for_every_client() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    put(&store, "id", b"data").unwrap();
    let file = directory.path().join("id");
    let scanner = OpenOptions::new().read(true).share_mode(SHARE_READ).open(&file).unwrap();
    store.delete("id").unwrap();
    assert_eq!(kind(store.stat("id")), Kind::NotFound);
    assert!(keys(&store).is_empty() && file.exists());
    drop(scanner);
    // As at the next start.
    drop(store);
    let store = open(directory.path());
    assert!(!file.exists());
    put(&store, "id", b"new").unwrap();
}

#[test]
fn an_image_is_replaced_by_its_successor_while_it_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    put(&store, "id", b"old").unwrap();
    let mut reader = store.read("id", Default::default()).unwrap();
    store.delete("id").unwrap();
    put(&store, "id", b"new").unwrap();
    assert_eq!(&reader.next().unwrap().unwrap()[..], b"old");
    assert_eq!(get_all(&store, "id"), b"new");
}

#[test]
fn names_of_devices_and_streams_are_no_keys() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    put(&store, "id", b"data").unwrap();
    for key in ["CON", "nul.txt", "COM1", "a.", "a ", "id:stream", "a\\b", "a*", "a?"] {
        assert_eq!(kind(store.create(key, options("t1", None))), Kind::Misuse, "{key}");
        assert_eq!(kind(store.stat(key)), Kind::NotFound, "{key}");
        assert_eq!(kind(store.delete(key)), Kind::NotFound, "{key}");
    }
    assert_eq!(kind(store.stat("ID")), Kind::NotFound);
    assert_eq!(kind(put(&store, "ID", b"other")), Kind::Exists);
    assert_eq!(get_all(&store, "id"), b"data");
    assert!(staged(&store).is_empty());
}

#[test]
fn locations_are_written_by_the_standard_and_read_in_older_spellings() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().to_str().unwrap();
    let (slashes, drive) = (root.replace('\\', "/"), &root[..2]);
    let store = open(Path::new(&format!(r"{slashes}/.//")));
    let uri = store.format_location("id").unwrap();
    assert_eq!(uri, format!("file:///{slashes}/id"));
    let bar = uri.replacen(drive, &drive.replace(':', "|"), 1);
    for uri in [uri, bar, format!(r"file://{root}\id"), format!(r"file:///{root}\id"), format!(r"file://\\?\{root}\id")]
    {
        assert_eq!(store.parse_location(&uri).unwrap(), "id", "{uri}");
    }
    assert_eq!(kind(store.parse_location("file:///C:/elsewhere/id")), Kind::NotFound);
}

#[test]
fn a_root_that_makes_no_sense_is_told_how_it_is_written() {
    for (root, right) in [
        ("C:\temp", r"'C:\temp'"),
        ("C:images", r"'C:\images'"),
        (r"\srv\share", r"'\\srv\share'"),
        (r"\\\\srv\\share", r"'\\srv\share'"),
        (r"C:\images ", "ends with a dot or a space"),
        (r"C:\images\NUL", "name of a device"),
    ] {
        let (kind, message) = refusal(Path::new(root), json!({}));
        assert_eq!(kind, Kind::Config, "{root}");
        assert!(message.contains(right), "{message}");
    }
    let (_, message) = refusal(Path::new(r"C:\images"), json!({"file_mode": "0640"}));
    assert!(message.contains("sddl"), "{message}");
}

#[test]
fn a_path_may_be_longer_than_260_characters() {
    let directory = tempfile::tempdir().unwrap();
    let root = format!(r"\\?\{}\{}", directory.path().display(), ["deep"; 80].join(r"\"));
    fs::create_dir_all(&root).unwrap();
    let store = open(Path::new(&root));
    put(&store, "id", b"data").unwrap();
    store.copy("id", "copy").unwrap();
    assert_eq!(get_all(&store, "copy"), b"data");
    store.delete("id").unwrap();
    assert_eq!(keys(&store), ["copy"]);
}
