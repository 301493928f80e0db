//! Whatever comes, the answer is an answer and no failure.

use casement_tests::Gateway;
use serde_json::{Value, json};

const NAMESPACES: &str = "/v2/metadefs/namespaces";

#[test]
fn ten_thousand_tags_are_taken_at_once_and_can_be_read_in_pages() {
    let gateway = Gateway::builder().start();
    let admin = gateway.admin();
    admin.post(NAMESPACES, &json!({"namespace": "n"})).expect(201);
    let tags: Vec<Value> = (0..10_000).map(|at| json!({"name": format!("tag {at}")})).collect();
    let path = format!("{NAMESPACES}/n/tags");
    admin.post(&path, &json!({ "tags": tags })).expect(201);
    let page = admin.get(&format!("{path}?limit=3&marker=tag%2010")).expect(200).json();
    assert_eq!(page, json!({"tags": [{"name": "tag 9"}, {"name": "tag 8"}, {"name": "tag 7"}]}));
    assert_eq!(admin.get(&path).expect(200).json()["tags"].as_array().unwrap().len(), 10_000);
    admin.delete(&path).expect(204);
    assert_eq!(admin.get(&path).expect(200).json(), json!({"tags": []}));
}

#[test]
fn nothing_that_a_client_sends_is_a_failure_of_the_service() {
    let gateway = Gateway::builder().start();
    let admin = gateway.admin();
    admin.post(NAMESPACES, &json!({"namespace": "n", "objects": [{"name": "o"}], "tags": [{"name": "t"}]})).expect(201);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let many = json!({"tags": vec![json!(1); 200_000]}).to_string();
    let bodies = [
        deep,
        many,
        "{\"namespace\": 1e999}".to_owned(),
        "{\"namespace\": \"\\ud83d\"}".to_owned(),
        "{\"namespace\": \"a\\u0000b\"}".to_owned(),
        "{\"name\": \"a\\u0000b\", \"type\": \"string\", \"title\": \"t\"}".to_owned(),
        "{\"name\": \"\u{1f600}\", \"type\": \"string\", \"title\": \"t\"}".to_owned(),
        "{\"name\": \"x\", \"type\": \"integer\", \"title\": \"t\", \"minimum\": 99999999999999999999999}".to_owned(),
        "{\"name\": \"x\", \"type\": \"integer\", \"title\": \"t\", \"enum\": [\"\u{1f600}\"]}".to_owned(),
        "{\"tags\": [{\"name\": \"a\\u0000\"}]}".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
    ];
    let paths = ["", "/n", "/n/properties", "/n/properties/p", "/n/objects", "/n/objects/o", "/n/tags", "/n/tags/t"];
    for path in
        paths.map(|path| format!("{NAMESPACES}{path}")).iter().chain([&format!("{NAMESPACES}/n/resource_types")])
    {
        for body in &bodies {
            for method in ["POST", "PUT"] {
                let answer = admin.request(method, path).body(body.as_bytes());
                let what = &body[..body.len().min(80)];
                assert!((400..500).contains(&answer.status), "{method} {path} {what}: {answer:?}");
            }
        }
    }
    for name in ["%00", "%F0%9F%98%80", "%27%22%3B--", "..", "%25", "%FF", &"x".repeat(5000)] {
        for path in ["", "/tags/x", "/objects/x", "/properties/x", "/resource_types/x"] {
            let path = format!("{NAMESPACES}/{name}{path}");
            for answer in [admin.get(&path), admin.delete(&path), admin.act("POST", &path)] {
                assert!((400..500).contains(&answer.status), "{path}: {answer:?}");
            }
        }
        for query in ["marker=", "sort_key=", "visibility=", "limit="] {
            let answer = admin.get(&format!("{NAMESPACES}?{query}{name}"));
            assert!((400..500).contains(&answer.status), "{query}{name}: {answer:?}");
        }
        admin.get(&format!("{NAMESPACES}?resource_types={name}")).expect(200);
    }
    let names = vec!["x"; 501].join(",");
    admin.get(&format!("{NAMESPACES}?resource_types={names}")).expect(400);
    admin.get(&format!("{NAMESPACES}/n")).expect(200);
}

#[test]
fn a_body_is_bounded_and_is_refused_where_none_belongs() {
    let gateway = Gateway::builder().start();
    let admin = gateway.admin();
    let large = format!("{{\"namespace\": \"{}\"}}", "x".repeat(2 << 20));
    admin.request("POST", NAMESPACES).body(large.as_bytes()).expect(413);
    admin.post(NAMESPACES, &json!({"namespace": "n"})).expect(201);
    for (method, path) in [
        ("GET", "/n"),
        ("DELETE", "/n"),
        ("GET", "/n/properties"),
        ("DELETE", "/n/objects"),
        ("POST", "/n/tags/t"),
        ("DELETE", "/n/resource_types/t"),
    ] {
        let answer = admin.request(method, &format!("{NAMESPACES}{path}")).body(b"{}");
        answer.refused(path, 400, "A body is not expected with this request.");
    }
    gateway.nobody().get(NAMESPACES).expect(401);
}
