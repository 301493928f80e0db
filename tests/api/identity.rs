//! Who a caller is when no token of ours says it: a front proxy's word, or nobody at all.

use casement_tests::{Answer, Gateway};
use serde_json::json;
use std::time::Duration;

const BEHIND_A_PROXY: &str = "mode = \"headers\"\n[identity.headers]\ntrusted_proxies = [\"127.0.0.0/8\"]";

fn send(gateway: &Gateway, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let nobody = gateway.nobody();
    let request = nobody.request(method, path);
    headers.iter().fold(request, |request, (name, value)| request.header(name, value)).body(b"")
}

fn get(gateway: &Gateway, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(gateway, "GET", path, headers)
}

const ALICE: [(&str, &str); 4] =
    [("X-Identity-Status", "Confirmed"), ("X-User-Id", "alice"), ("X-Project-Id", "p1"), ("X-Roles", "member")];

#[test]
fn a_front_proxy_says_who_the_caller_is() {
    let gateway = Gateway::builder().identity(BEHIND_A_PROXY).start();
    let nobody = gateway.nobody();
    let request = nobody.request("POST", "/v2/images");
    let request = ALICE.iter().fold(request, |request, (name, value)| request.header(name, value));
    let image = request.json(&json!({"name": "n"})).expect(201).json();
    assert_eq!(image["owner"], "p1");

    let path = format!("/v2/images/{}", image["id"].as_str().unwrap());
    get(&gateway, &path, &ALICE).expect(200);
    let others = [ALICE[0], ("X-User-Id", "bob"), ("X-Project-Id", "p2"), ("X-Roles", "member,reader")];
    get(&gateway, &path, &others).expect(404);
    let admin = [ALICE[0], ("X-User-Id", "root"), ("X-Project-Id", "p9"), ("X-Roles", "Admin")];
    get(&gateway, &path, &admin).expect(200);
    send(&gateway, "DELETE", &path, &[ALICE[0], ALICE[2], ("X-Roles", "reader")]).expect(403);
    send(&gateway, "DELETE", &path, &ALICE).expect(204);
}

#[test]
fn what_the_proxy_has_not_confirmed_is_turned_away() {
    let gateway = Gateway::builder().identity(BEHIND_A_PROXY).start();
    let without_status = &ALICE[1..];
    get(&gateway, "/v2/images", without_status).expect(401);
    for status in ["Invalid", "confirmed", ""] {
        let headers = [&[("X-Identity-Status", status)], without_status].concat();
        let refused = get(&gateway, "/v2/images", &headers).expect(401);
        assert_eq!(refused.header("WWW-Authenticate"), Some("Keystone uri=\"\""));
    }
}

#[test]
fn only_a_listed_proxy_is_believed() {
    let elsewhere = "mode = \"headers\"\n[identity.headers]\ntrusted_proxies = [\"192.0.2.7\", \"2001:db8::/32\"]";
    let gateway = Gateway::builder().identity(elsewhere).start();
    get(&gateway, "/v2/images", &ALICE).expect(401);
    let told = gateway.log().wait_for("not one of identity.headers.trusted_proxies", Duration::from_secs(10));
    assert!(told.is_some_and(|line| line.contains("127.0.0.1")), "{}", gateway.log().text());
}

#[test]
fn system_and_domain_scope_come_through_the_proxy() {
    let gateway = Gateway::builder().identity(BEHIND_A_PROXY).start();
    let roles = ("X-Roles", "admin");
    for scope in [("OpenStack-System-Scope", "all"), ("X-Domain-Id", "d1")] {
        get(&gateway, "/v2/images", &[ALICE[0], ALICE[1], scope, roles]).expect(403);
    }
    get(&gateway, "/v2/images", &[ALICE[0], ALICE[1], ALICE[2], ("X-Domain-Id", ""), roles]).expect(200);
}

#[test]
fn where_tokens_count_a_proxy_s_headers_mean_nothing() {
    let gateway = Gateway::builder().start();
    get(&gateway, "/v2/images", &ALICE).expect(401);
    let reader = gateway.reader();
    let request = ALICE[..3]
        .iter()
        .fold(reader.request("POST", "/v2/images"), |request, (name, value)| request.header(name, value));
    request.header("X-Roles", "admin").json(&json!({})).expect(403);
}

#[test]
fn an_anonymous_caller_looks_where_that_is_allowed_and_changes_nothing() {
    let allowed = format!("allow_anonymous_access = true\n{BEHIND_A_PROXY}");
    let gateway = Gateway::builder().identity(&allowed).start();
    let nobody = gateway.nobody();
    // The default rules want a reader; they are asked, and that is the point.
    nobody.get("/v2/images").expect(403);
    nobody.get("/v2/info/import").expect(200);
    nobody.get("/v2/schemas/image").expect(200);
    nobody.post("/v2/images", &json!({"name": "n"})).expect(403);
    get(&gateway, "/v2/images", &ALICE).expect(200);
}
