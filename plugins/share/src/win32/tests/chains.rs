//! Which way is taken, and which one when that is missing.

use super::{D, Scene, ntfs, on_drive, on_share};
use crate::{
    Class, Dir, File,
    win32::{
        Code,
        constants::{
            FILE_ATTRIBUTE_READONLY, FILE_ATTRIBUTE_REPARSE_POINT, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE,
        },
        fake::{Fake, FakeVolume},
    },
};
use std::time::Duration;

const ID: &str = r"\\?\D:\images\id";
const TRASH: &str = r"\\?\D:\images\.casement-trash\";

/// The calls of these names since there were `before` of all.
fn calls<'c>(all: &'c [String], before: usize, names: &[&str]) -> Vec<&'c str> {
    let name = |call: &'c String| call.split(' ').next().unwrap_or_default();
    all[before..].iter().map(name).filter(|name| names.contains(name)).collect()
}

fn ways_to_publish(fake: &Fake, scene: &Scene<Fake>) -> Vec<String> {
    let before = fake.calls().len();
    scene.publish("id", b"data").unwrap();
    assert_eq!(scene.read("id").unwrap(), b"data");
    let ways = fake.calls();
    calls(&ways, before, &["rename-ex", "rename", "move", "flush"]).into_iter().map(str::to_owned).collect()
}

#[test]
fn a_file_is_published_in_the_best_way_there_is_with_its_data_and_then_its_name_durable() {
    let (fake, scene) = on_drive(FakeVolume::ntfs);
    assert_eq!(ways_to_publish(&fake, &scene), ["flush", "rename-ex", "flush"]);
    let (fake, scene) = on_share(FakeVolume::share);
    assert_eq!(ways_to_publish(&fake, &scene), ["flush", "rename", "flush"]);
    let (fake, scene) = on_drive(FakeVolume::wine);
    assert_eq!(ways_to_publish(&fake, &scene), ["flush", "rename", "flush"]);
    let (fake, scene) = on_drive(FakeVolume::poor);
    assert_eq!(ways_to_publish(&fake, &scene), ["flush", "move", "flush"]);
}

#[test]
fn a_way_that_is_refused_as_unknown_is_tried_once() {
    let unknown = [
        Code::INVALID_FUNCTION,
        Code::NOT_SUPPORTED,
        Code::INVALID_PARAMETER,
        Code::CALL_NOT_IMPLEMENTED,
        Code::FILE_SYSTEM_LIMITATION,
    ];
    for code in unknown {
        let (fake, scene) = on_drive(FakeVolume::ntfs);
        fake.fail("rename-ex", "staged-id", 0, code);
        assert_eq!(ways_to_publish(&fake, &scene), ["flush", "rename-ex", "rename", "flush"], "{code}");
        scene.root.remove("id").unwrap();
        assert_eq!(ways_to_publish(&fake, &scene), ["flush", "rename", "flush"], "{code}");
    }
}

#[test]
fn a_file_system_that_flushes_no_directories_is_no_failure() {
    let (fake, scene) = on_drive(FakeVolume::ntfs);
    fake.fail("flush", r"D:\images", 0, Code::INVALID_FUNCTION);
    scene.root.sync().unwrap();
    let (fake, scene) = on_drive(FakeVolume::ntfs);
    fake.fail("flush", r"D:\images", 0, Code::DISK_FULL);
    assert_eq!(scene.root.sync().unwrap_err().class(), Class::Full);
}

