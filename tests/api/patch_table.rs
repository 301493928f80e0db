//! Every operation on every base property, held against the answers of Glance 33.

use casement_tests::{Client, Gateway};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const CASES: &str = include_str!("golden/patch.json");

fn image(member: &Client, state: &str) -> String {
    let body = json!({"name": "n", "disk_format": "raw", "container_format": "bare", "tags": ["a"], "foo": "bar"});
    let id = member.create(&body);
    if state == "active" {
        member.upload(&id, b"0123456789").expect(204);
    }
    id
}

#[test]
fn every_operation_on_every_base_property_in_both_dialects_has_glances_answer() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let cases: Vec<Value> = serde_json::from_str(CASES).unwrap();
    assert!(cases.len() > 500);
    let mut differing = Vec::new();
    let mut id = String::new();
    let mut of = String::new();
    for case in &cases {
        let (state, dialect) = (case["state"].as_str().unwrap(), case["dialect"].as_str().unwrap());
        if of != state {
            (id, of) = (image(&member, state), state.to_owned());
        }
        let answer = member
            .request("PATCH", &format!("/v2/images/{id}"))
            .header("Content-Type", &format!("application/openstack-images-v{dialect}-json-patch"))
            .json(&json!([case["operation"]]));
        let same = match case.get("message") {
            Some(message) => answer.message().replace(&id, "<id>") == message.as_str().unwrap(),
            None => after(&answer.json(), &case["operation"]) == case["after"],
        };
        if u64::from(answer.status) != case["status"].as_u64().unwrap() || !same {
            differing.push(format!("{case}\n  got {} {}", answer.status, answer.message()));
        }
        if answer.status == 200 {
            // The next case is about an image as it was before.
            of.clear();
        }
    }
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n"));
}

/// The value of the property that an operation was about. Tags have no order.
fn after(image: &Value, operation: &Value) -> Value {
    let path = ["path", "add", "replace", "remove"].iter().find_map(|key| operation.get(*key)).unwrap();
    let mut value = image.get(&path.as_str().unwrap()[1..]).cloned().unwrap_or_default();
    if let Some(tags) = value.as_array_mut() {
        tags.sort_by_key(Value::to_string);
    }
    value
}

#[test]
fn ten_thousand_operations_are_one_change_made_in_bounded_time() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create(&json!({"foo": "bar"}));
    let set = |n: u32| json!({"op": "replace", "path": "/foo", "value": n.to_string()});
    let began = Instant::now();
    let image = member.patch(&id, &(1..=10_000).map(set).collect()).expect(200).json();
    assert_eq!(image["foo"], "10000");
    // The last one cannot be, so none is made.
    let mut operations: Vec<Value> = (1..10_000).map(|_| set(1)).collect();
    operations.push(json!({"op": "remove", "path": "/nope"}));
    member.patch(&id, &operations.into()).expect(409);
    // Each adds a property, so the quota ends it.
    let add = |n: u32| json!({"op": "add", "path": format!("/key{n}"), "value": "v"});
    member.patch(&id, &(0..10_000).map(add).collect()).expect(413);
    let tags: Vec<String> = (0..128).map(|n| format!("tag {n}")).collect();
    let retag = json!({"op": "replace", "path": "/tags", "value": tags});
    member.patch(&id, &vec![retag; 400].into()).expect(200);
    assert_eq!(member.show(&id)["foo"], "10000");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn a_patch_larger_than_a_body_may_be_is_refused_whether_or_not_it_says_its_length() {
    let gateway = Gateway::builder().server("max_json_body_bytes = 10000").start();
    let member = gateway.member();
    let id = member.create(&json!({}));
    let operations = json!([{"op": "add", "path": "/foo", "value": "x".repeat(10_000)}]).to_string();
    let request = || {
        let path = format!("/v2/images/{id}");
        member.request("PATCH", &path).header("Content-Type", "application/openstack-images-v2.1-json-patch")
    };
    request().body(operations.as_bytes()).expect(413);
    assert_eq!(request().chunked(operations.as_bytes()).map_or(413, |answer| answer.status), 413);
    assert_eq!(member.show(&id).get("foo"), None);
}
