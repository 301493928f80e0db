//! Connections that are used badly.

use crate::assert_serves_on;
use casement_tests::{Gateway, Pattern};

const MIB: u64 = 1 << 20;

#[test]
fn two_hundred_kilobytes_of_headers_are_too_many() {
    let gateway = Gateway::builder().start();
    let one = format!("X-Long: {}", "x".repeat(200 * 1024));
    let many: Vec<String> = (0..2000).map(|n| format!("X-Many-{n}: {}", "x".repeat(90))).collect();
    for headers in [vec![one.as_str()], many.iter().map(String::as_str).collect()] {
        let mut raw = gateway.raw();
        let head = raw.head("GET", "/v2/images", &headers);
        raw.try_send(&head).ok();
        assert_eq!(raw.answer().map(|answer| answer.status), Some(431), "{} headers", headers.len());
        assert!(raw.is_closed());
    }
    assert_serves_on(&gateway);
}

#[test]
fn a_request_head_must_come_in_time() {
    let gateway = Gateway::builder().start();
    for beginning in ["", "GET /v2/ima", "GET /v2/images HTTP/1.1\r\nHost: gateway\r\n"] {
        let mut raw = gateway.raw();
        raw.send(beginning.as_bytes());
        assert!(raw.is_closed(), "{beginning:?}");
    }
    assert_serves_on(&gateway);
}

#[test]
fn what_is_no_http_is_refused() {
    let gateway = Gateway::builder().start();
    for nonsense in [
        "\u{16}\u{3}\u{1}\u{2}\u{0}\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
    ] {
        let mut raw = gateway.raw();
        raw.send(nonsense.as_bytes());
        if let Some(answer) = raw.answer() {
            assert!(matches!(answer.status, 400 | 505), "{nonsense:?}: {answer:?}");
        }
    }
    assert_serves_on(&gateway);
}

#[test]
fn a_path_cannot_lead_out_of_the_store() {
    let gateway = Gateway::builder().start();
    for path in [
        "/v2/images/../../etc/passwd/file",
        "/v2/images/..%2f..%2fetc%2fpasswd/file",
        "/v2/images/%2e%2e/file",
        "/v2/images/a%00b/file",
        "/v2/images/%ff/file",
    ] {
        let mut raw = gateway.raw();
        let head = raw.head("GET", path, &[]);
        raw.send(&head);
        assert_eq!(raw.answer().map(|answer| answer.status), Some(404), "{path}");
    }
    assert_serves_on(&gateway);
}

#[test]
fn one_connection_serves_many_requests() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create_raw("n");
    let mut raw = gateway.raw();
    for _ in 0..3 {
        let head = raw.head("GET", &format!("/v2/images/{id}"), &[]);
        raw.send(&head);
        raw.answer().unwrap().expect(200);
    }
    raw.begin_upload(&id, 3, &[]);
    raw.send(b"abc");
    raw.answer().unwrap().expect(204);
    let head = raw.head("GET", &format!("/v2/images/{id}/file"), &[]);
    raw.send(&head);
    assert_eq!(raw.answer().unwrap().expect(200).body, b"abc");
}

#[test]
fn clients_that_hardly_read_do_not_hinder_others_and_cost_no_memory() {
    let gateway = Gateway::builder().start();
    let data = Pattern::new(1, 64 * MIB);
    let id = gateway.member().create_raw("large");
    gateway.member().data_request(&id).stream(data.len(), data.reader()).unwrap().expect(204);
    let small = gateway.member().create_active("small", b"0123456789");
    let before = gateway.memory();

    let mut slow: Vec<_> = (0..8).map(|_| gateway.raw()).collect();
    for raw in &mut slow {
        let head = raw.head("GET", &format!("/v2/images/{id}/file"), &[]);
        raw.send(&head);
        assert!(raw.read_byte().is_some());
    }
    for _ in 0..20 {
        for raw in &mut slow {
            assert!(raw.read_byte().is_some());
        }
        assert_eq!(gateway.member().download(&small).expect(200).body, b"0123456789");
    }
    let grown = gateway.memory().saturating_sub(before);
    assert!(grown < 64 * MIB, "{} MiB more for eight slow clients", grown / MIB);
    drop(slow);
    assert_serves_on(&gateway);
}

#[test]
fn lengths_that_contradict_each_other_let_no_second_request_in() {
    let gateway = Gateway::builder().start();
    let smuggled = "GET /v2/info/import HTTP/1.1\r\nHost: gateway\r\n\r\n";
    for (lengths, body, status) in [
        (vec!["Content-Length: 2", "Content-Length: 5"], "{}", 400),
        (vec!["Content-Length: 2, 5"], "{}", 400),
        (vec!["Content-Length: -2"], "{}", 400),
        (vec!["Content-Length: 99999999999999999999"], "{}", 400),
        (vec!["Transfer-Encoding: identity"], "{}", 400),
        (vec!["Transfer-Encoding: chunked, gzip"], "2\r\n{}\r\n0\r\n\r\n", 400),
        (vec!["Transfer-Encoding : chunked"], "2\r\n{}\r\n0\r\n\r\n", 400),
        // Chunks win over a length, but nobody knows what a proxy before us took for the end.
        (vec!["Content-Length: 4", "Transfer-Encoding: chunked"], "2\r\n{}\r\n0\r\n\r\n", 201),
    ] {
        let mut raw = gateway.raw();
        let head = raw.head("POST", "/v2/images", &lengths);
        raw.send(&[&head, body.as_bytes(), smuggled.as_bytes()].concat());
        assert_eq!(raw.answer().map(|answer| answer.status), Some(status), "{lengths:?}");
        assert!(raw.answer().is_none(), "{lengths:?}");
    }
    assert_serves_on(&gateway);
}

#[test]
fn requests_sent_ahead_are_answered_in_their_order() {
    let gateway = Gateway::builder().start();
    let mut raw = gateway.raw();
    let create = [raw.head("POST", "/v2/images", &["Content-Length: 2"]), b"{}".to_vec()].concat();
    let [missing, stores] = ["/v2/images/nope", "/v2/info/stores"].map(|path| raw.head("GET", path, &[]));
    raw.send(&[missing, create, stores].concat());
    let statuses = [(); 3].map(|()| raw.answer().unwrap().status);
    assert_eq!(statuses, [404, 201, 200]);
    assert_serves_on(&gateway);
}

#[test]
fn a_client_that_asks_before_it_sends_is_told_whether_to() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create_raw("n");
    let ask = "Expect: 100-continue";
    let mut raw = gateway.raw();
    raw.begin_upload(&id, 3, &[ask]);
    raw.answer().unwrap().expect(100);
    raw.send(b"abc");
    raw.answer().unwrap().expect(204);
    raw.begin_upload(&id, 3, &[ask]);
    raw.answer().unwrap().expect(409);
    raw.finish();
    assert!(raw.is_closed());
    assert_serves_on(&gateway);
}
