//! What one caller may ask for.

use crate::{Authority, Curl, with_tls};
use casement_tests::{Gateway, Pattern, eventually, eventually_true};

const MIB: u64 = 1 << 20;
const SLOWLY: &str = "[server.caller_limits]\nrequests_per_second = 1\nrequest_burst = 3\n";

#[test]
fn a_project_that_asks_too_often_is_told_when_to_come_again_and_others_are_not() {
    let gateway = Gateway::builder().more(SLOWLY).start();
    // The reader is of the member's project.
    let ours = [gateway.member(), gateway.reader()];
    let refused = eventually("the limit is reached", || {
        let answers = ours.each_ref().map(|client| client.get("/v2/images"));
        answers.into_iter().find(|answer| answer.status != 200).ok_or_else(|| "not yet".into())
    });
    let refused = refused.refused("too often", 429, "You may make 1 requests in a second.");
    assert_eq!(refused.header("Retry-After"), Some("1"), "{refused:?}");
    assert_eq!(refused.json()["code"], "429 Too Many Requests");
    assert_eq!(refused.json()["title"], "Too Many Requests");
    gateway.other().get("/v2/images").expect(200);
    gateway.nobody().get("/healthcheck").expect(200);
    eventually_true("the member may ask again", || gateway.member().get("/v2/images").status == 200);
}

#[test]
fn strangers_are_counted_by_their_address() {
    let gateway = Gateway::builder().server("trusted_proxies = [\"127.0.0.1\"]").more(SLOWLY).start();
    let from = |address: &str| {
        let stranger = gateway.bearer("wrong");
        stranger.request("GET", "/v2/images").header("X-Forwarded-For", address).send().status
    };
    eventually_true("the limit is reached", || from("203.0.113.7") == 429);
    assert_eq!(from("203.0.113.8"), 401);
    gateway.member().get("/v2/images").expect(200);
}

#[test]
fn without_identities_callers_are_addresses() {
    let builder = Gateway::builder().identity("mode = \"none\"").server("trusted_proxies = [\"127.0.0.1\"]");
    let gateway = builder.more(SLOWLY).start();
    let from =
        |address: &str| gateway.nobody().request("GET", "/v2/images").header("X-Forwarded-For", address).send().status;
    eventually_true("the limit is reached", || from("203.0.113.7") == 429);
    assert_eq!(from("203.0.113.8"), 200);
}

#[test]
fn a_transfer_too_many_is_refused_until_another_ends() {
    let gateway = Gateway::builder().more("[server.caller_limits]\ntransfers = 1\n").start();
    let member = gateway.member();
    let data = Pattern::new(1, 32 * MIB);
    let id = member.create_raw("large");
    member.data_request(&id).stream(data.len(), data.reader()).unwrap().expect(204);
    let mut stalled = gateway.raw();
    let head = stalled.head("GET", &format!("/v2/images/{id}/file"), &[]);
    stalled.send(&head);
    assert!(stalled.read_byte().is_some());

    let refused =
        member.download(&id).refused("a second transfer", 429, "You have 1 transfers of image data under way…");
    assert_eq!(refused.header("Retry-After"), Some("5"), "{refused:?}");
    let next = member.create_raw("n");
    member.upload(&next, b"0123456789").expect(429);
    assert_eq!(member.status(&next), "queued");
    gateway.other().get("/v2/images").expect(200);

    drop(stalled);
    eventually_true("the upload is taken", || member.upload(&next, b"0123456789").status == 204);
    gateway.assert_settled();
}

#[test]
fn the_limits_hold_over_http_2_too() {
    if !Curl::is_there("the_limits_hold_over_http_2_too") {
        return;
    }
    let gateway = with_tls(&Authority::new(), "").more(SLOWLY).start();
    let [_, tls] = gateway.urls::<2>();
    let url = format!("{tls}/v2/images");
    // One connection for all.
    let mut curl = Curl::new(&url).trusting(&gateway);
    for _ in 0..5 {
        curl = curl.args([&url]);
    }
    let outcome = curl.run();
    // The answers after the first one.
    let more = String::from_utf8_lossy(&outcome.body);
    assert!(outcome.status == 200 && more.contains("HTTP/2 429"), "{outcome:?}{more}");
}
