//! Stores that open and then fail on the way of the data.

use crate::{
    cases::{DATA, assert_clear, assert_good_store_serves, assert_usable, in_bounded_time, upload_to_bad},
    fixture::{Fixture, MEMORY, MISBEHAVING, PANICKING},
};
use casement_tests::{Gateway, Pattern, eventually};

/// Faults that the gateway sees through.
const HARMLESS: [&str; 2] = ["answers_twice", "answers_a_stranger"];
const HARMFUL: [&str; 6] =
    ["never_answers", "answers_after_cancel", "blocks", "no_reply", "garbage_code", "garbage_error"];

fn start(fixture: Fixture, config: &str, what: &str) -> Option<Gateway> {
    fixture.start(&format!("plugins::transfers: {what}"), config)
}

fn fault(fault: &str, at: &str) -> (String, String) {
    (format!("fault = \"{fault}\"\nat = \"{at}\""), format!("{fault} at {at}"))
}

#[track_caller]
fn assert_upload_fails(fixture: Fixture, config: &str, what: &str) {
    let Some(gateway) = start(fixture, config, what) else {
        return;
    };
    let id = gateway.member().create_raw("n");
    let answer = in_bounded_time(&gateway, what, |client| upload_to_bad(client, &id));
    assert_clear(&answer, what);
    assert_usable(&gateway, &id, what);
}

/// In and out: whole, or refused in words.
#[track_caller]
fn assert_upload_is_whole(fixture: Fixture, config: &str, what: &str) {
    let Some(gateway) = start(fixture, config, what) else {
        return;
    };
    let id = gateway.member().create_raw("n");
    let answer = in_bounded_time(&gateway, what, |client| upload_to_bad(client, &id));
    if answer.status == 204 {
        match gateway.member().download(&id) {
            answer if answer.status == 200 => assert_eq!(answer.body, DATA, "{what}"),
            answer => assert_clear(&answer, what),
        }
        assert_good_store_serves(&gateway, what);
    } else {
        assert_clear(&answer, what);
        assert_usable(&gateway, &id, what);
    }
}

#[track_caller]
fn assert_upload_succeeds(config: &str, what: &str) {
    let Some(gateway) = start(MISBEHAVING, config, what) else {
        return;
    };
    let id = gateway.member().create_raw("n");
    in_bounded_time(&gateway, what, |client| upload_to_bad(client, &id)).expect(204);
    assert_eq!(gateway.member().download(&id).expect(200).body, DATA, "{what}");
}

/// The data went in; it comes out whole, or the answer says that it does not.
#[track_caller]
fn assert_download_is_honest(fixture: Fixture, config: &str, what: &str) {
    let Some(gateway) = start(fixture, config, what) else {
        return;
    };
    let id = gateway.member().create_raw("n");
    upload_to_bad(&gateway.member(), &id).expect(204);
    let path = format!("/v2/images/{id}/file");
    let mut raw = gateway.raw();
    let head = raw.head("GET", &path, &[]);
    raw.send(&head);
    assert_good_store_serves(&gateway, what);
    match raw.answer() {
        // The length was promised before the store failed: a short body is how HTTP/1.1 says so.
        Some(answer) if answer.status == 200 => {
            let promised: usize = answer.header("Content-Length").unwrap().parse().unwrap();
            assert!(
                promised == DATA.len() && (answer.body.len() < promised || answer.body == DATA),
                "{what}: {answer:?}"
            );
        }
        Some(answer) => assert_clear(&answer, what),
        None => {}
    }
    assert_good_store_serves(&gateway, what);
}

#[test]
fn plugins_that_behave_hold_data() {
    for (fixture, what) in [(MEMORY, "memory"), (MISBEHAVING, "in C"), (PANICKING, "in Rust")] {
        let Some(gateway) = start(fixture, "", what) else { return };
        let data = Pattern::new(1, 3_000_001).bytes();
        let member = gateway.member();
        let id = member.create_raw("n");
        member.data_request(&id).header("X-Image-Meta-Store", "bad").body(&data).expect(204);
        assert!(member.download(&id).expect(200).body == data, "{what}");
        let part = member.request("GET", &format!("/v2/images/{id}/file")).header("Range", "bytes=1000000-2999999");
        assert!(part.send().expect(206).body == data[1_000_000..3_000_000], "{what}");
        member.delete(&format!("/v2/images/{id}")).expect(204);
    }
}

