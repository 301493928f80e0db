//! The suite on plugin files: those that are right, and one in C that breaks the contract below the authors' traits.

use crate::{
    common::{c_library, cdylib},
    failed, selection,
};
use casement_conformance::{Selection, Target, run};
use casement_sdk::host::OpenOptions;
use serde_json::{Map, Value, json};
use std::path::Path;

/// What only a plugin in C can do wrong.
pub(crate) const FOUND: [&str; 6] = [
    "cancel::write_given_up_can_be_aborted",
    "cancel::read_given_up",
    "cancel::everything_given_up",
    "end::every_operation_was_answered_once",
    "read::two_readers_at_once",
    "read::unfinished_reader_is_let_go",
];

const ANY_LANGUAGE: OpenOptions = OpenOptions { allow_c_abi: true, allow_abort: false };

fn map(config: Value) -> Map<String, Value> {
    config.as_object().unwrap().clone()
}

fn load(file: &Path) -> Target {
    Target::load(file, &ANY_LANGUAGE).unwrap()
}

#[test]
fn the_memory_example_passes() {
    let report = run(&load(&cdylib("casement-memory")), &Selection::default());
    assert!(report.passed(), "{report}");
}

#[test]
fn the_null_example_opens_and_is_found_to_keep_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let test = "conformance::files::the_null_example_opens_and_is_found_to_keep_nothing";
    let Some(library) = c_library(test, "examples/null/null.c", None, folder.path()) else { return };
    let target = load(&library);
    let report = run(&target, &Selection::default().only("descriptor::").only("open::"));
    assert!(report.passed(), "{report}");
    let report = run(&target, &Selection::default().only("stat::size").only("write::commit_never"));
    assert_eq!(failed(&report), ["stat::size_is_what_was_written", "write::commit_never_replaces"], "{report}");
}

#[test]
fn a_plugin_that_never_answers_or_answers_nonsense_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let test = "conformance::files::a_plugin_that_never_answers_or_answers_nonsense_is_found_out";
    let source = "../tests/fixtures/misbehaving.c";
    let Some(library) = c_library(test, source, None, folder.path()) else { return };
    let plugin = load(&library);
    for (fault, at, case) in [
        ("never_answers", "write", "cancel::write_given_up_can_be_aborted"),
        ("never_answers", "next", "cancel::read_given_up"),
        ("never_answers", "health", "cancel::everything_given_up"),
        ("garbage_code", "open_read", "read::two_readers_at_once"),
        ("no_data", "next", "read::unfinished_reader_is_let_go"),
    ] {
        let target = plugin.clone().with_config(map(json!({ "fault": fault, "at": at })));
        let report = run(&target, &selection().only(case));
        assert_eq!(failed(&report), [case], "{fault} at {at}: {report}");
    }
}
