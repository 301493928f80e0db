//! Cross-origin requests: answers that were observed on Glance 33 with oslo.middleware 8.2.0.

use casement_tests::{Answer, Gateway};

const HORIZON: &str = "https://horizon.example.com";
const EXPOSED: &str = "X-Image-Meta-Checksum,X-Auth-Token,X-Subject-Token,X-Service-Token,X-OpenStack-Request-ID";

fn site(cors: &str) -> Gateway {
    Gateway::builder().more(&format!("[cors]\n{cors}")).start()
}

fn usual() -> Gateway {
    site(&format!("allowed_origin = [\"{HORIZON}\", \"http://other.example:8080\"]"))
}

fn ask(gateway: &Gateway, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    headers
        .iter()
        .fold(gateway.nobody().request(method, path), |request, (name, value)| request.header(name, value))
        .send()
}

/// What is said about other origins, in alphabetical order.
fn shared(answer: &Answer) -> Vec<(String, String)> {
    let about = |name: &str| name.starts_with("access-control-") || name == "vary";
    let mut headers: Vec<_> = answer.headers.iter().filter(|(name, _)| about(name)).cloned().collect();
    headers.sort();
    headers
}

fn pairs(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_preflight_is_answered_before_anybody_asks_for_a_token() {
    let gateway = usual();
    let allowed = |origin: &str, method: &str, headers: &[(&str, &str)]| {
        let mut all = vec![
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-methods", method),
            ("access-control-allow-origin", origin),
            ("access-control-max-age", "3600"),
            ("vary", "Origin"),
        ];
        all.extend(headers);
        all.sort_unstable();
        pairs(&all)
    };
    let method = |method| ("Access-Control-Request-Method", method);
    let headers = |names| ("Access-Control-Request-Headers", names);
    for (asked, wanted) in [
        (vec![("Origin", HORIZON), method("GET")], allowed(HORIZON, "GET", &[])),
        (vec![("Origin", HORIZON), method("PUT"), headers("")], allowed(HORIZON, "PUT", &[])),
        (
            vec![("Origin", HORIZON), method("PATCH"), headers("x-auth-token, content-type")],
            allowed(HORIZON, "PATCH", &[("access-control-allow-headers", "x-auth-token,content-type")]),
        ),
        (
            vec![("Origin", "http://other.example:8080"), method("DELETE")],
            allowed("http://other.example:8080", "DELETE", &[]),
        ),
        (vec![("Origin", HORIZON), method("PATCH"), headers("x-auth-token,, X-Evil")], vec![]),
        (vec![("Origin", HORIZON), method("HEAD")], vec![]),
        (vec![("Origin", HORIZON), method("get")], vec![]),
        (vec![("Origin", HORIZON)], vec![]),
        (vec![("Origin", "http://evil.example"), method("GET")], vec![]),
        (vec![("Origin", "https://horizon.example.com/"), method("GET")], vec![]),
        (vec![("Origin", "HTTPS://horizon.example.com"), method("GET")], vec![]),
        (vec![("Origin", "null"), method("GET")], vec![]),
        (vec![method("GET")], vec![]),
    ] {
        for path in ["/v2/images", "/", "/v2", "/v2/nothing", "/v3/x", "/v2/images/x/file"] {
            let answer = ask(&gateway, "OPTIONS", path, &asked);
            assert_eq!((answer.status, answer.body.len()), (200, 0), "{path} {asked:?}: {answer:?}");
            assert_eq!(shared(&answer), wanted, "{path} {asked:?}");
        }
    }
}

#[test]
fn every_answer_to_a_page_that_is_let_in_says_so() {
    let gateway = usual();
    let wanted = pairs(&[
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-origin", HORIZON),
        ("access-control-expose-headers", EXPOSED),
        ("vary", "Origin"),
    ]);
    for (method, path, status) in
        [("GET", "/v2/images", 401), ("GET", "/versions", 200), ("GET", "/", 300), ("BREW", "/v2/images", 401)]
    {
        let answer = ask(&gateway, method, path, &[("Origin", HORIZON)]).expect(status);
        assert_eq!(shared(&answer), wanted, "{method} {path}");
        assert_eq!(shared(&ask(&gateway, method, path, &[("Origin", "http://evil.example")])), [], "{method} {path}");
        assert_eq!(shared(&ask(&gateway, method, path, &[])), [], "{method} {path}");
    }
    for (method, path, status) in [("GET", "/v2/images", 200), ("PUT", "/v2/images", 405), ("GET", "/v2/nothing", 404)]
    {
        let member = gateway.member();
        let request = member.request(method, path).header("Origin", HORIZON);
        let answer = if method == "PUT" { request.body(b"") } else { request.send() };
        assert_eq!(shared(&answer.expect(status)), wanted, "{method} {path}");
    }
    let long = [("Origin", HORIZON), ("X-Openstack-Request-ID", &*"x".repeat(65))];
    assert_eq!(shared(&ask(&gateway, "GET", "/v2/images", &long).expect(431)), wanted);
    assert_eq!(shared(&ask(&gateway, "GET", "/healthcheck", &[("Origin", HORIZON)]).expect(200)), []);
}

#[test]
fn a_site_can_let_in_everybody_and_say_less() {
    let gateway = site(
        "allowed_origin = [\"*\"]\nallow_credentials = false\nmax_age = 0\nexpose_headers = []\n\
                        allow_methods = [\"HEAD\"]\nallow_headers = [\"X-Own\"]\n",
    );
    let answer = ask(&gateway, "GET", "/versions", &[("Origin", "http://any.example")]);
    assert_eq!(shared(&answer), pairs(&[("access-control-allow-origin", "*"), ("vary", "Origin")]));
    let question = [
        ("Origin", "http://any.example"),
        ("Access-Control-Request-Method", "HEAD"),
        ("Access-Control-Request-Headers", "x-own"),
    ];
    let wanted = [
        ("access-control-allow-headers", "x-own"),
        ("access-control-allow-methods", "HEAD"),
        ("access-control-allow-origin", "*"),
        ("vary", "Origin"),
    ];
    assert_eq!(shared(&ask(&gateway, "OPTIONS", "/v2/images", &question)), pairs(&wanted));
}

#[test]
fn without_a_word_in_the_configuration_no_page_is_let_in() {
    let gateway = Gateway::builder().start();
    let question = [("Origin", HORIZON), ("Access-Control-Request-Method", "GET")];
    assert_eq!(shared(&ask(&gateway, "OPTIONS", "/v2/images", &question).expect(200)), []);
    assert_eq!(shared(&ask(&gateway, "GET", "/versions", &question)), []);
}
