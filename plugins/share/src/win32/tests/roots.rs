//! What can be a root.

use super::{C, D, ntfs};
use crate::{
    Class, Dir, FileSystem, Options, RootOptions,
    win32::{
        Ntfs,
        constants::FILE_READ_ONLY_VOLUME,
        fake::{Fake, FakeVolume},
    },
};

fn refusal(fs: &Ntfs<Fake>, root: &str) -> (Class, String) {
    let error = fs.open(root).unwrap_err();
    (error.class(), error.to_string())
}

#[test]
fn a_file_is_no_root_and_a_missing_one_is_told() {
    let fake = Fake::with(FakeVolume::ntfs(D, 2));
    fake.put(r"\\?\D:\file", b"");
    let fs = ntfs(&fake);
    assert_eq!(refusal(&fs, r"D:\file").0, Class::NotADirectory);
    assert_eq!(refusal(&fs, r"D:\none").0, Class::NotFound);
    assert_eq!(refusal(&fs, r"D:\none\deeper").0, Class::NotFound);
    assert_eq!(refusal(&fs, r"X:\images").0, Class::NotFound);
    assert_eq!(refusal(&fs, r"\\none\share").0, Class::Lost);
}

#[test]
fn fat_is_refused_with_what_to_use() {
    let fs = ntfs(&Fake::with(FakeVolume::fat32(D, 2)));
    let (class, message) = refusal(&fs, r"D:\images");
    assert_eq!(class, Class::Config);
    assert!(message.contains("FAT32") && message.contains("4 GiB") && message.contains("NTFS"), "{message}");
}

#[test]
fn a_read_only_volume_is_seen_and_takes_no_writes() {
    let fake = Fake::with(FakeVolume::ntfs(D, 2));
    fake.change(D, |volume| volume.flags |= FILE_READ_ONLY_VOLUME);
    let root = ntfs(&fake).open(r"D:\images").unwrap();
    assert!(root.space().unwrap().read_only);
    assert_eq!(root.create_file("id").unwrap_err().class(), Class::ReadOnly);
}

#[test]
fn the_system_s_own_volume_is_no_mount_and_another_is() {
    let fake = Fake::with(FakeVolume::ntfs(D, 2));
    fake.add(FakeVolume::ntfs(r"\\?\C:\ClusterStorage\Volume1\", 3));
    fake.add(FakeVolume::share(r"\\?\UNC\srv\share", 4));
    let fs = ntfs(&fake);
    assert!(!fs.open(r"C:\").unwrap().is_mounted().unwrap());
    assert!(fs.open(r"D:\images").unwrap().is_mounted().unwrap());
    let share = fs.open(r"\\srv\share").unwrap();
    assert!(share.is_mounted().unwrap() && share.is_remote());
    assert!(!fs.open(r"D:\images").unwrap().is_remote());
}

#[test]
fn a_volume_is_known_again_and_another_under_the_same_root_is_not() {
    let fake = Fake::with(FakeVolume::ntfs(D, 2));
    let fs = ntfs(&fake);
    let first = fs.open(r"D:\images").unwrap().volume().unwrap();
    assert_eq!(fs.open(r"d:/images").unwrap().volume().unwrap(), first);
    assert_eq!(fake.called("volume-information"), 1);
    fake.change(D, |volume| volume.serial = 9);
    assert_ne!(fs.open(r"D:\images").unwrap().volume().unwrap(), first);
    // One serial number on two servers means nothing.
    fake.add(FakeVolume::share(r"\\?\UNC\srv\share", 9));
    assert_ne!(fs.open(r"\\srv\share").unwrap().volume().unwrap(), fs.open(r"D:\images").unwrap().volume().unwrap());
}

#[test]
fn new_files_inherit_their_access_control_or_get_the_one_that_is_configured() {
    let fake = Fake::with(FakeVolume::ntfs(D, 2));
    drop(ntfs(&fake).open(r"D:\images").unwrap().create_file("plain").unwrap());
    assert_eq!(fake.sddl(r"\\?\D:\images\plain"), None);
    let sddl = "D:PAI(A;;FA;;;SY)";
    let options = Options { sddl: Some(sddl.into()), ..Options::default() };
    drop(Ntfs::on(fake.clone(), &options).open(r"D:\images").unwrap().create_file("own").unwrap());
    assert_eq!(fake.sddl(r"\\?\D:\images\own").as_deref(), Some(sddl));
}

#[test]
fn keys_that_would_do_nothing_are_refused_by_name() {
    let fs = ntfs(&Fake::with(FakeVolume::ntfs(D, 2)));
    let refused = |options: Options| fs.check(&options).unwrap_err().to_string();
    assert!(refused(Options { file_mode: Some("0640".into()), ..Options::default() }).contains("file_mode"));
    let sddl = Options { sddl: Some("everyone".into()), ..Options::default() };
    assert!(refused(sddl).contains("sddl = 'everyone'"));
    let account = crate::Credentials { username: "CORP\\casement".into(), password: "hush".into() };
    let roots = vec![RootOptions { path: r"D:\images".into(), weight: 0 }];
    let message = refused(Options { roots, credentials: Some(account), ..Options::default() });
    assert!(message.contains(r"`D:\images`") && message.contains("username") && !message.contains("hush"));
    let good = Options { sddl: Some("D:P(A;;FA;;;BA)".into()), ..Options::default() };
    fs.check(&good).unwrap();
}

#[test]
fn a_location_is_written_by_the_standard_and_read_in_older_spellings() {
    let fs = ntfs(&Fake::with(FakeVolume::ntfs(C, 2)));
    let roots = [r"C:\images\50% off", r"\\srv\share\images"];
    let written = |root, key| crate::location::format(&fs, root, key).unwrap();
    assert_eq!(written(r"C:\images", "id"), "file:///C:/images/id");
    assert_eq!(written(roots[0], "id"), "file:///C:/images/50%25%20off/id");
    assert_eq!(written(roots[1], "id"), "file://srv/share/images/id");
    let read = |uri: &str| crate::location::parse(&fs, &roots, uri).map_err(|error| error.class());
    for uri in [
        "file:///C:/images/50%25%20off/id",
        r"file://C:\images\50% off\id",
        "file:///c|/IMAGES/50%25%20OFF/id",
        r"filesystem:///C:\images\50% off\id",
    ] {
        assert_eq!(read(uri), Ok("id".into()), "{uri}");
    }
    for uri in ["file://SRV/Share/images/id", r"file://\\srv\share\images\id", "file:////srv/share/images/id"] {
        assert_eq!(read(uri), Ok("id".into()), "{uri}");
    }
    for uri in ["file:///C:/images/id", "file:///C:/images/50%25%20off/../id", "file://other/share/images/id"] {
        assert_eq!(read(uri), Err(Class::NotFound), "{uri}");
    }
    for key in ["CON", "a.", "a:b", "nul.txt"] {
        assert_eq!(read(&format!("file://srv/share/images/{key}")), Err(Class::NotFound), "{key}");
    }
}
