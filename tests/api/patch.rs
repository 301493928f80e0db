use casement_tests::{Answer, Client, Gateway};
use serde_json::{Value, json};

const V2_0: &str = "application/openstack-images-v2.0-json-patch";
const SCHEMA: &str = "Provided object does not match schema 'image': …";
const ACCEPTED: &str = "application/openstack-images-v2.0-json-patch, application/openstack-images-v2.1-json-patch";

fn patch_2_0(client: &Client, id: &str, operations: &Value) -> Answer {
    client.request("PATCH", &format!("/v2/images/{id}")).header("Content-Type", V2_0).json(operations)
}

fn set(path: &str, value: &Value) -> Value {
    json!([{"op": "replace", "path": path, "value": value}])
}

fn add(path: &str, value: &str) -> Value {
    json!([{"op": "add", "path": path, "value": value}])
}

#[test]
fn every_writable_attribute_can_be_replaced() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create(&json!({"name": "n"}));
    for (key, value) in [
        ("name", json!("new")),
        ("name", json!(null)),
        ("disk_format", json!("qcow2")),
        ("container_format", json!("ovf")),
        ("visibility", json!("private")),
        ("visibility", json!("community")),
        ("protected", json!(true)),
        ("protected", json!(false)),
        ("os_hidden", json!(true)),
        ("min_ram", json!(512)),
        ("min_disk", json!(2_147_483_647)),
        ("tags", json!(["only"])),
        ("tags", json!([])),
    ] {
        let image = member.patch(&id, &set(&format!("/{key}"), &value)).expect(200).json();
        assert_eq!(image[key], value, "{key}");
        assert_eq!(member.show(&id)[key], value, "{key}");
    }
    assert_eq!(gateway.admin().patch(&id, &set("/owner", &json!("p2"))).expect(200).json()["owner"], "p2");
}

#[test]
fn properties_are_added_replaced_and_removed() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create(&json!({"name": "n"}));
    let apply = |operations: Value| member.patch(&id, &operations).expect(200).json();
    assert_eq!(apply(add("/foo", "bar"))["foo"], "bar");
    assert_eq!(apply(add("/foo", "bar2"))["foo"], "bar2");
    assert_eq!(apply(add("/name", "new"))["name"], "new");
    assert_eq!(apply(set("/foo", &json!("b3")))["foo"], "b3");
    assert_eq!(apply(add("/a~1b~0c", "x"))["a/b~c"], "x");
    assert_eq!(apply(json!([{"op": "remove", "path": "/foo"}])).get("foo"), None);
    assert_eq!(apply(json!([{"op": "remove", "path": "/a~1b~0c"}])).get("a/b~c"), None);
    let before = member.show(&id);
    assert_eq!(apply(json!([]))["name"], before["name"]);
}

#[test]
fn the_older_dialect_is_understood() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create(&json!({"name": "n"}));
    let apply = |operations: Value| patch_2_0(&member, &id, &operations);
    assert_eq!(apply(json!([{"replace": "/name", "value": "old"}])).expect(200).json()["name"], "old");
    assert_eq!(apply(json!([{"add": "/zz", "value": "old"}])).expect(200).json()["zz"], "old");
    assert_eq!(apply(json!([{"remove": "/zz"}])).expect(200).json().get("zz"), None);
    let conflict = "There was a conflict when trying to complete your request. Property name already present.";
    apply(json!([{"add": "/name", "value": "old"}])).refused("add over a base property", 409, conflict);
    apply(json!([{"add": "/zz", "remove": "/zz"}])).refused(
        "two operations in one",
        400,
        "Operation objects must contain only one member named \"add\", \"remove\", or \"replace\".",
    );
    apply(json!([{}])).refused(
        "none",
        400,
        "Operation objects must contain exactly one member named \"add\", \"remove\", or \"replace\".",
    );
}

#[test]
fn another_content_type_is_told_which_are_understood() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create(&json!({}));
    let path = format!("/v2/images/{id}");
    let member = gateway.member();
    let request = || member.request("PATCH", &path);
    let json = request().header("Content-Type", "application/json").body(b"[]");
    let json = json.refused("JSON", 415, "The request media type application/json is not supported by this server. …");
    assert_eq!(json.header("Accept-Patch"), Some(ACCEPTED));
    let none = request().body(b"[]").expect(415);
    assert_eq!(none.header("Accept-Patch"), Some(ACCEPTED));
    assert!(!none.text().contains("${"), "{none:?}");
}

