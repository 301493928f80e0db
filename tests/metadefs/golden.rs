//! Calls and what Glance 33 answered to them, in the order in which they were made.

use casement_tests::{Answer, Client, Gateway};
use serde_json::{Map, Value, json};

fn replay(recorded: &str) {
    let gateway = Gateway::builder().start();
    let calls: Vec<Value> = serde_json::from_str(recorded).unwrap();
    assert!(calls.len() > 25);
    for call in &calls {
        let answer = send(&client(&gateway, call["who"].as_str().unwrap()), call);
        hold(&answer, call, &gateway);
    }
}

fn client(gateway: &Gateway, who: &str) -> Client {
    match who {
        "admin" => gateway.admin(),
        "member" => gateway.member(),
        "reader" => gateway.reader(),
        "other" => gateway.other(),
        "stranger" => gateway.stranger(),
        other => panic!("nobody is called {other}"),
    }
}

fn send(client: &Client, call: &Value) -> Answer {
    let mut request = client.request(call["method"].as_str().unwrap(), call["path"].as_str().unwrap());
    for (name, value) in call["headers"].as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap());
    }
    match (&call["body"], &call["raw"]) {
        (Value::Null, Value::Null) if matches!(call["method"].as_str(), Some("GET" | "DELETE")) => request.send(),
        (Value::Null, Value::Null) => request.body(b""),
        (Value::Null, raw) => request.body(raw.as_str().unwrap().as_bytes()),
        (body, _) => request.json(body),
    }
}

fn hold(answer: &Answer, call: &Value, gateway: &Gateway) {
    let what = format!("{} {} {} {}", call["who"], call["method"], call["path"], call["body"]);
    let status = u16::try_from(call["status"].as_u64().unwrap()).unwrap();
    if let Some(message) = call["message"].as_str() {
        answer.clone().refused(&what, status, message);
    }
    assert_eq!(answer.status, status, "{what}\n{answer:?}");
    if let Some(wanted) = call.get("answer") {
        assert_eq!(&masked(&answer.json()), wanted, "{what}");
    }
    let place = call["location"].as_str().map(|path| format!("http://{}{path}", gateway.address()));
    assert_eq!(answer.header("Location"), place.as_deref(), "{what}");
    assert_eq!(answer.header("Allow"), call["allow"].as_str(), "{what}");
    if let Some(kind) = call["type"].as_str() {
        assert_eq!(answer.header("Content-Type"), Some(kind), "{what}");
    }
}

/// Times are of the moment.
fn masked(value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let masked = entries.iter().map(|(name, value)| match name.as_str() {
                "created_at" | "updated_at" => (name.clone(), json!("<time>")),
                _ => (name.clone(), masked(value)),
            });
            Value::Object(masked.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(masked).collect(),
        other => other.clone(),
    }
}

#[test]
fn namespaces_answer_as_those_of_glance() {
    replay(include_str!("golden/namespaces.json"));
}

#[test]
fn resource_types_answer_as_those_of_glance() {
    replay(include_str!("golden/resource_types.json"));
}

#[test]
fn properties_answer_as_those_of_glance() {
    replay(include_str!("golden/properties.json"));
}

#[test]
fn objects_answer_as_those_of_glance() {
    replay(include_str!("golden/objects.json"));
}

#[test]
fn tags_answer_as_those_of_glance() {
    replay(include_str!("golden/tags.json"));
}

#[test]
fn every_route_tells_which_methods_it_knows() {
    replay(include_str!("golden/methods.json"));
}
