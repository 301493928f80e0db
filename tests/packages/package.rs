//! The Debian package: what is in it, and that it runs from where it is unpacked.

use crate::run;
use casement_tests::{Builder, Gateway, deb, have_tool, skip};
use std::{
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// The package; nothing, and a word about the test, when there is none.
pub(crate) fn package(test: &str) -> Option<PathBuf> {
    let package = deb();
    if package.is_none() {
        skip(&format!("packages::{test}"), "CASEMENT_DEB names no Debian package");
    }
    package
}

fn unpacked(package: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    run(Command::new("dpkg-deb").arg("--extract").arg(package).arg(folder.path()));
    folder
}

/// A service with the program and the plugins of the package.
pub(crate) fn of_package(prefix: &Path) -> Builder {
    Gateway::builder().installed(prefix).filesystem("local", None, "default = true")
}

/// `casement check` of the configuration that comes with the package, in a folder where nothing of it is at its place.
pub(crate) fn check_what_comes(root: &Path) -> String {
    let at = |path: &str| root.join(path).display().to_string();
    for folder in ["var/lib/casement/images", "etc/casement/secrets"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    std::fs::write(root.join("etc/casement/secrets/keystone"), "no-real-secret\n").unwrap();
    let mut check = Command::new(root.join("usr/bin/casement"));
    check.args(["check", "--tolerate-temporary", "--config"]).arg(root.join("etc/casement/casement.toml"));
    check.env("CASEMENT__PLUGIN_DIRS", format!("[\"{}\"]", at("usr/lib/casement/plugins")));
    check.env("CASEMENT__CATALOG__PATH", at("var/lib/casement/catalog.sqlite"));
    check.env("CASEMENT__STORES__LOCAL__ROOT", at("var/lib/casement/images"));
    // Nobody answers there, and that at once.
    check.env("CASEMENT__IDENTITY__KEYSTONE__AUTH_URL", "http://127.0.0.1:9/v3");
    run(&mut check)
}

#[test]
fn everything_is_where_debian_wants_it_and_roots() {
    let Some(package) = package("everything_is_where_debian_wants_it") else { return };
    let listed = run(Command::new("dpkg-deb").arg("--contents").arg(&package));
    for (line, path) in [
        ("-rwxr-xr-x root/root", "./usr/bin/casement"),
        ("-rwxr-xr-x root/root", "./usr/bin/casement-conformance"),
        ("-rw-r--r-- root/root", "./usr/lib/casement/plugins/casement_filesystem.so"),
        ("-rw-r--r-- root/root", "./usr/lib/casement/plugins/casement_s3.so"),
        ("-rw-r--r-- root/root", "./etc/casement/casement.toml"),
        ("-rw-r--r-- root/root", "./usr/lib/systemd/system/casement.service"),
        ("-rw-r--r-- root/root", "./usr/lib/sysusers.d/casement.conf"),
        ("-rw-r--r-- root/root", "./usr/share/man/man1/casement.1.gz"),
        ("-rw-r--r-- root/root", "./usr/share/man/man1/casement-store-check.1.gz"),
        ("-rw-r--r-- root/root", "./usr/share/bash-completion/completions/casement"),
        ("-rw-r--r-- root/root", "./usr/share/doc/casement/copyright"),
        ("-rw-r--r-- root/root", "./usr/share/doc/casement/changelog.Debian.gz"),
    ] {
        let found = listed.lines().find(|line| line.ends_with(&format!(" {path}")));
        assert!(found.is_some_and(|found| found.starts_with(line)), "{line} {path}\n{listed}");
    }
    for entry in listed.lines() {
        assert!(entry.contains(" root/root ") && !entry.contains("drwxrwx"), "{entry}");
    }
    let conffiles = run(Command::new("dpkg-deb").arg("--info").arg(&package).arg("conffiles"));
    assert_eq!(conffiles, "/etc/casement/casement.toml\n");
    let depends = run(Command::new("dpkg-deb").arg("--field").arg(&package).arg("Depends"));
    assert!(depends.contains("libc6 (>= 2.") && !depends.contains("2.0)"), "{depends}");
}

#[test]
fn lintian_finds_no_error() {
    let Some(package) = package("lintian_finds_no_error") else { return };
    if !have_tool("lintian") {
        return skip("packages::lintian_finds_no_error", "lintian is not installed");
    }
    // A package for tests alone is packed without compression.
    let quick = "--suppress-tags=uses-no-compression-for-control-tarball,uses-no-compression-for-data-tarball";
    run(Command::new("lintian").args(["--fail-on=error", quick]).arg(&package));
}

#[test]
fn what_is_unpacked_takes_the_configuration_that_comes_with_it() {
    let Some(package) = package("what_is_unpacked_takes_the_configuration") else { return };
    let folder = unpacked(&package);
    let report = check_what_comes(folder.path());
    assert!(report.contains("ok       store          local"), "{report}");
    assert!(report.contains("warning  identity") && report.contains("Keystone cannot be reached"), "{report}");
}

#[test]
fn what_is_unpacked_finds_its_plugins_and_keeps_an_image() {
    let Some(package) = package("what_is_unpacked_finds_its_plugins") else { return };
    let folder = unpacked(&package);
    let gateway = of_package(&folder.path().join("usr")).start();
    let id = gateway.member().create_active("kept", b"0123456789");
    assert_eq!(gateway.member().download(&id).expect(200).body, b"0123456789");
    let (code, _) = gateway.terminate();
    assert_eq!(code, Some(0));
}
