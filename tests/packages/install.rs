//! dpkg installs, upgrades, removes and purges the package, in a root folder of the test's own.

use crate::{
    package::{check_what_comes, of_package, package},
    run,
};
use casement_tests::{have_tool, skip};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// A root folder for dpkg; nothing where it cannot have one.
fn system(test: &str) -> Option<TempDir> {
    let name = format!("packages::{test}");
    if !rustix::process::geteuid().is_root() {
        skip(&name, "dpkg gives files their owners, which takes root");
        return None;
    }
    if let Some(missing) =
        ["dpkg", "systemd-sysusers", "systemd-tmpfiles", "deb-systemd-helper"].iter().find(|tool| !have_tool(tool))
    {
        skip(&name, &format!("{missing} is not installed"));
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    for part in ["var/lib/dpkg/info", "var/lib/dpkg/updates", "var/log", "etc"] {
        fs::create_dir_all(folder.path().join(part)).unwrap();
    }
    fs::write(folder.path().join("var/lib/dpkg/status"), "").unwrap();
    Some(folder)
}

/// Scripts run with the programs of this system, on that folder (`DPKG_ROOT`); what the package depends on is not in it.
fn dpkg(root: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("dpkg");
    command.arg("--root").arg(root).args(["--force-depends", "--force-script-chrootless", "--force-confold"]);
    run(command.args(arguments))
}

/// The same package, as a later one.
fn later(package: &Path, folder: &Path) -> PathBuf {
    let (tree, later) = (folder.join("tree"), folder.join("later.deb"));
    run(Command::new("dpkg-deb").arg("--raw-extract").arg(package).arg(&tree));
    let control = tree.join("DEBIAN/control");
    let text = fs::read_to_string(&control).unwrap();
    let newer: String = text
        .lines()
        .map(|line| if line.starts_with("Version: ") { "Version: 99.0-1\n".to_owned() } else { format!("{line}\n") })
        .collect();
    fs::write(&control, newer).unwrap();
    run(Command::new("dpkg-deb").args(["--root-owner-group", "-Znone", "--build"]).arg(&tree).arg(&later));
    later
}

fn owner(path: &Path) -> String {
    run(Command::new("stat").arg("--format=%a %u %g").arg(path)).trim().to_owned()
}

#[test]
fn the_package_is_installed_upgraded_removed_and_purged() {
    let Some(package) = package("the_package_is_installed") else { return };
    let Some(folder) = system("the_package_is_installed") else { return };
    let root = folder.path();
    let text = dpkg(root, &["--install", package.to_str().unwrap()]);
    assert!(text.contains("see to /etc/casement/casement.toml"), "{text}");

    let passwd = fs::read_to_string(root.join("etc/passwd")).unwrap();
    let user = passwd.lines().find(|line| line.starts_with("casement:")).unwrap();
    let [_, _, uid, gid, ..] = user.split(':').collect::<Vec<_>>()[..] else { panic!("{user}") };
    assert!(user.ends_with(":/usr/sbin/nologin"), "{user}");
    assert_eq!(owner(&root.join("etc/casement/secrets")), format!("2750 0 {gid}"));
    assert_eq!(owner(&root.join("var/lib/casement/images")), format!("750 {uid} {gid}"));
    assert!(root.join("etc/systemd/system/multi-user.target.wants/casement.service").is_symlink());
    assert!(check_what_comes(root).contains("ok       store          local"));

    // It runs, and what the operator has said stays through an upgrade.
    let gateway = of_package(&root.join("usr")).start();
    let id = gateway.member().create_active("kept", b"0123456789");
    let config = root.join("etc/casement/casement.toml");
    let changed = fs::read_to_string(&config).unwrap().replace("127.0.0.1:9292", "0.0.0.0:9292");
    fs::write(&config, &changed).unwrap();
    let image = root.join("var/lib/casement/images/an-image");
    fs::write(&image, "data").unwrap();
    let newer = tempfile::tempdir().unwrap();
    dpkg(root, &["--install", later(&package, newer.path()).to_str().unwrap()]);
    assert_eq!(fs::read_to_string(&config).unwrap(), changed);
    assert_eq!(fs::read_to_string(root.join("etc/casement/secrets/keystone")).unwrap(), "no-real-secret\n");
    // Its program and its plugins were replaced under it.
    assert_eq!(gateway.member().download(&id).expect(200).body, b"0123456789");
    let (code, site) = gateway.terminate();
    assert_eq!(code, Some(0));
    let gateway = casement_tests::Gateway::start(site);
    assert_eq!(gateway.member().download(&id).expect(200).body, b"0123456789");
    drop(gateway);

    dpkg(root, &["--remove", "casement"]);
    assert!(!root.join("usr/bin/casement").exists());
    assert!(config.is_file() && image.is_file());
    let text = dpkg(root, &["--purge", "casement"]);
    assert!(text.contains("/var/lib/casement stays"), "{text}");
    assert!(!root.join("etc/casement").exists() && !root.join("var/lib/casement/plugin-shadow").exists());
    assert!(image.is_file() && root.join("var/lib/casement/catalog.sqlite").is_file());
    assert!(!root.join("etc/systemd/system/multi-user.target.wants/casement.service").is_symlink());
}

#[test]
fn nothing_is_left_of_a_package_that_was_never_used() {
    let Some(package) = package("nothing_is_left_of_a_package") else { return };
    let Some(folder) = system("nothing_is_left_of_a_package") else { return };
    dpkg(folder.path(), &["--install", package.to_str().unwrap()]);
    dpkg(folder.path(), &["--purge", "casement"]);
    for path in ["etc/casement", "var/lib/casement", "usr/lib/casement", "usr/share/doc/casement"] {
        assert!(!folder.path().join(path).exists(), "{path}");
    }
}
