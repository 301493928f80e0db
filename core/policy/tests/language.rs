//! The rule language, through rules that replace `get_image`.
#![allow(clippy::unwrap_used)]

use casement_image::Caller;
use casement_policy::{Error, Rules, Target};
use serde_json::Value;

fn rules(overrides: &[(&str, &str)]) -> Result<Rules, Error> {
    // JSON is YAML too, and can hold any text.
    let file: Value = overrides.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text))).collect();
    Rules::read(&file.to_string(), &[])
}

fn holds(text: &str) -> bool {
    let caller = Caller {
        user_id: Some("u1".to_owned()),
        project_id: Some("p1".to_owned()),
        roles: ["member".to_owned(), "reader".to_owned()].into(),
        service_roles: ["service".to_owned()].into(),
        ..Caller::default()
    };
    let target = Target { project_id: Some("p1"), owner: Some("p2"), visibility: Some("public"), ..Target::default() };
    rules(&[("get_image", text)]).unwrap().check("get_image", &caller, &target)
}

#[test]
fn each_form_of_a_check_means_what_oslo_policy_documents() {
    for (text, expected) in [
        ("", true),
        ("@", true),
        ("!", false),
        ("role:member", true),
        ("role:Member", true),
        ("role:admin", false),
        ("role:%(visibility)s", false),
        ("rule:default", true),
        ("rule:context_is_admin", false),
        ("project_id:%(project_id)s", true),
        ("tenant:%(project_id)s", false),
        ("project_id:%(owner)s", false),
        ("project_id:p1", true),
        ("user_id:u1", true),
        ("user_id:%(user_id)s", false),
        ("'public':%(visibility)s", true),
        ("\"public\":%(visibility)s", true),
        ("'shared':%(visibility)s", false),
        ("'x-public':x-%(visibility)s", true),
        ("'100%':100%%", true),
        ("'x':%(nope)s", false),
        ("is_admin:True", false),
        ("is_admin:False", false),
        ("True:True", true),
        ("5:5", true),
        ("roles:reader", true),
        ("service_roles:service", true),
        ("domain_id:%(nope)s", false),
        ("shoe_size:44", false),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
}

#[test]
fn and_binds_tighter_than_or_and_not_tightest() {
    for (text, expected) in [
        ("@ or @ and !", true),
        ("(@ or @) and !", false),
        ("! and ! or @", true),
        ("not ! and @", true),
        ("not (! or @)", false),
        ("not not @", true),
        ("NOT ! AND @", true),
        ("((@))", true),
        ("not role:admin and ('public':%(visibility)s or project_id:%(owner)s)", true),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
}

#[test]
fn a_rule_that_cannot_be_read_tells_the_place() {
    for (text, position, message) in [
        (" ", 2, "the rule ends"),
        ("role:admin or", 14, "the rule ends"),
        ("role:admin role:member", 12, "expected 'and' or 'or'"),
        ("(role:admin", 1, "not closed"),
        ("role:admin)", 11, "never opened"),
        ("and role:admin", 1, "expected a check"),
        ("role:admin or banana", 15, "'banana' is no check"),
        (":x", 1, "missing before the colon"),
        ("project_id:%(project_id)", 12, "%(name)s"),
        ("project_id:x%d", 13, "%(name)s"),
        ("rule:nope", 6, "there is no rule \"nope\""),
        ("rule:context_is_admim", 6, "\"context_is_admin\""),
        ("http://policy.example/", 1, "not supported"),
        ("role:é 'open", 8, "expected 'and' or 'or'"),
        ("role:é or 'open", 11, "'open' is no check"),
        ("'a b':%(visibility)s", 1, "no check"),
        ("'public':'public'", 1, "no check"),
        ("'a:b':x", 1, "without blanks, quotes and colons"),
        ("True", 1, "'True' is no check"),
        ("05:5", 1, "neither a field of the caller nor a text in quotes"),
        ("user_domain_id:default", 1, "nothing is known here"),
    ] {
        let error = rules(&[("get_image", text)]).unwrap_err();
        assert_eq!((error.rule.as_deref(), error.position), (Some("get_image"), Some(position)), "{text}: {error}");
        assert!(error.message.contains(message), "{text}: {error}");
    }
}

#[test]
fn deep_nesting_is_an_error_and_no_crash() {
    let deep = format!("{}@{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(rules(&[("get_image", &deep)]).unwrap_err().message.contains("inside of each other"));
    let deep = format!("{}@", "not ".repeat(100_000));
    assert!(rules(&[("get_image", &deep)]).unwrap_err().message.contains("inside of each other"));
}

#[test]
fn an_operators_own_rule_is_known_once_another_refers_to_it() {
    let own = rules(&[("get_image", "rule:friends or role:admin"), ("friends", "role:friend")]).unwrap();
    let friend = Caller { roles: ["friend".to_owned()].into(), ..Caller::default() };
    assert!(own.check("get_image", &friend, &Target::default()));

    let error = rules(&[("delete_imag", "role:friend")]).unwrap_err();
    assert_eq!(error.rule.as_deref(), Some("delete_imag"));
    assert!(error.message.contains("the nearest name is \"delete_image\""), "{error}");
}

#[test]
fn rules_that_lead_back_to_themselves_are_refused() {
    let error = rules(&[("default", "rule:get_task")]).unwrap_err();
    assert!(
        error.message.contains("get_task -> default -> get_task")
            || error.message.contains("default -> get_task -> default"),
        "{error}"
    );
    assert!(rules(&[("get_image", "not rule:get_image")]).is_err());
}

#[test]
fn an_explanation_names_every_check_and_its_answer() {
    let caller = Caller { project_id: Some("p1".to_owned()), roles: ["member".to_owned()].into(), ..Caller::default() };
    let target = Target { project_id: Some("p2"), ..Target::default() };
    assert_eq!(
        Rules::defaults().explain("modify_image", &caller, &target).unwrap(),
        "modify_image: denied\n\
         \x20 no  any of\n\
         \x20   no  rule:context_is_admin\n\
         \x20     no  role:admin (the caller has: member)\n\
         \x20   no  all of\n\
         \x20     yes role:member (the caller has: member)\n\
         \x20     no  project_id:%(project_id)s (the caller's is \"p1\"; the target's is \"p2\")\n"
    );
}

#[test]
fn no_text_makes_the_parser_panic() {
    let words = [
        "(",
        ")",
        "and",
        "or",
        "not",
        "role:admin",
        "rule:default",
        "'",
        "\"",
        "%",
        "%(",
        "%(x)s",
        ":",
        " ",
        "@",
        "!",
        "é",
        "a:b",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut accepted = 0;
    for _ in 0..2_000 {
        let mut text = String::new();
        for _ in 0..8 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(words[(state >> 33) as usize % words.len()]);
            if state >> 63 == 0 {
                text.push(' ');
            }
        }
        match rules(&[("get_image", &text)]) {
            Ok(_) => accepted += 1,
            Err(error) => assert!(error.position.is_none_or(|at| at <= text.chars().count() + 1), "{text}"),
        }
    }
    assert!(accepted > 0);
}
