//! The suite as a command: what it prints, what it writes, and how it ends.
#![allow(clippy::unwrap_used)]

#[path = "../../tests/common/mod.rs"]
mod common;

use common::{c_library, cdylib};
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn command(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_casement-conformance")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap().replace("\r\n", "\n")
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_plugin_that_passes_ends_with_zero_and_tells_why_cases_were_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let (plugin, junit) = (cdylib("casement-memory"), folder.path().join("report.xml"));
    let run = command(&[path(&plugin), "--filter", "stat::", "--filter", "copy::is", "--junit", path(&junit)]);
    let out = text(&run.stdout);
    assert_eq!(run.status.code(), Some(0), "{out}{}", text(&run.stderr));
    assert!(out.contains("ok    stat::size_is_what_was_written ("), "{out}");
    assert!(out.contains("skip  copy::is_the_same: the store does not declare `copy`"), "{out}");
    assert!(out.ends_with("5 passed, 0 failed, 1 skipped\n"), "{out}");
    let junit = fs::read_to_string(junit).unwrap();
    assert!(junit.contains(r#"<testcase name="size_is_what_was_written" classname="stat""#), "{junit}");
    assert!(junit.contains(r#"<skipped message="the store does not declare `copy`"/>"#), "{junit}");
}

#[test]
fn a_plugin_that_fails_ends_with_one_and_tells_what_the_contract_says_where_and_what_was_seen() {
    let folder = tempfile::tempdir().unwrap();
    let test = "conformance::command::a_plugin_that_fails_ends_with_one";
    let Some(plugin) = c_library(test, "../tests/fixtures/misbehaving.c", None, folder.path()) else { return };
    let (config, junit) = (folder.path().join("store.toml"), folder.path().join("report.xml"));
    // The first call of the case is answered twice, and all else is right.
    fs::write(&config, "fault = \"answers_twice\"\nat = \"stat\"\n").unwrap();
    let filters = ["--filter", "stat::nothing", "--filter", "end::every"];
    let files = [path(&plugin), "--c-abi", "--config", path(&config), "--junit", path(&junit)];
    let run = command(&[&files[..], &filters].concat());
    let out = text(&run.stdout);
    assert_eq!(run.status.code(), Some(1), "{out}{}", text(&run.stderr));
    for line in [
        "ok    stat::nothing_is_not_found (",
        "FAIL  end::every_operation_was_answered_once (",
        "      contract  Call it exactly once, also after `cancel`.",
        "      where     Rust: Backend   C: CasementCompletion",
        "      seen      1 answers came for operations that had been answered, or never were",
        "misbehaving 1.0.0: 1 passed, 1 failed, 0 skipped",
    ] {
        assert!(out.contains(line), "{line}: {out}");
    }
    assert!(fs::read_to_string(junit).unwrap().contains("<failure message=\"1 answers came"));
}

#[test]
fn what_cannot_be_run_ends_with_two_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let memory = cdylib("casement-memory");
    let wrong = folder.path().join("wrong.toml");
    fs::write(&wrong, "root = ").unwrap();
    for (arguments, says) in [
        (vec!["no-such-file.so"], "is not accepted"),
        (vec![path(&memory), "--filter", "no such case"], "`--list` shows them all"),
        (vec![path(&memory), "--config", path(&wrong)], "wrong.toml"),
        (vec![path(&memory), "--object", "key"], "--object wants KEY=FILE"),
        (vec![], "<FILE>"),
    ] {
        let run = command(&arguments);
        let err = text(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{arguments:?}: {err}");
        assert!(err.contains(says), "{arguments:?}: {err}");
    }
}

#[test]
fn a_plugin_in_c_is_taken_only_when_it_is_said_to_be_one() {
    let folder = tempfile::tempdir().unwrap();
    let test = "conformance::command::a_plugin_in_c_is_taken_only_when_it_is_said_to_be_one";
    let Some(plugin) = c_library(test, "examples/null/null.c", None, folder.path()) else { return };
    let run = command(&[path(&plugin)]);
    assert_eq!(run.status.code(), Some(2));
    assert!(text(&run.stderr).contains("give `--c-abi` if you trust it"), "{}", text(&run.stderr));
    assert_eq!(command(&[path(&plugin), "--c-abi", "--filter", "descriptor::"]).status.code(), Some(0));
}

#[test]
fn the_list_names_every_case_with_what_it_needs() {
    let run = command(&["--list", "--filter", "tokens::found"]);
    assert_eq!(run.status.code(), Some(0));
    assert_eq!(
        text(&run.stdout),
        "tokens::found_by_another_process (needs write, stage_tokens)\n      \
         Every staged write that has not been committed, aborted or discarded, of whatever process.\n"
    );
}
