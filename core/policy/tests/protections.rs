//! Property protections: against the answers of Glance 33 (`data/protections.py` asked), and what is wrong with a file.
#![allow(clippy::unwrap_used)]

use casement_image::Caller;
use casement_policy::{Error, Operation, Protections, RuleFormat, Rules};
use serde_json::Value;
use std::collections::BTreeSet;

const OPERATIONS: [Operation; 4] = [Operation::Create, Operation::Read, Operation::Update, Operation::Delete];

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

fn roles(value: &Value) -> BTreeSet<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn read(file: &str, format: RuleFormat, policy: &str) -> Result<(Protections, Rules), Error> {
    let protections = Protections::read(file, format)?;
    let rules = Rules::read(policy, &protections.rule_names())?;
    protections.check_names(&rules)?;
    Ok((protections, rules))
}

#[test]
fn every_file_answers_as_in_glance() {
    let golden: Value = serde_json::from_str(include_str!("data/protections.json")).unwrap();
    let callers = list(&golden["callers"]).iter().map(|caller| Caller {
        roles: roles(&caller["roles"]),
        service_roles: roles(&caller["service_roles"]),
        project_id: Some("p1".to_owned()),
        ..Caller::default()
    });
    let callers: Vec<Caller> = callers.collect();
    let (mut compared, mut refused) = (0, 0);
    for case in list(&golden["cases"]) {
        let file = case["file"].as_str().unwrap();
        let (format, policy) = match case["format"].as_str().unwrap() {
            // Rules that no protection asks would be taken for misspelt ones.
            "roles" => (RuleFormat::Roles, String::new()),
            _ => (RuleFormat::Policies, format!("{}\nget_image: {ALL_NAMED}\n", flow(&golden["policy"]))),
        };
        let Some(answers) = case["answers"].as_str() else {
            assert!(read(file, format, &policy).is_err(), "{file}");
            refused += 1;
            continue;
        };
        let (protections, rules) = read(file, format, &policy).unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut answers = answers.chars();
        for caller in &callers {
            let access = protections.access(&rules, caller);
            for property in list(&golden["properties"]) {
                let property = property.as_str().unwrap();
                for operation in OPERATIONS {
                    let expected = answers.next().unwrap() == '1';
                    let found = access.allows(operation, property);
                    assert_eq!(found, expected, "{operation:?} {property} by {:?} with {file}", caller.roles);
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 3_000 && refused >= 10, "{compared} answers compared, {refused} files refused");
}

const ALL_NAMED: &str = "rule:owners or rule:services or rule:everybody or rule:nobody or rule:own";

/// One rule a line.
fn flow(policy: &Value) -> String {
    policy.as_object().unwrap().iter().map(|(name, rule)| format!("{name}: {rule}\n")).collect()
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let four = "create = @\nread = @\nupdate = @\ndelete = @\n";
    for (file, line, message) in [
        (format!("\n[x(]\n{four}"), 2, "the expression cannot be used here: unclosed group"),
        (format!("[x(?=y)]\n{four}"), 1, "look-around"),
        (format!("[[[x]]]\n{four}"), 1, "means something else here than in Python"),
        (format!("[[a--b]]\n{four}"), 1, "doubled"),
        (format!("[\\<x]\n{four}"), 1, "means something else"),
        (format!("[x*+]\n{four}"), 1, "a + behind a repetition"),
        ("[x]\ncreate = @\nread = @\ndelete = @\n".to_owned(), 1, "the key update is missing"),
        (format!("[x]\n{four}[y]\n{four}[x]\n"), 11, "already in line 1"),
        (format!("[x]\n{four}updates = @\n"), 6, "unknown key updates"),
        (format!("[x]\n{four}read = !\n"), 6, "stands here twice"),
        ("[x]\ncreate = @, !\n".to_owned(), 2, "exclude each other"),
        ("[x]\ncreate = %(y)s\n".to_owned(), 2, "interpolation"),
        ("[x]\n\ncreate\n".to_owned(), 3, "expected KEY = VALUE"),
        ("create = @\n".to_owned(), 1, "a section is expected"),
        ("[x] y\n".to_owned(), 1, "with nothing behind it"),
    ] {
        let error = read(&file, RuleFormat::Roles, "").unwrap_err();
        assert_eq!(error.line, Some(line), "{file}: {error}");
        assert!(error.message.contains(message), "{file}: {error}");
    }
}

#[test]
fn a_rule_that_the_policy_does_not_have_is_told_with_its_line() {
    let file = "[x]\ncreate = owners\nread = @\nupdate = owner\ndelete = !\n";
    let error = read(file, RuleFormat::Policies, "owners: role:member").unwrap_err();
    assert_eq!(error.line, Some(4));
    assert!(error.message.contains("no rule \"owner\"; the nearest name is \"owners\""), "{error}");
    assert!(Rules::read("owners: role:member", &[]).is_err(), "a rule that nothing names");
}
