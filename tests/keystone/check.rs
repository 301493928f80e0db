//! `casement check` tells whether Keystone can be asked.

use crate::common::{builder, identity, keystone};
use casement_tests::{Gateway, Run};

fn check(lines: &str) -> Run {
    Gateway::builder().identity(lines).filesystem("local", None, "default = true").check()
}

#[test]
fn a_keystone_that_answers_is_told() {
    let Some(keystone) = keystone("a_keystone_that_answers_is_told") else { return };
    let run = builder(keystone, "").filesystem("local", None, "default = true").check();
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert!(run.text.contains(&format!("ok       keystone       {}", keystone.auth_url())), "{}", run.text);
}

#[test]
fn what_keeps_the_gateway_from_asking_is_told_without_the_secret() {
    let Some(keystone) = keystone("what_keeps_the_gateway_from_asking") else { return };
    let good = identity(keystone, keystone.auth_url(), "tries = 1");
    let password = format!("password = \"{}\"", keystone.password());
    for (lines, wanted) in [
        (good.replace(&password, "password = \"wrong-pass-word\""), "401 to the login of this service"),
        (good.replace("\"service\"", "\"nowhere\""), "401 to the login of this service"),
        (good.replace(keystone.auth_url(), "http://127.0.0.1:9"), "Keystone cannot be reached"),
        (good.replace("/v3", "/nothing"), "is `auth_url` that of Keystone?"),
    ] {
        let run = check(&lines);
        assert_eq!(run.code, Some(75), "{}", run.text);
        assert!(run.text.contains(wanted), "{wanted}: {}", run.text);
        assert!(!run.text.contains("wrong-pass-word"), "{}", run.text);
    }
}

#[test]
fn a_secret_that_cannot_be_read_is_a_mistake_in_the_configuration() {
    let Some(keystone) = keystone("a_secret_that_cannot_be_read") else { return };
    let good = identity(keystone, keystone.auth_url(), "");
    let password = format!("password = \"{}\"", keystone.password());
    let run = check(&good.replace(&password, "password_file = \"nowhere\""));
    assert_eq!(run.code, Some(78), "{}", run.text);
    assert!(run.text.contains("`identity.keystone.password_file` cannot be read"), "{}", run.text);
}
