//! What only a real Windows, or Wine, can tell: other programs, access control, real volumes.

use super::Scene;
use crate::{Class, Dir, File, FileSystem, Options, Platform, RootOptions};
use std::{
    fs::{self, OpenOptions},
    os::windows::fs::OpenOptionsExt,
    path::Path,
    thread,
    time::Duration,
};
use tempfile::{TempDir, tempdir};

const SHARE_READ: u32 = 1;

fn platform() -> Platform {
    Platform::new(&Options::default()).unwrap()
}

fn scene() -> (TempDir, Scene<crate::windows::Win32>) {
    let folder = tempdir().unwrap();
    let scene = Scene::new(&platform(), folder.path().to_str().unwrap());
    (folder, scene)
}

#[test]
fn a_file_that_another_program_holds_is_waited_for_and_not_for_ever() {
    let (folder, scene) = scene();
    scene.publish("id", b"data").unwrap();
    let hold = || OpenOptions::new().read(true).share_mode(SHARE_READ).open(folder.path().join("id")).unwrap();
    let holder = hold();
    assert_eq!(scene.root.remove("id").unwrap_err().class(), Class::Held);
    assert_eq!(scene.read("id").unwrap(), b"data");
    let release = thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        drop(holder);
    });
    scene.root.remove("id").unwrap();
    release.join().unwrap();
    assert_eq!(scene.names(), Vec::<String>::new());
}

#[test]
fn nobody_else_opens_what_is_staged() {
    let (folder, scene) = scene();
    let _file = scene.stage("id", b"data");
    let path = folder.path().join("staging").join("id");
    for write in [false, true] {
        let refused = OpenOptions::new().read(!write).write(write).open(&path);
        assert_eq!(refused.unwrap_err().raw_os_error(), Some(32));
    }
    assert_eq!(fs::remove_file(&path).unwrap_err().raw_os_error(), Some(32));
}

#[test]
fn a_read_only_file_is_removed() {
    let (folder, scene) = scene();
    scene.publish("id", b"data").unwrap();
    let path = folder.path().join("id");
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    scene.root.remove("id").unwrap();
    assert_eq!(scene.names(), Vec::<String>::new());
}

#[test]
fn new_files_get_the_access_control_that_is_configured() {
    let folder = tempdir().unwrap();
    let root = folder.path().to_str().unwrap();
    let options = Options {
        sddl: Some("D:P(A;;FA;;;BA)(A;;FA;;;SY)(A;;FA;;;OW)".into()),
        roots: vec![RootOptions { path: root.into(), weight: 0 }],
        ..Options::default()
    };
    let fs = Platform::new(&options).unwrap();
    fs.check(&options).unwrap();
    let scene = Scene::new(&fs, root);
    scene.publish("id", b"data").unwrap();
    let wrong = Options { sddl: Some("everyone".into()), ..options };
    assert_eq!(fs.check(&wrong).unwrap_err().class(), Class::Config);
}

#[test]
fn a_root_is_found_in_every_spelling_and_told_where_it_is_none() {
    let folder = tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let fs = platform();
    let volume = fs.open(path).unwrap().volume().unwrap();
    for spelling in [path.replace('\\', "/"), format!(r"\\?\{path}"), format!(r"{path}\"), path.to_lowercase()] {
        let settled = fs.settle(&spelling).unwrap();
        assert_eq!(fs.open(&settled).unwrap().volume().unwrap(), volume, "{spelling}");
    }
    assert_eq!(fs.open(&format!(r"{path}\file")).unwrap_err().class(), Class::NotADirectory);
    assert_eq!(fs.open(&format!(r"{path}\none")).unwrap_err().class(), Class::NotFound);
    assert_eq!(fs.open(r"B:\none").unwrap_err().class(), Class::NotFound);
}

#[test]
fn the_volume_tells_its_room_and_that_it_is_no_server_s() {
    let (folder, scene) = scene();
    let space = scene.root.space().unwrap();
    assert!(space.used > 0 && space.available > 1 << 20 && !space.read_only);
    assert!(!scene.root.is_remote());
    let on_system_drive = folder.path().starts_with(Path::new(&std::env::var("SystemDrive").unwrap()).join(r"\"));
    assert_eq!(scene.root.is_mounted().unwrap(), !on_system_drive);
}

#[test]
fn a_modification_is_dated_and_a_file_is_as_long_as_it_is() {
    let (folder, scene) = scene();
    scene.publish("id", b"data").unwrap();
    let (found, told) = (scene.root.metadata("id").unwrap(), fs::metadata(folder.path().join("id")).unwrap());
    assert_eq!((found.size, found.modified), (4, told.modified().ok()));
    let reader = scene.root.open_file("id").unwrap();
    assert_eq!(reader.metadata().unwrap(), found);
}
