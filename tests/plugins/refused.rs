//! Plugins that do not get as far as being used: their store is listed with the reason.

use crate::{
    cases::{assert_clear, assert_usable, in_bounded_time, upload_to_bad},
    fixture::{CHANGED_LAYOUT, Fixture, MISBEHAVING, PANICKING},
};

#[track_caller]
fn assert_unavailable(fixture: Fixture, config: &str, what: &str) {
    let Some(builder) = fixture.builder(&format!("plugins::refused: {what}"), config) else {
        return;
    };
    let gateway = builder.start();
    let listed = gateway.member().get("/v2/info/stores").expect(200).json();
    let bad = listed["stores"].as_array().unwrap().iter().find(|store| store["id"] == "bad").unwrap();
    assert!(bad["unavailable"].as_str().is_some_and(|reason| !reason.is_empty()), "{what}: {listed:#}");

    let id = gateway.member().create_raw("n");
    let answer = in_bounded_time(&gateway, what, |client| upload_to_bad(client, &id));
    assert_clear(&answer, what);
    assert_usable(&gateway, &id, what);
}

#[test]
fn descriptors_that_are_wrong() {
    assert_unavailable(CHANGED_LAYOUT, "", "changed layout");
    for (file, define) in [
        ("misbehaving_wrong_major", "FAULT_WRONG_MAJOR"),
        ("misbehaving_short_descriptor", "FAULT_SHORT_DESCRIPTOR"),
        ("misbehaving_no_descriptor", "FAULT_NO_DESCRIPTOR"),
        ("misbehaving_no_destroy", "FAULT_NO_DESTROY"),
        ("misbehaving_short_extension", "FAULT_SHORT_EXTENSION"),
    ] {
        assert_unavailable(Fixture::with_bad_descriptor(file, define), "", file);
    }
}

#[test]
fn a_plugin_in_c_is_taken_only_when_the_operator_says_so() {
    let Some(builder) = MISBEHAVING.builder("plugins::refused: abi", "") else {
        return;
    };
    let text = builder.config().replace("abi = \"c\"", "");
    let run = builder.check_text(&text);
    assert!(run.text.contains("abi = \"c\""), "{}", run.text);
}

#[test]
fn stores_that_do_not_open() {
    assert_unavailable(PANICKING, "panic_in = \"open\"", "panics in open");
    for fault in [
        "never_answers",
        "answers_after_cancel",
        "blocks",
        "no_reply",
        "short_reply",
        "garbage_code",
        "garbage_error",
        "null_handle",
    ] {
        assert_unavailable(MISBEHAVING, &format!("fault = \"{fault}\"\nat = \"open\""), &format!("{fault} at open"));
    }
}