#[test]
fn panics_on_the_way_in() {
    for method in ["capabilities", "token"] {
        assert_upload_is_whole(PANICKING, &format!("panic_in = \"{method}\""), &format!("panics in {method}"));
    }
    for method in ["place", "create", "write", "commit"] {
        assert_upload_fails(PANICKING, &format!("panic_in = \"{method}\""), &format!("panics in {method}"));
    }
}

#[test]
fn panics_while_cleaning_up() {
    for method in ["abort", "drop", "discard", "list_staged"] {
        let what = format!("panics in {method}");
        let Some(gateway) = start(PANICKING, &format!("panic_in = \"{method}\""), &what) else {
            return;
        };
        let id = gateway.member().create_raw("n");
        let answer = in_bounded_time(&gateway, &what, |client| {
            let request = client.data_request(&id).header("X-Image-Meta-Store", "bad");
            request.header("x-openstack-image-size", "11").body(DATA)
        });
        assert_eq!(answer.status, 400, "{what}: {answer:?}");
        assert_usable(&gateway, &id, &what);
    }
}

#[test]
fn panics_on_the_way_out() {
    for method in ["read", "next"] {
        assert_download_is_honest(PANICKING, &format!("panic_in = \"{method}\""), &format!("panics in {method}"));
    }
}

#[test]
fn panics_beside_the_way_of_the_data() {
    for method in ["stat", "delete", "list", "copy", "format_location", "parse_location", "health", "usage"] {
        assert_upload_is_whole(PANICKING, &format!("panic_in = \"{method}\""), &format!("panics in {method}"));
    }
}

#[test]
fn contract_breaches_when_a_writer_is_opened() {
    for name in HARMFUL.iter().chain(&["null_handle", "short_reply"]) {
        let (config, what) = fault(name, "open_write");
        assert_upload_fails(MISBEHAVING, &config, &what);
    }
}

#[test]
fn contract_breaches_when_data_is_written() {
    for name in HARMFUL.iter().chain(&["garbage_end", "long_error"]) {
        let (config, what) = fault(name, "write");
        assert_upload_fails(MISBEHAVING, &config, &what);
    }
}

#[test]
fn contract_breaches_when_data_is_committed() {
    for name in HARMFUL {
        let (config, what) = fault(name, "commit");
        assert_upload_fails(MISBEHAVING, &config, &what);
    }
}

#[test]
fn contract_breaches_that_need_not_matter() {
    for at in ["open_write", "write", "commit", "abort", "stat", "health", "list_staged"] {
        for name in HARMLESS {
            let (config, what) = fault(name, at);
            assert_upload_succeeds(&config, &what);
        }
    }
    // Where a handle is due, a wrong one crashes the plugin itself, and no host can help that.
    for at in ["write", "commit", "abort", "stat", "health"] {
        let (config, what) = fault("unasked_handle", at);
        assert_upload_succeeds(&config, &what);
    }
}

#[test]
fn contract_breaches_when_data_is_read() {
    for at in ["open_read", "next"] {
        for name in HARMFUL.iter().chain(&HARMLESS).chain(&["null_data", "huge_data", "no_data", "short_reply"]) {
            let (config, what) = fault(name, at);
            assert_download_is_honest(MISBEHAVING, &config, &what);
        }
    }
}

#[test]
fn contract_breaches_when_data_is_deleted() {
    for name in HARMFUL {
        let (config, what) = fault(name, "delete");
        let Some(gateway) = start(MISBEHAVING, &config, &what) else {
            return;
        };
        let id = gateway.member().create_raw("n");
        upload_to_bad(&gateway.member(), &id).expect(204);
        in_bounded_time(&gateway, &what, |client| client.delete(&format!("/v2/images/{id}")));
        assert_good_store_serves(&gateway, &what);
    }
}

#[test]
fn what_a_plugin_logs_bears_the_id_of_the_request_that_it_was_asked_for() {
    let config = "panic_in = \"commit\"";
    let Some(gateway) = start(PANICKING, config, "logs with the id of the request") else { return };
    let id = gateway.member().create_raw("n");
    let member = gateway.member();
    let upload = member.data_request(&id).header("X-Image-Meta-Store", "bad");
    assert_clear(&upload.header("X-OpenStack-Request-ID", "req-of-the-upload").body(DATA), config);
    let line = eventually("the plugin's line", || {
        let log = gateway.log().text();
        let line = log.lines().find(|line| line.contains("told to panic in commit") && line.contains("module"));
        line.map(str::to_owned).ok_or(log)
    });
    assert!(line.contains("req-of-the-upload") && line.contains("store=\"bad\""), "{line}");
}
