//! Shares that go away, and what is told of it.

use super::{SHARE, on_share};
use crate::{
    Class, Dir, File,
    win32::{Code, fake::FakeVolume},
};

#[test]
fn a_share_that_is_cut_off_is_lost_and_its_open_files_stay_dead_when_it_is_back() {
    let (fake, scene) = on_share(FakeVolume::share);
    scene.publish("id", b"data").unwrap();
    let reader = scene.root.open_file("id").unwrap();
    let writer = scene.stage("new", b"data");
    for code in [Code::BAD_NETPATH, Code::NETNAME_DELETED, Code::BAD_NET_NAME, Code::SEM_TIMEOUT, Code(1231)] {
        fake.cut(SHARE, code);
        assert_eq!(scene.root.open_file("id").unwrap_err().class(), Class::Lost);
        assert_eq!(scene.root.metadata("id").unwrap_err().class(), Class::Lost);
        assert_eq!(scene.root.remove("id").unwrap_err().class(), Class::Lost);
        assert_eq!(scene.root.names().unwrap_err().class(), Class::Lost);
        assert_eq!(scene.root.sync().unwrap_err().class(), Class::Lost);
        assert_eq!(scene.root.space().unwrap_err().class(), Class::Lost);
        assert_eq!(scene.staging.create_file("t").unwrap_err().class(), Class::Lost);
        assert_eq!(scene.root.sweep().unwrap_err().class(), Class::Lost);
        fake.mend(SHARE);
    }
    assert_eq!(reader.read_at(0, 4).unwrap_err().class(), Class::Lost);
    assert_eq!(writer.write_all_at(b"x", 0).unwrap_err().class(), Class::Lost);
    assert_eq!(writer.sync().unwrap_err().class(), Class::Lost);
    assert_eq!(scene.read("id").unwrap(), b"data");
    // The server has forgotten who had it open.
    scene.staging.reopen_file("new").unwrap();
}

#[test]
fn a_file_that_the_server_closed_by_force_is_lost_although_windows_says_end_of_file() {
    let (fake, scene) = on_share(FakeVolume::share);
    scene.publish("id", b"data").unwrap();
    let reader = scene.root.open_file("id").unwrap();
    fake.fail("read", "id", 0, Code::HANDLE_EOF);
    assert_eq!(reader.read_at(0, 4).unwrap_err().class(), Class::Lost);
    assert_eq!(reader.read_at(0, 4).unwrap(), b"data");
    assert_eq!(reader.read_at(4, 4).unwrap(), b"");
}

#[test]
fn a_volume_that_the_cluster_has_paused_is_told_apart() {
    let (fake, scene) = on_share(FakeVolume::share);
    let file = scene.stage("id", b"data");
    for code in [Code::CLUSTER_CSV_IO_PAUSE_TIMEOUT, Code::SHARING_PAUSED, Code::DEVICE_IN_MAINTENANCE] {
        fake.fail("write", "id", 0, code);
        assert_eq!(file.write_all_at(b"x", 0).unwrap_err().class(), Class::Paused);
        fake.fail("flush", "id", 0, code);
        assert_eq!(file.sync().unwrap_err().class(), Class::Paused);
    }
}

#[test]
fn a_part_that_another_program_has_locked_is_waited_for() {
    let (fake, scene) = on_share(FakeVolume::share);
    let file = scene.stage("id", b"data");
    fake.fail("read", "id", 0, Code::LOCK_VIOLATION);
    fake.fail("write", "id", 0, Code::LOCK_VIOLATION);
    assert_eq!(file.read_at(0, 4).unwrap(), b"data");
    file.write_all_at(b"x", 0).unwrap();
    (0..8).for_each(|_| fake.fail("read", "id", 0, Code::LOCK_VIOLATION));
    assert_eq!(file.read_at(0, 4).unwrap_err().class(), Class::Held);
}
