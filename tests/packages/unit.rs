//! systemd's own judgement of the units.

use crate::{root, run};
use casement_tests::{have_tool, skip};
use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};
use tempfile::TempDir;

/// A root folder with the units and the program that they name; nothing when systemd's tool is not there.
fn installed(test: &str) -> Option<TempDir> {
    if !have_tool("systemd-analyze") {
        skip(&format!("packages::{test}"), "systemd-analyze is not installed");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let units = folder.path().join("usr/lib/systemd/system");
    fs::create_dir_all(&units).unwrap();
    for unit in ["casement.service", "casement.socket"] {
        fs::copy(root().join("configs/systemd").join(unit), units.join(unit)).unwrap();
    }
    let program = folder.path().join("usr/bin/casement");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    fs::write(&program, "").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    Some(folder)
}

fn verify(folder: &Path) -> Command {
    let mut command = Command::new("systemd-analyze");
    // Units that others bring are not in that folder.
    command.args(["verify", "--man=no", "--recursive-errors=no", "--root"]).arg(folder);
    command.args(["casement.service", "casement.socket"]);
    command
}

#[test]
fn systemd_understands_every_line_of_the_units() {
    let Some(folder) = installed("systemd_understands_every_line_of_the_units") else { return };
    assert_eq!(run(&mut verify(folder.path())), "");
    // It would have said so.
    let unit = folder.path().join("usr/lib/systemd/system/casement.service");
    let wrong = fs::read_to_string(&unit).unwrap().replace("ProtectHome=", "ProtectHomes=");
    fs::write(&unit, wrong).unwrap();
    let output = verify(folder.path()).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("ProtectHomes"), "{output:?}");
}

#[test]
fn the_service_is_exposed_to_little() {
    let Some(folder) = installed("the_service_is_exposed_to_little") else { return };
    let mut command = Command::new("systemd-analyze");
    // In tenths; what is above is left out on purpose: it talks to the network, and it has no root folder of its own.
    command.args(["security", "--no-pager", "--offline=true", "--threshold=13", "--root"]).arg(folder.path());
    run(command.arg("casement.service"));
}
