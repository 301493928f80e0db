//! The store on Windows' file systems, with losses in the middle of what it does.

use super::{D, SHARE};
use crate::{
    Options, RootOptions, Store,
    testing::{self, get, put},
    win32::{
        Code, Ntfs,
        constants::FILE_SHARE_READ,
        fake::{Accident, Fake, FakeVolume},
    },
};
use casement_sdk::{Kind, Range, WriteOptions, blocking::*};
use std::time::Duration;

type Tested = Store<testing::Bare<Ntfs<Fake>>>;

fn store(fake: &Fake, root: &str) -> Tested {
    let roots = vec![RootOptions { path: root.into(), weight: 0 }];
    let options = Options { roots, ride_out: Duration::from_secs(60), ..testing::options(&[]) };
    testing::store(Ntfs::on(fake.clone(), &options), options).unwrap()
}

fn on_share() -> (Fake, Tested) {
    let fake = Fake::with(FakeVolume::share(SHARE, 2));
    let store = store(&fake, r"\\srv\share\images");
    (fake, store)
}

fn files(fake: &Fake) -> Vec<String> {
    let mut paths = fake.paths();
    paths.retain(|path| !path.rsplit('\\').next().is_some_and(|name| name.starts_with(".casement-")));
    paths.retain(|path| !path.ends_with('\\') && !path.ends_with("images") && !path.ends_with("share"));
    paths
}

#[test]
fn images_come_and_go_on_every_volume() {
    for volume in [FakeVolume::ntfs, FakeVolume::refs, FakeVolume::wine, FakeVolume::poor] {
        let fake = Fake::with(volume(D, 2));
        let store = store(&fake, r"D:\images");
        put(&store, "id", &[b"one ", b"two"]).unwrap();
        assert_eq!(get(&store, "id").unwrap(), b"one two");
        assert_eq!(put(&store, "id", &[b"other"]).unwrap_err().kind(), Kind::Exists);
        store.copy("id", "copy").unwrap();
        assert_eq!(get(&store, "copy").unwrap(), b"one two");
        assert_eq!(store.format_location("id").unwrap(), "file:///D:/images/id");
        assert_eq!(store.parse_location(r"file://D:\images\id").unwrap(), "id");
        store.delete("id").unwrap();
        store.delete("copy").unwrap();
        assert_eq!(files(&fake), Vec::<String>::new());
    }
}

#[test]
fn what_is_staged_on_a_volume_that_is_gone_is_not_taken_for_removed() {
    let fake = Fake::with(FakeVolume::ntfs(D, 2));
    let store = store(&fake, r"D:\images");
    let mut writer = store.create("id", WriteOptions { size: None, transfer: "t".into() }).unwrap();
    writer.write(b"data").unwrap();
    fake.remove(D);
    let error = writer.abort().unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable, "{error}");
}

#[test]
fn an_upload_into_a_root_that_is_gone_is_told_to_come_back() {
    let fake = Fake::with(FakeVolume::ntfs(D, 2));
    let store = store(&fake, r"D:\images");
    let mut writer = store.create("id", WriteOptions { size: None, transfer: "t".into() }).unwrap();
    fake.remove(D);
    let error = writer.write(b"data").unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable, "{error}");
}

#[test]
fn an_image_under_download_is_deleted_and_read_to_its_end() {
    for volume in [FakeVolume::ntfs, FakeVolume::wine] {
        let fake = Fake::with(volume(D, 2));
        let store = store(&fake, r"D:\images");
        put(&store, "id", &[b"data"]).unwrap();
        let mut reader = store.read("id", Range::default()).unwrap();
        store.delete("id").unwrap();
        assert_eq!(store.stat("id").unwrap_err().kind(), Kind::NotFound);
        put(&store, "id", &[b"new"]).unwrap();
        assert_eq!(&reader.next().unwrap().unwrap()[..], b"data");
    }
}

#[test]
fn a_delete_of_what_a_backup_holds_is_done_for_the_client_at_once() {
    let fake = Fake::with(FakeVolume::ntfs(D, 2));
    let store = store(&fake, r"D:\images");
    put(&store, "id", &[b"data"]).unwrap();
    let backup = fake.hold(r"\\?\D:\images\id", FILE_SHARE_READ);
    store.delete("id").unwrap();
    assert_eq!(store.stat("id").unwrap_err().kind(), Kind::NotFound);
    drop(backup);
    store.sweep().unwrap();
    assert_eq!(files(&fake), Vec::<String>::new());
}

#[test]
fn an_upload_goes_on_when_its_share_comes_back() {
    let (fake, store) = on_share();
    let mut writer = store.create("id", WriteOptions { size: None, transfer: "t".into() }).unwrap();
    writer.write(b"before ").unwrap();
    fake.cut(SHARE, Code::NETNAME_DELETED);
    fake.mend(SHARE);
    writer.write(b"after").unwrap();
    fake.cut(SHARE, Code::BAD_NETPATH);
    fake.mend(SHARE);
    writer.commit().unwrap();
    assert_eq!(get(&store, "id").unwrap(), b"before after");
}