#[test]
fn nothing_is_ever_copied_to_another_volume() {
    for volume in [FakeVolume::ntfs, FakeVolume::wine, FakeVolume::poor] {
        let (fake, scene) = on_drive(volume);
        fake.add(FakeVolume::ntfs(r"\\?\E:\", 3));
        let other = crate::FileSystem::open(&ntfs(&fake), r"E:\").unwrap();
        assert_ne!(other.volume().unwrap(), scene.root.volume().unwrap());
        let error = scene.staging.publish("id", scene.stage("id", b"data"), &other, "id").unwrap_err();
        assert_eq!(error.class(), Class::Config);
        assert_eq!(scene.staging.metadata("id").unwrap().size, 4);
    }
}

#[test]
fn a_scanner_that_looks_at_a_new_file_is_waited_for() {
    for volume in [FakeVolume::ntfs, FakeVolume::wine, FakeVolume::poor] {
        let (fake, scene) = on_drive(volume);
        let file = scene.stage("id", b"data");
        for (name, times) in [("rename-ex", 2), ("rename", 2), ("move", 2)] {
            (0..times).for_each(|_| fake.fail(name, "staging", 0, Code::SHARING_VIOLATION));
        }
        scene.staging.publish("id", file, &scene.root, "id").unwrap();
        assert_eq!(fake.slept(), Duration::from_millis(30));
    }
}

#[test]
fn who_removes_frees_the_name_in_the_best_way_there_is() {
    let remove = |volume| {
        let (fake, scene) = on_drive(volume);
        scene.publish("id", b"data").unwrap();
        let before = fake.calls().len();
        scene.root.remove("id").unwrap();
        assert!(!fake.paths().iter().any(|path| path.contains("id") || path.starts_with(TRASH)));
        let ways = fake.calls();
        calls(&ways, before, &["delete-ex", "delete", "rename"]).join(" ")
    };
    assert_eq!(remove(FakeVolume::ntfs), "delete-ex");
    // The first rename finds no directory for the trash.
    assert_eq!(remove(FakeVolume::refs), "rename rename delete");
    assert_eq!(remove(FakeVolume::wine), "rename rename delete");
    assert_eq!(remove(FakeVolume::poor), "delete");
}

#[test]
fn a_server_that_accepts_posix_deletes_and_does_not_do_them_is_found_out_at_start() {
    let lying = |mount: &str, serial| {
        let mut volume = FakeVolume::ntfs(mount, serial);
        volume.can.posix_delete_is_a_lie = true;
        volume
    };
    let (fake, scene) = on_drive(lying);
    scene.publish("id", b"data").unwrap();
    let reader = scene.root.open_file("id").unwrap();
    let before = fake.calls().len();
    scene.root.remove("id").unwrap();
    assert_eq!(scene.names(), Vec::<String>::new());
    let ways = fake.calls();
    assert_eq!(calls(&ways, before, &["delete-ex", "delete"]), ["delete"]);
    assert_eq!(reader.read_at(0, 10).unwrap(), b"data");
}

#[test]
fn where_nothing_frees_a_name_at_once_the_store_is_told_that_the_file_is_held() {
    let (_, scene) = on_drive(FakeVolume::poor);
    scene.publish("id", b"data").unwrap();
    let reader = scene.root.open_file("id").unwrap();
    assert_eq!(scene.root.remove("id").unwrap_err().class(), Class::Held);
    // Whoever asks for it is told the truth already.
    assert_eq!(scene.root.open_file("id").unwrap_err().class(), Class::NotFound);
    assert_eq!(scene.root.metadata("id").unwrap_err().class(), Class::NotFound);
    assert_eq!(scene.publish("id", b"new").unwrap_err().class(), Class::Held);
    drop(reader);
    assert_eq!(scene.root.remove("id").unwrap_err().class(), Class::NotFound);
    scene.publish("id", b"new").unwrap();
}

#[test]
fn a_file_that_another_program_holds_is_waited_for_and_not_for_ever() {
    for volume in [FakeVolume::ntfs, FakeVolume::wine] {
        let (fake, scene) = on_drive(volume);
        scene.publish("id", b"data").unwrap();
        // A backup that lets nobody delete, and goes after a while.
        fake.release_after(3, fake.hold(ID, FILE_SHARE_READ | FILE_SHARE_WRITE));
        scene.root.remove("id").unwrap();
        assert_eq!(fake.slept(), Duration::from_millis(10 + 20 + 40));

        scene.publish("id", b"data").unwrap();
        let holder = fake.hold(ID, FILE_SHARE_READ);
        assert_eq!(scene.root.remove("id").unwrap_err().class(), Class::Held);
        assert!(fake.slept() < Duration::from_secs(2));
        assert_eq!(scene.read("id").unwrap(), b"data");
        drop(holder);
        let _guard = fake.hold(ID, 0);
        assert_eq!(scene.root.open_file("id").unwrap_err().class(), Class::Held);
        assert!(scene.root.metadata("id").unwrap().is_file);
    }
}

#[test]
fn a_reader_that_shares_deletion_is_no_holder() {
    for volume in [FakeVolume::ntfs, FakeVolume::wine] {
        let (fake, scene) = on_drive(volume);
        scene.publish("id", b"data").unwrap();
        let _reader = fake.hold(ID, FILE_SHARE_READ | FILE_SHARE_DELETE);
        scene.root.remove("id").unwrap();
        assert_eq!(fake.slept(), Duration::ZERO);
    }
}

#[test]
fn a_file_that_is_mapped_is_held_and_one_that_is_denied_is_not() {
    for (volume, call) in [(FakeVolume::ntfs as fn(&str, u64) -> _, "delete-ex"), (FakeVolume::wine, "delete")] {
        let (fake, scene) = on_drive(volume);
        scene.publish("id", b"data").unwrap();
        (0..8).for_each(|_| fake.fail(call, "id", 0, Code::ACCESS_DENIED));
        assert_eq!(scene.root.remove("id").unwrap_err().class(), Class::Held);

        scene.publish("secret", b"data").unwrap();
        fake.deny(r"\\?\D:\images\secret");
        let before = fake.slept();
        assert_eq!(scene.root.open_file("secret").unwrap_err().class(), Class::Denied);
        assert_eq!(scene.root.remove("secret").unwrap_err().class(), Class::Denied);
        assert_eq!(fake.slept(), before, "what is denied is not waited for");
    }
}

#[test]
fn a_file_that_an_old_listing_lacks_is_there() {
    let (fake, scene) = on_share(FakeVolume::share);
    scene.publish("id", b"data").unwrap();
    fake.fail("find", "id", 0, Code::FILE_NOT_FOUND);
    assert_eq!(scene.read("id").unwrap(), b"data");
}

#[test]
fn a_read_only_file_is_removed() {
    for volume in [FakeVolume::ntfs, FakeVolume::wine, FakeVolume::poor] {
        let (fake, scene) = on_drive(volume);
        scene.publish("id", b"data").unwrap();
        fake.mark(ID, FILE_ATTRIBUTE_READONLY, 0);
        scene.root.remove("id").unwrap();
        assert_eq!(scene.names(), Vec::<String>::new());
    }
}

#[test]
fn what_a_crash_left_in_the_trash_is_swept_but_for_what_is_read() {
    let (fake, scene) = on_drive(FakeVolume::ntfs);
    scene.root.sweep().unwrap();
    scene.root.make_dir(".casement-trash").unwrap();
    fake.put(&format!("{TRASH}left"), b"x");
    fake.put(&format!("{TRASH}read"), b"x");
    let reader = fake.hold(&format!("{TRASH}read"), FILE_SHARE_READ);
    scene.root.sweep().unwrap();
    let trash = scene.root.open_dir(".casement-trash").unwrap();
    assert_eq!(trash.names().unwrap(), ["read"]);
    drop(reader);
    scene.root.sweep().unwrap();
    assert_eq!(trash.names().unwrap(), Vec::<String>::new());
}

#[test]
fn a_link_is_no_file_and_a_deduplicated_file_is_one() {
    const SYMLINK: u32 = 0xA000_000C;
    const DEDUP: u32 = 0x8000_0013;
    let (fake, scene) = on_drive(FakeVolume::ntfs);
    scene.publish("link", b"elsewhere").unwrap();
    fake.mark(r"\\?\D:\images\link", FILE_ATTRIBUTE_REPARSE_POINT, SYMLINK);
    assert_eq!(scene.root.open_file("link").unwrap_err().class(), Class::NotFound);
    assert!(!scene.root.metadata("link").unwrap().is_file);
    fake.mark(r"\\?\D:\images\staging", FILE_ATTRIBUTE_REPARSE_POINT, 0xA000_0003);
    assert_eq!(scene.root.open_dir("staging").unwrap_err().class(), Class::NotADirectory);

    scene.publish("id", b"data").unwrap();
    fake.mark(ID, FILE_ATTRIBUTE_REPARSE_POINT, DEDUP);
    assert!(scene.root.metadata("id").unwrap().is_file);
    assert_eq!(scene.read("id").unwrap(), b"data");
    scene.root.remove("id").unwrap();
    scene.root.remove("link").unwrap();
}

#[test]
fn space_is_claimed_where_it_can_be_and_its_lack_told_at_once() {
    let (fake, scene) = on_drive(FakeVolume::ntfs);
    let file = scene.stage("id", b"");
    assert!(file.preallocate(1 << 20).unwrap());
    fake.change(D, |volume| volume.free = 1000);
    assert_eq!(file.preallocate(1 << 20).unwrap_err().class(), Class::Full);
    assert_eq!(file.write_all_at(&[0; 2000], 0).unwrap_err().class(), Class::Full);
    let (_, scene) = on_drive(FakeVolume::wine);
    assert!(!scene.stage("id", b"").preallocate(1 << 20).unwrap());
}

#[test]
fn a_copy_shares_clusters_where_the_volume_can_and_reads_only_what_was_written_where_it_cannot() {
    let copy = |volume, calls_of: &str| {
        let (fake, scene) = on_drive(volume);
        let source = scene.staging.create_file("from").unwrap();
        assert!(source.make_sparse().unwrap());
        source.write_all_at(&[7; 100], 0).unwrap();
        source.write_all_at(&[8; 100], 5 << 20).unwrap();
        let target = scene.staging.create_file("to").unwrap();
        let before = fake.calls().len();
        target.copy_from(&source, (5 << 20) + 100).unwrap();
        let all = fake.calls();
        assert_eq!(fake.data(r"\\?\D:\images\staging\to"), fake.data(r"\\?\D:\images\staging\from"));
        calls(&all, before, &[calls_of]).len()
    };
    assert_eq!(copy(FakeVolume::refs, "clone"), 1);
    assert_eq!(copy(FakeVolume::refs, "read"), 0);
    assert_eq!(copy(FakeVolume::ntfs, "clone"), 0);
    assert_eq!(copy(FakeVolume::ntfs, "read"), 2);
    // Nobody knows what was written.
    assert_eq!(copy(FakeVolume::wine, "read"), 6);
}

#[test]
fn a_copy_that_can_share_nothing_reads_and_writes() {
    for code in [Code::INVALID_FUNCTION, Code::NOT_SUPPORTED, Code::BLOCK_TOO_MANY_REFERENCES] {
        let (fake, scene) = on_drive(FakeVolume::refs);
        let source = scene.stage("from", &[7; 10_000]);
        let target = scene.staging.create_file("to").unwrap();
        fake.fail("clone", "to", 0, code);
        target.copy_from(&source, 10_000).unwrap();
        assert_eq!(target.read_at(0, 20_000).unwrap(), [7; 10_000], "{code}");
    }
}
