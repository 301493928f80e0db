//! A mount whose server never answers: what NFS is when its server is gone. Here it is a FUSE file system that nobody
//! serves, so that whatever touches it waits until it is taken away.

use crate::assert_serves_on;
use casement_tests::{Client, Gateway, eventually, skip};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// More than a store may have of calls at once.
const CALLERS: usize = 12;
const LIMITS: &str = "ride_out_seconds = 0\n[stores.far.limits]\nopen_seconds = 1\ncall_seconds = 1\nchunk_seconds = 1\n\
                      tries = 1\nconcurrency = 4\nbreaker_pause_seconds = 1";

struct HungMount {
    at: PathBuf,
    _device: File,
}

impl HungMount {
    /// `None`, and a line that says why, where that can't be had.
    fn over(at: &Path, test: &str) -> Option<Self> {
        let Ok(device) = File::options().read(true).write(true).open("/dev/fuse") else {
            skip(test, "there is no FUSE, or it is for root only");
            return None;
        };
        let mut mount = Command::new("mount");
        // mount.fuse, where it is installed, would look for a program of that name.
        mount.args(["-i", "-t", "fuse", "-o", "fd=0,rootmode=40000,user_id=0,group_id=0", "casement-hung"]).arg(at);
        let mounted = mount.stdin(Stdio::from(device.try_clone().unwrap())).output().unwrap();
        if !mounted.status.success() {
            skip(test, &format!("FUSE can't be mounted: {}", String::from_utf8_lossy(&mounted.stderr).trim()));
            return None;
        }
        Some(Self { at: at.to_owned(), _device: device })
    }
}

impl Drop for HungMount {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").args(["-f", "-l"]).arg(&self.at).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || thread::panicking());
    }
}

/// A gateway with a good store and one in `<folder>/mount/images`.
fn gateway(folder: &TempDir) -> (Gateway, PathBuf) {
    let mount = folder.path().join("mount");
    let gateway = Gateway::builder()
        .filesystem("near", None, "default = true")
        .filesystem("far", Some(&mount.join("images")), LIMITS)
        .start();
    (gateway, mount)
}

fn create_in(member: &Client, store: &str) -> String {
    let id = member.create_raw(store);
    member.data_request(&id).header("x-image-meta-store", store).body(b"0123456789").expect(204);
    id
}

fn assert_serves_soon(gateway: &Gateway, image: &str) {
    eventually("the store serves again", || match gateway.member().download(image) {
        answer if answer.status == 200 => Ok(()),
        answer => Err(format!("{answer:?}")),
    });
    create_in(&gateway.member(), "far");
    assert_serves_on(gateway);
}

#[test]
fn a_mount_that_hangs_takes_no_other_store_with_it_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let (gateway, mount) = gateway(&folder);
    let member = gateway.member();
    let (near, far) = (create_in(&member, "near"), create_in(&member, "far"));
    let Some(hung) = HungMount::over(&mount, "bad_input::hung_mount") else {
        return;
    };
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                let answer = gateway.member().with_deadline(Duration::from_secs(30)).download(&far);
                assert_eq!(answer.status, 503, "{answer:?}");
                assert!(answer.header("Retry-After").is_some(), "{answer:?}");
            });
        }
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(3) {
            let quick = gateway.member().with_deadline(Duration::from_secs(5));
            assert_eq!(quick.download(&near).expect(200).body, b"0123456789");
            create_in(&quick, "near");
        }
    });
    drop(hung);
    assert_serves_soon(&gateway, &far);
}

#[test]
fn a_store_on_a_mount_that_hangs_at_the_start_is_opened_when_it_answers() {
    let folder = tempfile::tempdir().unwrap();
    let (gateway, mount) = gateway(&folder);
    let far = create_in(&gateway.member(), "far");
    let site = gateway.kill();
    let Some(hung) = HungMount::over(&mount, "bad_input::hung_mount_at_the_start") else {
        return;
    };
    let gateway = Gateway::start(site);
    create_in(&gateway.member(), "near");
    let answer = gateway.member().download(&far);
    assert_eq!(answer.status, 503, "{answer:?}");
    drop(hung);
    assert_serves_soon(&gateway, &far);
    assert!(fs::read_dir(&mount).unwrap().count() > 0);
}
