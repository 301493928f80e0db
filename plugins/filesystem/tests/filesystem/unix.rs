//! Roots that are unmounted, made again, or swapped while files in them are open, as only Unix allows.

use crate::mount::Mount;
use crate::support::*;
use casement_sdk::Kind;
use casement_sdk::blocking::{Backend, Writer};
use rustix::io::{Errno, ReadWriteFlags, preadv2};
use serde_json::json;
use std::fs::{self, File};
use std::io::IoSliceMut;
use std::os::unix::fs::FileExt;

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
fn what_an_upload_has_on_the_disk_leaves_the_memory() {
    let directory = tempfile::tempdir().unwrap();
    if rustix::fs::statfs(directory.path()).unwrap().f_type == TMPFS_MAGIC {
        eprintln!("SKIPPED: the temporary directory is a tmpfs, which has memory alone");
        return;
    }
    let store = open(directory.path());
    let mut writer = start(&store, "id", "t1");
    let data = pattern(8 << 20);
    writer.write(&data).unwrap();
    let staged = File::open(directory.path().join(".casement-staging/t1")).unwrap();
    if begins_in_memory(&staged) == Err(Errno::OPNOTSUPP) {
        eprintln!("SKIPPED: the temporary directory's file system does not say what is in memory");
        return;
    }
    staged.sync_all().unwrap();
    writer.write(&data).unwrap();
    assert_eq!(begins_in_memory(&staged), Ok(false));
    staged.read_exact_at(&mut [0], 0).unwrap();
    assert_eq!(begins_in_memory(&staged), Ok(true), "it has just been read");
    writer.commit().unwrap();
    assert!(get_all(&store, "id").chunks(data.len()).all(|read| read == data));
}

/// Linux, `magic.h`.
const TMPFS_MAGIC: i64 = 0x0102_1994;

/// Whether its first byte can be read without a disk that has to be waited for (preadv2(2), `RWF_NOWAIT`).
fn begins_in_memory(file: &File) -> Result<bool, Errno> {
    match preadv2(file, &mut [IoSliceMut::new(&mut [0])], 0, ReadWriteFlags::NOWAIT) {
        Err(Errno::AGAIN) => Ok(false),
        read => read.map(|length| length == 1),
    }
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
