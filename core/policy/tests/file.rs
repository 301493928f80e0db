//! The operators' file of rules, and what is wrong with it.
#![allow(clippy::unwrap_used)]

use casement_image::Caller;
use casement_policy::{Error, Rules, Target};

fn read(file: &str) -> Result<Rules, Error> {
    Rules::read(file, &[])
}

fn allowed(file: &str, roles: &[&str]) -> bool {
    let caller = Caller { roles: roles.iter().map(|role| (*role).to_owned()).collect(), ..Caller::default() };
    read(file).unwrap().check("publicize_image", &caller, &Target::default())
}

#[test]
fn yaml_and_json_say_the_same() {
    for file in [
        "publicize_image: role:member",
        "\u{feff}---\n# Members too.\n\"publicize_image\": \"role:member\"\n...\n",
        "publicize_image: >\n  role:member or\n  role:admin\n",
        "publicize_image: |\n  role:member\n  or role:admin\n",
        "publicize_image: [[\"role:member\"], ['role:admin']]",
        "publicize_image:\n- - role:member\n- - role:admin\n",
        "{\"publicize_image\": \"role:member\"}",
        "{\n\t\"publicize_image\":\t\"role:member\"\n}\n",
        "publicize_image: rule:publishers\npublishers: role:member\n",
    ] {
        assert!(allowed(file, &["member"]), "{file}");
        assert!(!allowed(file, &["reader"]), "{file}");
    }
}

#[test]
fn a_file_without_rules_leaves_the_defaults() {
    for file in ["", "\n", "# \"get_image\": \"\"\n", "---\n", "{}", "---\n...\n"] {
        assert!(!allowed(file, &["member"]), "{file}");
        assert!(read(file).unwrap().iter().all(|rule| rule.line.is_none()), "{file}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_rule() {
    for (file, line, rule, message) in [
        ("\"get_image\": \"role:reader\n", 1, Some("get_image"), "is not YAML"),
        ("get_image: @\n", 1, Some("get_image"), "a rule is best written in quotes"),
        ("a: \"\"\n\nget_image: role:admin or\n", 3, Some("get_image"), "the rule ends"),
        ("get_image: !\n", 1, Some("get_image"), "write the rule in quotes"),
        ("get_image:\n", 1, Some("get_image"), "the rule is missing"),
        ("get_image: ''\nget_images: !!str x\n", 2, Some("get_images"), "tag"),
        ("get_image: yes\n", 1, Some("get_image"), "'yes' is no check"),
        ("get_image: {role: admin}\n", 1, Some("get_image"), "must be text"),
        ("get_image: [[[\"@\"]]]\n", 1, Some("get_image"), "must be text"),
        ("get_image: &a \"@\"\nget_images: *a\n", 2, Some("get_images"), "aliases"),
        ("get_image: \"@\"\n\nget_image: \"!\"\n", 3, Some("get_image"), "already in line 1"),
        ("- role:admin\n", 1, None, "names of rules"),
        ("role:admin\n", 1, None, "names of rules"),
        ("a: \"@\"\n---\nb: \"@\"\n", 2, None, "second document"),
        ("[a]: \"@\"\n", 1, None, "the name of a rule"),
        ("# x\nget_imag: \"@\"\n", 2, Some("get_imag"), "the nearest name is \"get_image\""),
        ("get_image: rule:friends\n", 1, Some("get_image"), "there is no rule \"friends\""),
        ("a: rule:b\nb: rule:a\nget_image: rule:a\n", 1, Some("a"), "a -> b -> a"),
        ("\ndefault: rule:get_task\n", 2, Some("default"), "leads back to itself"),
        ("get_image: [[\"role:admin and role:x\", \"not role:x\"]]\n", 1, Some("get_image"), "is not one check"),
        ("get_image: [[\"banana\"]]\n", 1, Some("get_image"), "'banana' is no check"),
        ("get_image: https://policy.example/check\n", 1, Some("get_image"), "not supported"),
    ] {
        let error = read(file).unwrap_err();
        assert!(error.message.contains(message), "{file}: {error}");
        assert_eq!((error.line, error.rule.as_deref()), (Some(line), rule), "{file}: {error}");
    }
}

#[test]
fn each_rule_tells_where_it_comes_from() {
    let rules = read("# ours\nget_image: \"\"\nfriends: [[\"role:friend\"]]\ndelete_image: rule:friends\n").unwrap();
    let line = |name: &str| rules.iter().find(|rule| rule.name == name).unwrap().line;
    assert_eq!((line("get_image"), line("friends"), line("delete_image")), (Some(2), Some(3), Some(4)));
    assert_eq!(line("get_images"), None);
    let friends = rules.iter().last().unwrap();
    assert_eq!((friends.name, friends.text.as_str()), ("friends", "[[\"role:friend\"]]"));
}

#[test]
fn a_field_that_no_caller_has_is_warned_of() {
    let rules = read("get_image: is_admin:True or (tenant:%(owner)s and not is_admin:True)\n").unwrap();
    let warnings: Vec<String> = rules.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("rule \"get_image\": a caller has no field is_admin"), "{warnings:?}");
    assert!(warnings[1].contains("tenant:… never holds"), "{warnings:?}");
    assert!(Rules::defaults().warnings().is_empty());
}
