//! Plugin files and stores that must not be trusted or do not work. Such a store is listed with the reason, and
//! the gateway starts without it unless it is required.

use casement_tests::{Builder, Gateway, Runner, dist, eventually};
use std::{env, fs, path::PathBuf};

const UNAVAILABLE: Option<i32> = Some(69);
pub(crate) const ENTRY: &str = "path = \"casement_filesystem\"";

/// The built plugin.
pub(crate) fn built_plugin() -> PathBuf {
    dist().join("plugins").join(format!("casement_filesystem{}", Runner::chosen().dll_suffix()))
}

/// Holds what happens to a store, `bad` by `lines`, whose plugin is configured by `entry`.
pub(crate) fn assert_refused(prepare: impl Fn(&mut Builder) -> String, lines: &str, reason: &str) {
    let make = |required: &str| {
        let mut builder = Gateway::builder().without_plugins();
        let entry = prepare(&mut builder);
        builder.plugin(&entry).filesystem("bad", None, &format!("default = true\n{required}\n{lines}"))
    };
    let gateway = make("").start();
    let listed = gateway.member().get("/v2/info/stores").expect(200).json();
    let unavailable = listed["stores"][0]["unavailable"].as_str().unwrap_or_default().to_owned();
    assert!(unavailable.to_lowercase().contains(reason), "{listed:#}");
    let id = gateway.member().create_raw("n");
    let answer = gateway.member().upload(&id, b"abc");
    assert!(matches!(answer.status, 410 | 503), "{answer:?}");
    assert_eq!(gateway.member().status(&id), "queued");

    let run = make("required = true").serve_and_fail();
    assert_eq!(run.code, UNAVAILABLE, "{}", run.text);
    assert!(run.text.to_lowercase().contains(reason), "{}", run.text);
}

#[test]
fn a_plugin_that_is_not_there_is_named() {
    assert_refused(|_| "path = \"casement_nothing\"".into(), "", "casement_nothing");
}

#[test]
fn a_plugin_outside_of_the_plugin_folders_is_not_loaded() {
    let outside = |builder: &mut Builder| {
        let file = builder.folder().join(built_plugin().file_name().unwrap());
        fs::copy(built_plugin(), &file).unwrap();
        format!("path = '{}'", builder.path(&file))
    };
    assert_refused(outside, "", "folder");
    assert_refused(|_| "path = \"../plugins/../../x\"".into(), "", "x");
}

#[test]
fn a_plugin_with_another_digest_than_pinned_is_not_loaded() {
    let pin = "0".repeat(64);
    assert_refused(|_| format!("{ENTRY}\nsha256 = \"{pin}\""), "", "sha");
}

#[test]
fn a_file_that_is_no_plugin_is_not_loaded() {
    let garbage = |builder: &mut Builder| {
        let file = builder.plugin_folder().join(format!("garbage{}", Runner::chosen().dll_suffix()));
        fs::write(file, "this is no plugin").unwrap();
        "path = \"garbage\"".to_owned()
    };
    assert_refused(garbage, "", "garbage");
}

#[test]
fn a_store_option_that_the_plugin_does_not_know_is_named() {
    let run = Gateway::builder().filesystem("local", None, "default = true\nfsnc = true").check();
    assert!(run.code != Some(0) && run.text.contains("fsnc"), "{}", run.text);
}

#[test]
fn a_store_whose_folder_is_not_there_is_unavailable() {
    let nowhere = Runner::chosen().path(&env::temp_dir().join("casement-nowhere").join("images"));
    let lines = format!("plugin = \"filesystem\"\ndefault = true\nroot = '{nowhere}'");
    let gateway = Gateway::builder().store("lost", &lines).start();
    // While the gateway tries again, it says so in place of the reason.
    eventually("the reason is told", || {
        let listed = gateway.member().get("/v2/info/stores").expect(200).json();
        let reason = listed["stores"][0]["unavailable"].as_str().unwrap().to_owned();
        if reason.contains(&nowhere) { Ok(()) } else { Err(reason) }
    });
    let run = Gateway::builder().store("lost", &format!("{lines}\nrequired = true")).serve_and_fail();
    assert!(run.code == UNAVAILABLE && run.text.contains(&nowhere), "{}", run.text);
}
