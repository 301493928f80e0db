//! Files that cannot be used: the start is refused, with file, line, and what to do.

use crate::site;
use casement_tests::{Builder, Gateway, Run};

const WRONG: Option<i32> = Some(78);

fn protected(text: &str) -> Builder {
    Gateway::builder()
        .file("protections.conf", text)
        .more("[policy]\nproperty_protection_file = \"protections.conf\"")
        .filesystem("local", None, "default = true")
}

fn refused(run: &Run, file: &str, line: usize, texts: &[&str]) {
    assert_eq!(run.code, WRONG, "{}", run.text);
    for text in texts.iter().copied().chain([format!("{file}:{line}: ").as_str()]) {
        assert!(run.text.contains(text), "{text} in: {}", run.text);
    }
}

#[test]
fn a_broken_file_of_rules_stops_check_and_start_with_its_line() {
    for (rules, line, texts) in [
        ("get_image: \"role:admin or\"\n", 1, ["rule \"get_image\", character 14", "the rule ends"]),
        ("\n\nget_imag: role:admin\n", 3, ["\"get_imag\"", "nearest name is \"get_image\""]),
        ("get_image: rule:friends\n", 1, ["there is no rule \"friends\"", "nearest name"]),
        ("friends: rule:family\nfamily: rule:friends\nget_image: rule:family\n", 1, ["leads back", " -> friends"]),
        ("get_image: \"@\"\nget_image: \"!\"\n", 2, ["stands already in line 1", "remove one"]),
        ("get_image: [role:admin\n", 1, ["is not YAML", "in quotes"]),
        ("get_image: !\n", 1, ["write the rule in quotes", "get_image"]),
        ("get_image: http://policy.example.org/check\n", 1, ["not supported", "character 1"]),
        ("- get_image\n", 1, ["names of rules", "get_image: \"role:reader\""]),
        ("get_image: user_domain_id:default\n", 1, ["nothing is known here", "user_domain_id"]),
    ] {
        refused(&site(rules).check(), "policy.yaml", line, &texts);
        refused(&site(rules).serve_and_fail(), "policy.yaml", line, &texts);
    }
}

#[test]
fn a_broken_file_of_protections_stops_check_and_start_with_its_line() {
    for (text, line, texts) in [
        ("[x]\ncreate = @\nread = @\nupdate = @\n", 1, ["[x]: the key delete is missing", "needs create, read"]),
        ("[x(]\ncreate = @\nread = @\nupdate = @\ndelete = @\n", 1, ["[x(]", "unclosed group"]),
        ("[x(?!y)]\ncreate = @\nread = @\nupdate = @\ndelete = @\n", 1, ["[x(?!y)]", "look-around"]),
        ("[x]\ncreate = @, !\n", 2, ["[x]: create", "exclude each other"]),
        ("create = @\n", 1, ["a section is expected", "[^x_.*]"]),
    ] {
        refused(&protected(text).check(), "protections.conf", line, &texts);
        refused(&protected(text).serve_and_fail(), "protections.conf", line, &texts);
    }
    let text = "[x]\ncreate = owners\nread = @\nupdate = @\ndelete = @\n";
    let run = protected(text).more("property_protection_rule_format = \"policies\"").check();
    refused(&run, "protections.conf", 2, &["no rule \"owners\"", "\"roles\""]);
}

#[test]
fn a_file_that_is_configured_must_be_there() {
    for key in ["file", "property_protection_file"] {
        let builder = Gateway::builder().more(&format!("[policy]\n{key} = \"nowhere.yaml\""));
        let run = builder.filesystem("local", None, "default = true").check();
        assert!(run.code == WRONG && run.text.contains("nowhere.yaml: cannot be read"), "{key}: {}", run.text);
    }
}

#[test]
fn the_older_defaults_are_not_to_be_had() {
    let builder = Gateway::builder().more("[policy]\nenforce_new_defaults = false");
    let run = builder.filesystem("local", None, "default = true").check();
    assert!(
        run.code == WRONG && run.text.contains("`policy.enforce_new_defaults = false` is not supported"),
        "{}",
        run.text
    );
}

#[test]
fn a_rule_that_can_never_hold_is_warned_of() {
    let rules = "get_image: is_admin:True or role:reader\n";
    let warning = "policy.yaml:1: rule \"get_image\": a caller has no field is_admin";
    let run = site(rules).check();
    assert!(run.code == Some(0) && run.text.contains(warning), "{}", run.text);
    assert!(site(rules).start().log().text().contains("a caller has no field is_admin"));
}
