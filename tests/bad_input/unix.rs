//! What is wrong with a file by its mode bits.

use crate::plugin_files::{ENTRY, assert_refused, built_plugin};
use casement_tests::{Builder, Runner, skip};
use std::{fs, os::unix::fs::PermissionsExt};

#[test]
fn a_plugin_that_others_may_write_is_not_loaded() {
    if Runner::chosen().is_windows() {
        return skip("bad_input::writable_plugin", "a gateway on Windows sees no mode bits");
    }
    let writable = |builder: &mut Builder| {
        let file = builder.plugin_folder().join(built_plugin().file_name().unwrap());
        fs::set_permissions(file, fs::Permissions::from_mode(0o777)).unwrap();
        ENTRY.to_owned()
    };
    assert_refused(writable, "", "writ");
}