#[test]
fn an_upload_goes_on_although_its_server_notices_the_loss_late() {
    let (fake, store) = on_share();
    let mut writer = store.create("id", WriteOptions { size: None, transfer: "t".into() }).unwrap();
    writer.write(b"before ").unwrap();
    fake.cut(SHARE, Code::NETNAME_DELETED);
    fake.notice_after(20);
    fake.mend(SHARE);
    writer.write(b"after").unwrap();
    writer.commit().unwrap();
    assert_eq!(get(&store, "id").unwrap(), b"before after");
}

#[test]
fn an_upload_whose_share_forgot_data_fails_and_leaves_nothing() {
    let (fake, store) = on_share();
    let mut writer = store.create("id", WriteOptions { size: None, transfer: "t".into() }).unwrap();
    writer.write(b"before ").unwrap();
    fake.cut(SHARE, Code::NETNAME_DELETED);
    fake.forget();
    fake.mend(SHARE);
    assert_eq!(writer.write(b"after").unwrap_err().kind(), Kind::Unavailable);
    drop(writer);
    assert_eq!(files(&fake), Vec::<String>::new());
}

#[test]
fn a_download_goes_on_when_its_share_comes_back() {
    let (fake, store) = on_share();
    let data: Vec<u8> = (0..3 << 20).map(|at| (at >> 12) as u8).collect();
    put(&store, "id", &[&data]).unwrap();
    let mut reader = store.read("id", Range::default()).unwrap();
    let mut read = reader.next().unwrap().unwrap().to_vec();
    fake.cut(SHARE, Code::UNEXP_NET_ERR);
    fake.mend(SHARE);
    while let Some(chunk) = reader.next().unwrap() {
        read.extend_from_slice(&chunk);
    }
    assert!(read == data);
}

#[test]
fn every_code_of_a_loss_is_ridden_out_at_a_write() {
    for code in [6, 53, 55, 59, 64, 67, 70, 121, 1231, 1236, 1265, 5979] {
        let (fake, store) = on_share();
        fake.fail("write", r".casement-staging\put-id", 0, Code(code));
        put(&store, "id", &[b"data"]).unwrap();
        assert_eq!(get(&store, "id").unwrap(), b"data", "{code}");
    }
}

/// Lets an accident happen at another call of `act` each time, until every one has had it.
fn at_every_call<T>(
    accident: Accident,
    prepare: impl Fn(&Tested),
    act: impl Fn(&Tested) -> casement_sdk::Result<T>,
    check: impl Fn(&Fake, &Tested, casement_sdk::Result<T>, &str),
) {
    for skip in 0.. {
        let (fake, store) = on_share();
        prepare(&store);
        let before = fake.calls().len();
        fake.happen(skip, accident);
        let result = act(&store);
        let Some(call) = fake.calls().get(before + skip).cloned() else {
            assert!(skip > 10, "hardly anything was called");
            break;
        };
        for staged in store.list_staged().unwrap() {
            store.discard(&staged.token).unwrap();
        }
        store.sweep().unwrap();
        check(&fake, &store, result, &format!("{accident:?} at {call}"));
    }
}

const LOSSES: [Accident; 2] = [Accident::LossBefore, Accident::LossAfter];

#[test]
fn an_upload_rides_out_a_loss_at_every_call_to_windows() {
    for accident in LOSSES {
        at_every_call(
            accident,
            |_| {},
            |store| put(store, "id", &[b"one ", b"two"]),
            |fake, store, result, context| {
                assert_eq!(result.unwrap_or_else(|error| panic!("{context}: {error}")).size, 7, "{context}");
                assert_eq!(get(store, "id").unwrap(), b"one two", "{context}");
                assert_eq!(files(fake), [r"\\?\UNC\srv\share\images\id"], "{context}");
            },
        );
    }
}

#[test]
fn a_delete_rides_out_a_loss_at_every_call_to_windows() {
    for accident in LOSSES {
        at_every_call(
            accident,
            |store| drop(put(store, "id", &[b"data"]).unwrap()),
            |store| store.delete("id"),
            |fake, _, result, context| {
                result.unwrap_or_else(|error| panic!("{context}: {error}"));
                assert_eq!(files(fake), Vec::<String>::new(), "{context}");
            },
        );
    }
}

#[test]
fn a_download_rides_out_a_loss_at_every_call_to_windows() {
    for accident in LOSSES {
        at_every_call(
            accident,
            |store| drop(put(store, "id", &[b"data"]).unwrap()),
            |store| get(store, "id"),
            |_, _, result, context| {
                assert_eq!(result.unwrap_or_else(|error| panic!("{context}: {error}")), b"data", "{context}");
            },
        );
    }
}

#[test]
fn an_upload_that_windows_refuses_at_any_call_is_whole_or_gone() {
    for code in [Code::DISK_FULL, Code::ACCESS_DENIED, Code::SHARING_VIOLATION, Code::IO_DEVICE] {
        at_every_call(
            Accident::Answer(code),
            |_| {},
            |store| put(store, "id", &[b"one ", b"two"]),
            |fake, store, result, context| match result {
                Ok(_) => assert_eq!(get(store, "id").unwrap(), b"one two", "{context}"),
                Err(_) => assert_eq!(files(fake), Vec::<String>::new(), "{context}"),
            },
        );
    }
}
