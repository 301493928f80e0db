//! Disks that fill up and folders that go away.

use crate::{assert_serves_on, assert_uploads_now};
use casement_tests::{Gateway, Kept, Pattern, eventually, eventually_true, skip};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};
use tempfile::TempDir;

const MIB: u64 = 1 << 20;

/// A file system of 16 MiB, there as long as this value.
pub(crate) struct SmallDisk(TempDir);

impl SmallDisk {
    pub(crate) fn mount(test: &str) -> Option<Self> {
        let folder = TempDir::with_prefix("casement-test-disk-").unwrap();
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", "size=16m", "casement-test"]).arg(folder.path()).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        skip(test, "a file system can be mounted by root only");
        None
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes every byte that is left, until [`SmallDisk::make_room`].
    pub(crate) fn fill(&self) {
        let mut file = fs::File::create(self.filler()).unwrap();
        while file.write_all(&[1; 4096]).is_ok() {}
    }

    pub(crate) fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Wine's server has the files of a gateway that was killed open a little longer.
        let unmounted = Command::new("umount").arg("--lazy").arg(self.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

#[test]
fn a_disk_that_fills_up_in_mid_upload_takes_nothing() {
    let Some(disk) = SmallDisk::mount("bad_input::full_disk") else {
        return;
    };
    let gateway = Gateway::builder().filesystem("local", Some(disk.path()), "default = true").start();
    let data = Pattern::new(1, 32 * MIB);
    let kept = gateway.member().create_active("kept", b"0123456789");

    let known = gateway.member().create_raw("length known");
    let mut raw = gateway.raw();
    raw.begin_upload(&known, data.len(), &[]);
    raw.try_send(&data.bytes()).ok();
    raw.answer().unwrap().expect(413);
    assert_uploads_now(&gateway, &known);

    let unknown = gateway.member().create_raw("length unknown");
    let mut raw = gateway.raw();
    let headers = ["Content-Type: application/octet-stream", "Transfer-Encoding: chunked"];
    let head = raw.head("PUT", &format!("/v2/images/{unknown}/file"), &headers);
    raw.send(&head);
    raw.try_send(format!("{:x}\r\n", data.len()).as_bytes()).ok();
    raw.try_send(&data.bytes()).ok();
    raw.answer().unwrap().expect(413);
    assert_uploads_now(&gateway, &unknown);
    assert_eq!(gateway.member().download(&kept).expect(200).body, b"0123456789");
    drop(gateway);
}

#[test]
fn a_full_disk_under_the_catalog_fails_what_would_change_it_and_loses_nothing() {
    let Some(disk) = SmallDisk::mount("bad_input::full_disk_under_the_catalog") else {
        return;
    };
    let builder = Gateway::builder().filesystem("local", None, "default = true");
    let [usual, small] = [builder.folder(), disk.path()].map(|folder| builder.path(&folder.join("catalog.sqlite")));
    let text = builder.config().replace(&usual, &small);
    let gateway = Gateway::start(Arc::new(builder.site(&text)));
    let member = gateway.member();
    let kept = member.create_active("kept", b"0123456789");
    let [under_way, queued] = ["under way", "queued"].map(|name| member.create_raw(name));
    let data = Pattern::new(1, 4 * MIB).bytes();
    let mut raw = gateway.raw();
    raw.begin_upload(&under_way, data.len() as u64, &[]);
    raw.send(&data[..data.len() / 2]);
    eventually_true("the upload has begun", || member.status(&under_way) == "saving");

    disk.fill();
    raw.try_send(&data[data.len() / 2..]).ok();
    raw.answer().unwrap().expect(503);
    member.upload(&queued, b"abc").expect(503);
    member.delete(&format!("/v2/images/{kept}")).expect(503);
    assert_eq!(member.download(&kept).expect(200).body, b"0123456789");

    disk.make_room();
    member.upload(&queued, b"0123456789").expect(204);
    // It waits for maintenance, or for the next start.
    let gateway = gateway.crash_and_restart();
    assert_uploads_now(&gateway, &under_way);
    for id in [&kept, &queued] {
        assert_eq!(gateway.member().download(id).expect(200).body, b"0123456789");
    }
}

#[test]
fn a_store_may_lose_its_folder_and_get_it_back() {
    let gateway = Gateway::builder()
        .filesystem("local", None, "default = true\n[stores.local.limits]\ntries = 1\nbreaker_pause_seconds = 1")
        .start();
    let member = gateway.member();
    let kept = member.create_active("kept", b"0123456789");
    let id = member.create_raw("n");
    let root = gateway.folder("local").root().to_path_buf();
    let away = root.with_extension("away");

    fs::rename(&root, &away).unwrap();
    for _ in 0..3 {
        let answer = member.upload(&id, b"abc");
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(!root.exists(), "data must not go to a folder where the share was");
    }
    fs::create_dir(&root).unwrap();
    let answer = member.upload(&id, b"abc");
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0, "an empty folder in its place is not the share");
    fs::remove_dir(&root).unwrap();
    let answer = member.download(&kept);
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(member.status(&id), "queued");
    assert_eq!(member.status(&kept), "active");

    fs::rename(&away, &root).unwrap();
    eventually("the store takes data again", || match member.upload(&id, b"abc") {
        answer if answer.status == 204 => Ok(()),
        answer => Err(format!("{answer:?}")),
    });
    assert_eq!(member.download(&kept).expect(200).body, b"0123456789");
    assert_serves_on(&gateway);
}

#[test]
fn a_folder_that_is_lost_in_mid_upload_fails_the_upload() {
    // Wine does it.
    if cfg!(windows) {
        return skip("bad_input::lost_folder", "Windows renames no folder in which a file is open");
    }
    let gateway = Gateway::builder()
        .filesystem("local", None, "default = true\n[stores.local.limits]\ntries = 1\nbreaker_pause_seconds = 1")
        .start();
    let member = gateway.member();
    let id = member.create_raw("n");
    let data = Pattern::new(1, 8 * MIB).bytes();
    let store = gateway.folder("local").clone();
    let mut raw = gateway.raw();
    raw.begin_upload(&id, data.len() as u64, &[]);
    raw.send(&data[..data.len() / 2]);
    eventually("something is staged", || if store.staged().is_empty() { Err("nothing".into()) } else { Ok(()) });
    let away = store.root().with_extension("away");
    fs::rename(store.root(), &away).unwrap();
    raw.try_send(&data[data.len() / 2..]).ok();
    let answer = raw.answer().unwrap();
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(member.status(&id), "queued");
    assert!(!store.object(&id).exists());

    fs::rename(&away, store.root()).unwrap();
    eventually("the store takes data again", || match member.upload(&id, b"0123456789") {
        answer if answer.status == 204 => Ok(()),
        answer => Err(format!("{answer:?}")),
    });
    assert_serves_on(&gateway);
}

#[test]
fn a_store_on_cluster_shared_volumes_says_that_there_is_no_cluster_and_hinders_no_other() {
    let gateway = Gateway::builder()
        .plugin("path = \"casement_csv\"")
        .filesystem("local", None, "default = true")
        .store(
            "cluster",
            "plugin = \"csv\"\nvolumes = [\"Volume1\", { name = 'C:\\ClusterStorage\\Volume2', weight = 2 }]",
        )
        .start();
    let listed = gateway.member().get("/v2/info/stores").expect(200).json();
    let cluster = listed["stores"].as_array().unwrap().iter().find(|store| store["id"] == "cluster").unwrap();
    let reason = cluster["unavailable"].as_str().unwrap_or_default().to_lowercase();
    assert!(reason.contains("cluster shared volumes"), "{listed:#}");
    gateway.member().create_active("kept", b"0123456789");
}