#[test]
fn operations_that_cannot_be_are_refused_and_change_nothing() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create(&json!({"name": "n", "disk_format": "raw", "tags": ["a"], "foo": "bar"}));
    let before = member.show(&id);
    let read_only = |key: &str| format!("Attribute '{key}' is read-only.");
    let reserved = |key: &str| format!("Attribute '{key}' is reserved.");
    let denied = |text: &str| format!("Access was denied to this resource. {text}");
    let missing = "There was a conflict when trying to complete your request. Property nope does not exist.";
    let pointer = |pointer: &str| format!("Invalid JSON pointer for this resource: '{pointer}'");
    let value = json!("x");

    let mut cases = vec![
        (json!({}), 400, "Request body must be a JSON array of operation objects.".to_owned()),
        (json!([1]), 400, "Operations must be JSON objects.".into()),
        (
            json!([{"op": "test", "path": "/name", "value": "x"}]),
            400,
            "Invalid operation: `test`. It must be one of the following: add, remove, replace.".into(),
        ),
        (
            json!([{"path": "/name", "value": "x"}]),
            400,
            "Unable to find `op` in JSON Schema change. It must be one of the following: add, remove, replace.".into(),
        ),
        (json!([{"op": "add", "value": "x"}]), 400, "Unable to find 'path' in JSON Schema change".into()),
        (json!([{"op": "add", "path": "/x"}]), 400, "Operation \"add\" requires a member named \"value\".".into()),
        (add("name", "x"), 400, "Pointer `name` does not start with \"/\".".into()),
        (add("/a//b", "x"), 400, "Pointer `/a//b` contains adjacent \"/\".".into()),
        (add("/a/", "x"), 400, "Pointer `/a/` end with \"/\".".into()),
        (add("/a~2", "x"), 400, "Pointer `/a~2` contains \"~\" not part of a recognized escape sequence.".into()),
        (add("/a/b", "x"), 400, pointer("/a/b")),
        (add("/tags/-", "x"), 400, pointer("/tags/-")),
        (add("/", "x"), 400, "…".into()),
        (set("/nope", &value), 409, missing.into()),
        (json!([{"op": "remove", "path": "/nope"}]), 409, missing.into()),
        (json!([{"op": "remove", "path": "/name"}]), 403, denied("Property name may not be removed.")),
        (set("/owner", &json!("p2")), 403, denied("Owner can't be updated by non admin.")),
        (
            set("/visibility", &json!("public")),
            403,
            "You are not authorized to complete publicize_image action.".into(),
        ),
        (set("/visibility", &json!("weird")), 400, SCHEMA.into()),
        (set("/tags", &value), 400, SCHEMA.into()),
        (set("/min_ram", &json!("1")), 400, SCHEMA.into()),
        (set("/name", &json!("x".repeat(256))), 400, SCHEMA.into()),
        (set("/foo", &json!(5)), 400, SCHEMA.into()),
        (
            set("/min_disk", &json!(-1)),
            400,
            "Invalid value '-1' for parameter 'min_disk': Cannot be a negative value".into(),
        ),
        (
            json!([{"op": "replace", "path": "/disk_format", "value": "qcow2"}, {"op": "replace", "path": "/nope", "value": "q"}]),
            409,
            missing.into(),
        ),
    ];
    for key in [
        "id",
        "status",
        "created_at",
        "updated_at",
        "checksum",
        "size",
        "virtual_size",
        "os_hash_algo",
        "os_hash_value",
        "direct_url",
        "self",
        "file",
        "schema",
        "stores",
    ] {
        cases.push((set(&format!("/{key}"), &value), 403, read_only(key)));
    }
    cases.push((add("/stores", "x"), 403, read_only("stores")));
    for key in ["location", "deleted", "deleted_at", "os_glance_x"] {
        cases.push((add(&format!("/{key}"), "x"), 403, reserved(key)));
    }
    for (operations, status, message) in cases {
        member.patch(&id, &operations).refused(&operations.to_string(), status, &message);
        assert_eq!(member.show(&id), before, "{operations}");
    }
}

#[test]
fn the_formats_of_an_image_with_data_are_settled() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create_active("n", b"0123456789");
    for key in ["disk_format", "container_format"] {
        let operations = set(&format!("/{key}"), &json!(if key == "disk_format" { "qcow2" } else { "ovf" }));
        let message = format!("Attribute {key} can be only replaced for a queued image.");
        member.patch(&id, &operations).refused(key, 403, &message);
    }
    member.patch(&id, &set("/name", &json!("new"))).expect(200);
}

#[test]
fn several_operations_are_one_change() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create(&json!({"foo": "bar"}));
    let operations = json!([
        {"op": "remove", "path": "/foo"},
        {"op": "add", "path": "/foo", "value": "again"},
        {"op": "add", "path": "/more", "value": "m"},
        {"op": "replace", "path": "/more", "value": "n"},
        {"op": "replace", "path": "/name", "value": "named"},
    ]);
    let image = member.patch(&id, &operations).expect(200).json();
    assert_eq!((&image["foo"], &image["more"], &image["name"]), (&json!("again"), &json!("n"), &json!("named")));
}

#[test]
fn of_changes_at_the_same_time_none_is_lost_without_a_word() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create(&json!({}));
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let (member, id) = (&member, &id);
                scope.spawn(move || member.patch(id, &add(&format!("/key{writer}"), "v")).status)
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let image = member.show(&id);
    for (writer, status) in answers.iter().enumerate() {
        let kept = image.get(format!("key{writer}")).is_some();
        assert!(matches!((status, kept), (200, true) | (409, false)), "writer {writer}: {status}, kept {kept}");
    }
    assert!(answers.contains(&200));
}
