//! A log file that is read while it is put aside, and one on a disk without room.

use crate::storage::SmallDisk;
use casement_tests::{Builder, Gateway, eventually, eventually_true};
use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// A gateway that logs each request to a file of its own.
fn start(builder: Builder, folder: &Path) -> (Gateway, casement_tests::Log, PathBuf) {
    let file = folder.join("casement.log");
    let lines = format!("[log]\nfile = '{}'\nmax_size_bytes = 4096\nkeep = 2", builder.path(&file));
    let builder = builder.filesystem("local", None, "default = true").more(&lines);
    let text = builder.config();
    let (gateway, errors) = Gateway::start_with_log_file(Arc::new(builder.site(&text)), &file);
    (gateway, errors, file)
}

/// Files that were put aside.
fn aside(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("casement-") && name.ends_with(".log")).collect()
}

#[test]
fn a_log_file_is_put_aside_while_somebody_reads_it() {
    let builder = Gateway::builder();
    let folder = builder.folder().to_owned();
    let (gateway, errors, file) = start(builder, &folder);
    let mut reader = File::open(&file).unwrap();
    for _ in 0..200 {
        gateway.member().get("/v2/images").expect(200);
    }
    eventually("only so many are kept", || match aside(&folder).len() {
        2 => Ok(()),
        other => Err(format!("{other}")),
    });
    assert!(fs::metadata(&file).unwrap().len() <= 4096);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert!(text.contains("listening on "), "whoever had the first file open has it still: {text}");
    assert_eq!(errors.text(), "");
}

#[test]
fn a_full_log_disk_stops_no_request_and_is_told_once_on_the_console() {
    let Some(disk) = SmallDisk::mount("bad_input::log_file::full_disk") else { return };
    let (gateway, errors, file) = start(Gateway::builder(), disk.path());
    disk.fill();
    let member = gateway.member();
    let id = member.create_active("n", b"0123456789");
    for _ in 0..200 {
        assert_eq!(member.download(&id).expect(200).body, b"0123456789");
    }
    assert!(errors.wait_for("lines are lost until it can", Duration::from_secs(5)).is_some(), "{}", errors.text());
    assert_eq!(errors.text().matches("lines are lost").count(), 1, "{}", errors.text());

    disk.make_room();
    eventually_true("the log goes on", || {
        member.get("/v2/images").expect(200);
        errors.text().contains("is written again; lines that were lost: ")
    });
    assert!(fs::metadata(&file).unwrap().len() > 0);
}
