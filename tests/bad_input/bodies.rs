//! JSON that is none, or too much of it.

use crate::assert_serves_on;
use casement_tests::Gateway;
use serde_json::json;

const TOO_MUCH: usize = 9 << 20;

#[test]
fn malformed_json_is_refused_on_every_route_that_takes_json() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create(&json!({}));
    let deep = "[".repeat(100_000);
    for body in ["{", "{\"a\":}", "[1,]", "nul", "{\"name\": \"\\ud800\"}", "\u{0}", &deep] {
        let shown = &body[..body.len().min(20)];
        let answer = member.request("POST", "/v2/images").body(body.as_bytes());
        assert_eq!(answer.status, 400, "POST {shown}: {answer:?}");
        let patch = member.request("PATCH", &format!("/v2/images/{id}"));
        let answer = patch.header("Content-Type", "application/openstack-images-v2.1-json-patch").body(body.as_bytes());
        assert_eq!(answer.status, 400, "PATCH {shown}: {answer:?}");
    }
    assert_serves_on(&gateway);
}

#[test]
fn nine_megabytes_of_json_are_too_much() {
    let gateway = Gateway::builder().start();
    let body = json!({"name": "x".repeat(TOO_MUCH)}).to_string();
    for framing in [format!("Content-Length: {}", body.len()), "Transfer-Encoding: chunked".to_owned()] {
        let mut raw = gateway.raw();
        let head = raw.head("POST", "/v2/images", &[&framing]);
        raw.send(&head);
        if framing.starts_with('T') {
            raw.try_send(format!("{:x}\r\n", body.len()).as_bytes()).ok();
        }
        raw.try_send(body.as_bytes()).ok();
        let answer = raw.answer().unwrap();
        assert_eq!(answer.status, 413, "{framing}: {answer:?}");
    }
    assert!(gateway.images().is_empty());
    assert_serves_on(&gateway);
}
