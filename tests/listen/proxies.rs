//! What is believed of proxies, and of those who only say that they are some.

use crate::{Authority, Curl, with_tls};
use casement_tests::{Gateway, eventually_true};
use serde_json::json;

const FORWARDED: [&str; 3] =
    ["X-Forwarded-For: 198.51.100.1, 203.0.113.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: images.example.org"];

/// Where links lead, for a request with these headers.
fn link(gateway: &Gateway, headers: &[&str]) -> String {
    let mut raw = gateway.raw();
    let head = raw.head("GET", "/versions", headers);
    raw.send(&head);
    raw.answer().unwrap().json()["versions"][0]["links"][0]["href"].as_str().unwrap().to_owned()
}

#[test]
fn a_trusted_proxy_tells_scheme_host_and_client() {
    let gateway = Gateway::builder().server("trusted_proxies = [\"127.0.0.0/8\"]").start();
    assert_eq!(link(&gateway, &FORWARDED), "https://images.example.org/v2/");
    eventually_true("the client is in the log", || gateway.log().text().contains("client=203.0.113.7"));
    assert_eq!(link(&gateway, &[]), "http://gateway/v2/");
    let member = gateway.member();
    let created = member.request("POST", "/v2/images").header("X-Forwarded-Proto", "https");
    let created = created.json(&json!({"name": "n"})).expect(201);
    assert!(created.header("Location").unwrap().starts_with("https://"), "{created:?}");
}

#[test]
fn a_public_endpoint_stands_above_what_proxies_say() {
    let builder = Gateway::builder().server("trusted_proxies = [\"127.0.0.1\"]");
    let gateway = builder.server("public_endpoint = \"https://public.example.org/image\"").start();
    assert_eq!(link(&gateway, &FORWARDED), "https://public.example.org/image/v2/");
}

#[test]
fn nobody_else_is_believed() {
    for trusted in ["", "trusted_proxies = [\"192.0.2.0/24\"]"] {
        let gateway = Gateway::builder().server(trusted).start();
        assert_eq!(link(&gateway, &FORWARDED), "http://gateway/v2/");
        eventually_true("the request is in the log", || gateway.log().text().contains("path=\"/versions\""));
        assert!(!gateway.log().text().contains("203.0.113.7"));
    }
}

/// A header of version 2 that names 203.0.113.7 as the client.
const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xcb\x00\x71\x07\xc0\x00\x02\x01\xd7\x53\x24\x4c";
const V1: &[u8] = b"PROXY TCP4 203.0.113.7 192.0.2.1 55123 9292\r\n";

#[test]
fn the_proxy_protocol_tells_the_client() {
    for header in [V1, V2] {
        let builder = Gateway::builder().server("trusted_proxies = [\"127.0.0.1\"]").server("proxy_protocol = true");
        let gateway = builder.start();
        let mut raw = gateway.raw();
        let head = raw.head("GET", "/v2/images", &[]);
        raw.send(&[header, &head].concat());
        raw.answer().unwrap().expect(200);
        eventually_true("the client is in the log", || gateway.log().text().contains("peer=203.0.113.7:55123"));
    }
}

#[test]
fn a_connection_without_a_good_header_is_cut() {
    let gateway =
        Gateway::builder().server("trusted_proxies = [\"127.0.0.1\"]").server("proxy_protocol = true").start();
    for beginning in
        [&b"GET /v2/images HTTP/1.1\r\nHost: h\r\n\r\n"[..], b"PROXY nonsense\r\n", b"PROX", b"", &V2[..13]]
    {
        let mut raw = gateway.raw();
        raw.send(beginning);
        assert!(raw.is_closed(), "{beginning:?}");
    }
    assert!(!gateway.log().text().contains("casement::access"));
}

#[test]
fn the_proxy_protocol_of_a_stranger_is_cut_with_a_word_in_the_log() {
    let gateway =
        Gateway::builder().server("trusted_proxies = [\"192.0.2.0/24\"]").server("proxy_protocol = true").start();
    let mut raw = gateway.raw();
    let head = raw.head("GET", "/v2/images", &[]);
    // The gateway may be gone before it came.
    raw.try_send(&[V1, &head].concat()).ok();
    assert!(raw.is_closed());
    eventually_true("the log says why", || gateway.log().text().contains("none of server.trusted_proxies"));
    assert!(!gateway.log().text().contains("203.0.113.7"));
}

#[test]
fn the_proxy_protocol_goes_before_tls() {
    if !Curl::is_there("the_proxy_protocol_goes_before_tls") {
        return;
    }
    let builder =
        with_tls(&Authority::new(), "").server("trusted_proxies = [\"127.0.0.1\"]").server("proxy_protocol = true");
    let gateway = builder.start();
    let [_, tls] = gateway.urls::<2>();
    for version in ["--http1.1", "--http2"] {
        let curl = Curl::new(&format!("{tls}/v2/images")).trusting(&gateway).args([version, "--haproxy-protocol"]);
        assert_eq!(curl.run().status, 200);
    }
}
