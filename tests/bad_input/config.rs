//! Configurations that are wrong: `casement check` says where and what to write instead.

use casement_tests::{Builder, Gateway};
use std::fs;

const WRONG: Option<i32> = Some(78);

fn builder() -> Builder {
    Gateway::builder().filesystem("local", None, "default = true")
}

/// Whether the text points to line `number`, in one of the usual spellings.
fn names_line(text: &str, number: usize) -> bool {
    [format!("line {number}"), format!(":{number}:"), format!(":{number} ")].iter().any(|place| text.contains(place))
}

#[test]
fn a_good_configuration_passes() {
    let run = builder().check();
    assert_eq!(run.code, Some(0), "{}", run.text);
}

#[test]
fn a_log_and_an_audit_log_that_cannot_be_written_are_told_and_none_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let check = |log: &str, audit: &str| {
        let builder = builder();
        let [log, audit] = [log, audit].map(|name| builder.path(&folder.path().join(name)));
        builder.more(&format!("[log]\nfile = '{log}'\n[audit]\nfile = '{audit}'")).check()
    };
    let run = check("casement.log", "audit.jsonl");
    assert!(run.code == Some(0) && run.text.contains("ok       log\nok       audit\n"), "{run:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    for missing in ["no/file", "."] {
        let run = check(missing, missing);
        assert!(run.code == WRONG && run.text.contains("error    log"), "{run:?}");
        assert!(run.text.contains("the log file ") && run.text.contains("audit.file: "), "{run:?}");
    }
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_nearest_known_key() {
    for (known, written) in [
        ("listen =", "lisen ="),
        ("header_timeout_seconds", "header_timeout_secs"),
        ("[catalog]", "[catalogue]"),
        ("path = '", "pth = '"),
        ("mode =", "modus ="),
        ("roles =", "role ="),
        ("sha256 =", "sha265 ="),
        ("path = \"casement", "paht = \"casement"),
    ] {
        let builder = builder();
        let wrong = builder.config().replacen(known, written, 1);
        let line = wrong.lines().position(|line| line.contains(written)).unwrap() + 1;
        let key = |text: &str| text.trim_matches(|c| "[]= '\"".contains(c)).split(' ').next().unwrap().to_owned();
        let run = builder.check_text(&wrong);
        assert_eq!(run.code, WRONG, "{written}: {}", run.text);
        assert!(run.text.contains(&key(written)) && run.text.contains(&key(known)), "{written}: {}", run.text);
        assert!(names_line(&run.text, line), "{written} in line {line}: {}", run.text);
    }
    let run = Gateway::builder().filesystem("local", None, "[stores.local.limits]\ncall_secnds = 1").check();
    assert!(run.code == WRONG && run.text.contains("call_secnds") && run.text.contains("call_seconds"), "{}", run.text);
}

#[test]
fn a_misspelt_key_of_a_store_is_told_the_nearest_of_all_that_a_store_may_have() {
    let builder = builder();
    let wrong = builder.config().replacen("default =", "defualt =", 1);
    let run = builder.check_text(&wrong);
    assert_eq!(run.code, WRONG, "{}", run.text);
    assert!(run.text.contains("`defualt`; did you mean `default`?"), "{}", run.text);
}

#[test]
fn values_of_the_wrong_kind_are_named() {
    for (known, written, named) in [
        ("header_timeout_seconds = 2", "header_timeout_seconds = \"two\"", "header_timeout_seconds"),
        ("header_timeout_seconds = 2", "header_timeout_seconds = -2", "header_timeout_seconds"),
        ("listen = \"127.0.0.1:0\"", "listen = \"here\"", "listen"),
        ("mode = \"tokens\"", "mode = \"tokenz\"", "mode"),
        ("default = true", "default = \"yes\"", "default"),
        ("roles = [", "roles = 5 # [", "roles"),
        ("[server]", "[server", "casement.toml:1: is not TOML"),
    ] {
        let builder = builder();
        let wrong = builder.config().replacen(known, written, 1);
        let run = builder.check_text(&wrong);
        assert_eq!(run.code, WRONG, "{written}: {}", run.text);
        assert!(run.text.contains(named), "{written}: {}", run.text);
    }
}

#[test]
fn a_path_of_windows_that_toml_cannot_read_is_told_how_it_is_written() {
    for written in [r#""C:\images""#, r#""C:\users""#, r#""\\srv\share""#, r#""D:\""#, r"C:\images"] {
        let builder = builder();
        let config = builder.config();
        let (before, rest) = config.split_once("root = ").unwrap();
        let (_, after) = rest.split_once('\n').unwrap();
        let run = builder.check_text(&format!("{before}root = {written}\n{after}"));
        assert_eq!(run.code, WRONG, "{written}: {}", run.text);
        assert!(run.text.contains(r"'C:\images' or '\\server\share'"), "{written}: {}", run.text);
    }
}

#[test]
fn a_store_on_a_plugin_that_is_not_loaded_is_told_which_are() {
    let builder = builder();
    let wrong = builder.config().replacen("plugin = \"filesystem\"", "plugin = \"filesystm\"", 1);
    let run = builder.check_text(&wrong);
    assert!(run.text.contains("`filesystm`") && run.text.contains("`filesystem`"), "{}", run.text);
}

#[test]
fn a_token_digest_that_is_none_is_refused() {
    let identity =
        "mode = \"tokens\"\n[[identity.tokens]]\nsha256 = \"abc\"\nuser = \"u\"\nproject = \"p\"\nroles = []";
    let run = builder().identity(identity).check();
    assert!(run.code == WRONG && run.text.contains("sha256"), "{}", run.text);
}

#[test]
fn what_check_refuses_serve_refuses() {
    let run = builder().server("nonsense = 1").serve_and_fail();
    assert!(run.code == WRONG && run.text.contains("nonsense"), "{}", run.text);
}

#[test]
fn two_default_stores_are_one_too_many() {
    let run = builder().filesystem("second", None, "default = true").check();
    assert!(run.code == WRONG && run.text.contains("default"), "{}", run.text);
}

#[test]
fn a_command_line_that_makes_no_sense_is_a_usage_error() {
    let run = builder().run_arguments(&["serv"]);
    assert_eq!(run.code, Some(64), "{}", run.text);
    let run = builder().run_arguments(&["serve", "--confg", "x"]);
    assert_eq!(run.code, Some(64), "{}", run.text);
}

#[test]
fn a_configuration_file_that_is_not_there_is_named() {
    let run = builder().run_arguments(&["check", "--config", "/nowhere/casement.toml"]);
    assert!(run.code != Some(0) && run.text.contains("/nowhere/casement.toml"), "{}", run.text);
}
