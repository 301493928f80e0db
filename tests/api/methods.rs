//! Which methods each path knows: as Glance 33 answers, observed.

use casement_tests::{Answer, Client, Gateway};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "BREW"];

/// `ID` stands for an image that there is not: what a path knows does not depend on it.
const IMAGES: [(&str, &str); 19] = [
    ("/v2/images", "GET, POST"),
    ("/v2/images/ID", "GET, PATCH, DELETE"),
    ("/v2/images/ID/file", "GET, PUT"),
    ("/v2/images/ID/actions/deactivate", "POST"),
    ("/v2/images/ID/actions/reactivate", "POST"),
    ("/v2/images/ID/tags/t", "PUT, DELETE"),
    ("/v2/images/ID/members", "GET, POST"),
    ("/v2/images/ID/members/p2", "GET, PUT, DELETE"),
    ("/v2/info/import", "GET"),
    ("/v2/info/stores", "GET"),
    ("/v2/schemas/image", "GET"),
    ("/v2/schemas/images", "GET"),
    ("/v2/schemas/member", "GET"),
    ("/v2/schemas/members", "GET"),
    ("/v2/schemas/task", "GET"),
    ("/v2/schemas/tasks", "GET"),
    ("/v2/schemas/metadefs/namespace", "GET"),
    ("/v2/schemas/metadefs/resource_types", "GET"),
    ("/v2/schemas/metadefs/tags", "GET"),
];

/// The other calls of Glance: each is served with all its methods, or not at all. Known and told methods differ where
/// Glance forgot one.
const OTHERS: [(&str, &str, &str); 17] = [
    ("/v2/images/ID/stage", "PUT", "PUT"),
    ("/v2/images/ID/import", "POST", "POST"),
    ("/v2/images/ID/locations", "GET, POST", "POST"),
    ("/v2/stores/local/ID", "DELETE", "DELETE"),
    ("/v2/info/stores/detail", "GET", "GET"),
    ("/v2/tasks", "GET, POST", "GET, POST"),
    ("/v2/metadefs/namespaces", "GET, POST", "GET, POST"),
    ("/v2/metadefs/namespaces/n", "GET, PUT, DELETE", "GET, PUT, DELETE"),
    ("/v2/metadefs/namespaces/n/objects", "GET, POST, DELETE", "GET, POST, DELETE"),
    ("/v2/metadefs/namespaces/n/objects/o", "GET, PUT, DELETE", "GET, PUT, DELETE"),
    ("/v2/metadefs/namespaces/n/properties", "GET, POST, DELETE", "GET, POST, DELETE"),
    ("/v2/metadefs/namespaces/n/properties/p", "GET, PUT, DELETE", "GET, PUT, DELETE"),
    ("/v2/metadefs/namespaces/n/tags", "GET, POST, DELETE", "GET, POST, DELETE"),
    ("/v2/metadefs/namespaces/n/tags/t", "GET, POST, PUT, DELETE", "GET, POST, PUT, DELETE"),
    ("/v2/metadefs/namespaces/n/resource_types", "GET, POST", "GET, POST"),
    ("/v2/metadefs/namespaces/n/resource_types/r", "DELETE", "DELETE"),
    ("/v2/metadefs/resource_types", "GET", "GET"),
];

/// Paths that a known method finds nothing at, and an unknown one nothing to do with.
const NOWHERE: [&str; 11] = [
    "/v2/",
    "/v2/nothing",
    "/v2/images/",
    "/v2/images/ID/actions/other",
    "/v2/images/ID/tags",
    "/v2/images/a%2Fb",
    "/v2/info",
    "/v2/stores/local",
    "/v2/schemas",
    "/v2/schemas/nothing",
    "/v2/schemas/metadefs/nothing",
];

const ID: &str = "7a3a1c0a-9c1f-4f0e-8d6e-0d1f3b0c2a11";

fn send(client: &Client, method: &str, path: &str) -> Answer {
    let request = client.request(method, &path.replace("ID", ID));
    if matches!(method, "HEAD" | "GET" | "DELETE") { request.send() } else { request.body(b"") }
}

fn assert_knows(client: &Client, path: &str, known: &str, allow: &str) {
    for method in METHODS {
        let answer = send(client, method, path);
        if known.split(", ").any(|name| name == method) {
            assert!(answer.status != 405 && answer.status != 501 && answer.status < 500, "{method} {path}: {answer:?}");
            continue;
        }
        assert_eq!((answer.status, answer.header("Allow")), (405, Some(allow)), "{method} {path}: {answer:?}");
        if method != "HEAD" {
            assert_eq!(answer.message(), format!("The method {method} is not allowed for this resource."));
        }
    }
}

#[test]
fn every_path_tells_the_methods_that_it_knows() {
    let gateway = Gateway::builder().start();
    for (path, allow) in IMAGES {
        assert_knows(&gateway.admin(), path, allow, allow);
    }
}

#[test]
fn a_call_is_served_with_all_its_methods_or_not_at_all() {
    let gateway = Gateway::builder().start();
    let admin = gateway.admin();
    for (path, known, allow) in OTHERS {
        let served = METHODS.iter().any(|method| !matches!(send(&admin, method, path).status, 404 | 501));
        if served {
            assert_knows(&admin, path, known, allow);
        }
    }
}

#[test]
fn a_path_that_is_none_knows_no_method_and_an_unknown_method_is_not_implemented() {
    let gateway = Gateway::builder().start();
    for path in NOWHERE {
        for method in METHODS {
            let answer = send(&gateway.member(), method, path);
            let wanted = if method == "BREW" { 501 } else { 404 };
            assert_eq!((answer.status, answer.header("Allow")), (wanted, None), "{method} {path}: {answer:?}");
        }
    }
}

#[test]
fn versions_are_told_whatever_the_method() {
    let gateway = Gateway::builder().start();
    for (path, status) in [("/", 300), ("/versions", 200), ("/v3/images", 300), ("/v2", 302)] {
        for method in METHODS {
            let answer = send(&gateway.member(), method, path);
            assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        }
    }
}

#[test]
fn a_stranger_learns_no_methods() {
    let gateway = Gateway::builder().start();
    for (path, _) in IMAGES {
        send(&gateway.nobody(), "BREW", path).expect(401);
    }
}
