//! Accounts on file servers, and how safe a share is.

use super::{D, SHARE};
use crate::{
    Class, Credentials, FileSystem, Options, Result,
    win32::{
        Api, Code, Ntfs, RemoteProtocol,
        fake::{Fake, FakeVolume},
        smb::Connection,
    },
};

const ROOT: &str = r"\\srv\share\images";

fn machine() -> Fake {
    let fake = Fake::with(FakeVolume::share(SHARE, 2));
    fake.change(SHARE, |volume| volume.account = Some((r"CORP\casement", "hush")));
    fake
}

fn open(fake: &Fake, username: &str, password: &str) -> Result<Ntfs<Fake>> {
    let credentials = Credentials { username: username.into(), password: password.into() };
    let fs = Ntfs::on(fake.clone(), &Options { credentials: Some(credentials), ..Options::default() });
    fs.open(ROOT).map(|_| fs)
}

#[test]
fn the_server_is_shown_the_account_of_the_store_once() {
    let fake = machine();
    let fs = open(&fake, r"CORP\casement", "hush").unwrap();
    fs.open(ROOT).unwrap();
    assert_eq!(fake.called("connect"), 1);
    assert!(!fake.calls().concat().contains("hush") && !format!("{:?}", fs.credentials).contains("hush"));
}

#[test]
fn a_wrong_password_is_told_without_it() {
    let error = open(&machine(), r"CORP\casement", "hashed").unwrap_err();
    assert_eq!(error.class(), Class::Login);
    let message = error.to_string();
    assert!(message.contains(r"`\\srv\share`") && message.contains(r"CORP\casement"), "{message}");
    assert!(message.contains("username and password") && !message.contains("hashed"), "{message}");
}

#[test]
fn another_account_on_the_same_server_is_explained() {
    let fake = machine();
    fake.add(FakeVolume::share(r"\\?\UNC\srv\other", 3));
    fake.connect(r"\\srv\other", r"CORP\somebody", "x").unwrap();
    let error = open(&fake, r"CORP\casement", "hush").unwrap_err();
    assert_eq!(error.class(), Class::Denied);
    assert!(error.message().contains(r"net use \\srv /delete"), "{error}");
}

#[test]
fn a_connection_that_a_killed_process_left_is_replaced() {
    let fake = machine();
    fake.change(SHARE, |volume| volume.account = None);
    fake.connect(r"\\srv\share", r"CORP\before", "x").unwrap();
    fake.change(SHARE, |volume| volume.account = Some((r"CORP\casement", "hush")));
    open(&fake, r"CORP\casement", "hush").unwrap();
}

#[test]
fn a_server_that_forgot_the_account_is_told_it_again() {
    let fake = machine();
    let fs = open(&fake, r"CORP\casement", "hush").unwrap();
    fake.cut(SHARE, Code::BAD_NETPATH);
    assert_eq!(fs.open(ROOT).unwrap_err().class(), Class::Lost);
    fake.mend(SHARE);
    fake.disconnect(r"\\srv\share").unwrap();
    fs.open(ROOT).unwrap();
}

fn connection(change: impl FnOnce(&mut RemoteProtocol)) -> Connection {
    let mut protocol = FakeVolume::share(SHARE, 2).protocol.unwrap();
    change(&mut protocol);
    let fake = Fake::with(FakeVolume { protocol: Some(protocol), ..FakeVolume::share(SHARE, 2) });
    let file = fake.hold(&format!(r"{SHARE}\images"), 7);
    Connection::of(&fake, &file).unwrap().unwrap()
}

#[test]
fn a_scale_out_share_with_encryption_is_no_reason_to_warn() {
    let good = connection(|_| {});
    assert_eq!(good.warnings(), Vec::<&str>::new());
    assert_eq!(good.to_string(), "SMB 3.1.1, encrypted, not signed, persistent handles, continuously available");
}

#[test]
fn a_share_that_does_not_survive_its_server_or_can_be_changed_on_the_way_is_warned_of() {
    let plain = connection(|protocol| (protocol.flags, protocol.share_capabilities, protocol.share_flags) = (0, 0, 0));
    let warnings = plain.warnings().join(" ");
    assert!(warnings.contains("-ContinuouslyAvailable") && warnings.contains("-EncryptData"), "{warnings}");
    let signed = connection(|protocol| (protocol.flags, protocol.share_flags) = (0x10, 0));
    assert_eq!(signed.warnings(), Vec::<&str>::new());
    // What stands there on Windows 8 are flags of caching.
    let old = connection(|protocol| (protocol.version, protocol.flags) = (2, 0));
    assert!(old.warnings().concat().contains("-EncryptData"));
    let loopback = connection(|protocol| (protocol.flags, protocol.share_flags) = (0x01, 0));
    assert_eq!(loopback.warnings(), Vec::<&str>::new());
    // WebDAV, NFS: nothing is known of them.
    assert_eq!(connection(|protocol| protocol.protocol = 0x2E_0000).warnings(), Vec::<&str>::new());
}

#[test]
fn a_local_volume_is_on_no_server() {
    let fake = Fake::with(FakeVolume::ntfs(D, 2));
    assert_eq!(Connection::of(&fake, &fake.hold(r"\\?\D:\images", 7)).unwrap(), None);
}
