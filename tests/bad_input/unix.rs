//! What is wrong with a file by its mode bits.

use crate::plugin_files::{ENTRY, assert_refused, built_plugin};
use casement_tests::{Builder, Client, Gateway, Runner, eventually, run_by, skip};
use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command, sync::Arc};

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Held by mode bits, though the tests may run as root.
fn held_by_modes(command: Command) -> Command {
    const OVERRIDES: &str = "-dac_override,-dac_read_search";
    let mut held = Command::new("setpriv");
    held.args(["--bounding-set", OVERRIDES, "--inh-caps", OVERRIDES, "--"]);
    run_by(held, &command)
}

#[test]
fn a_folder_that_the_service_has_no_rights_on_is_told_and_serves_as_soon_as_it_has_them() {
    if Runner::chosen().is_windows() {
        return skip("bad_input::no_rights", "a gateway on Windows sees no mode bits");
    }
    let builder = Gateway::builder();
    let root = builder.folder().join("share");
    fs::create_dir(&root).unwrap();
    set_mode(&root, 0o500);
    let builder = builder.filesystem("local", Some(&root), "default = true");
    let text = builder.config();
    let gateway = Gateway::start_as(Arc::new(builder.site(&text)), held_by_modes);
    let advice = "let the gateway's account write there";
    assert!(gateway.log().text().contains(advice), "{}", gateway.log().text());
    let (member, data) = (gateway.member(), b"0123456789");
    let id = member.create_raw("n");
    member.upload(&id, data).expect(503);
    assert_eq!(member.status(&id), "queued");
    set_mode(&root, 0o700);
    takes(&member, &id, data);

    // And rights that are lost while it serves.
    let another = member.create_raw("n");
    set_mode(&root, 0o500);
    member.upload(&another, data).expect(503);
    assert_eq!(member.status(&another), "queued");
    assert_eq!(member.download(&id).expect(200).body, data);
    set_mode(&root, 0o700);
    takes(&member, &another, data);
    gateway.assert_settled();
}

#[track_caller]
fn takes(member: &Client, id: &str, data: &[u8]) {
    eventually("the store takes data", || match member.upload(id, data) {
        answer if answer.status == 204 => Ok(()),
        answer => Err(format!("{answer:?}")),
    });
}

#[test]
fn a_plugin_that_others_may_write_is_not_loaded() {
    if Runner::chosen().is_windows() {
        return skip("bad_input::writable_plugin", "a gateway on Windows sees no mode bits");
    }
    let writable = |builder: &mut Builder| {
        let file = builder.plugin_folder().join(built_plugin().file_name().unwrap());
        set_mode(&file, 0o777);
        ENTRY.to_owned()
    };
    assert_refused(writable, "", "writ");
}
