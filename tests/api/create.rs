use casement_tests::Gateway;
use serde_json::{Map, Value, json};

const SCHEMA: &str = "Provided object does not match schema 'image': …";

#[test]
fn an_empty_object_makes_a_queued_image_with_every_default() {
    let gateway = Gateway::builder().start();
    let answer = gateway.member().post("/v2/images", &json!({})).expect(201);
    let image = answer.json();
    let id = image["id"].as_str().unwrap();

    assert_eq!(answer.header("Location").unwrap(), format!("{}/v2/images/{id}", gateway.member().base()));
    assert_eq!(answer.header("OpenStack-image-store-ids"), Some("local"));
    assert_eq!(answer.header("OpenStack-image-import-methods"), None);
    for time in ["created_at", "updated_at"] {
        let text = image[time].as_str().unwrap();
        assert!(text.len() == 20 && text.ends_with('Z'), "{time} {text}");
    }
    let wanted = json!({
        "name": null, "disk_format": null, "container_format": null, "visibility": "shared", "size": null,
        "virtual_size": null, "status": "queued", "checksum": null, "protected": false, "min_ram": 0, "min_disk": 0,
        "owner": "p1", "os_hidden": false, "os_hash_algo": null, "os_hash_value": null, "id": id,
        "created_at": image["created_at"], "updated_at": image["updated_at"], "tags": [],
        "self": format!("/v2/images/{id}"), "file": format!("/v2/images/{id}/file"), "schema": "/v2/schemas/image",
    });
    assert_eq!(image, wanted);
    assert_eq!(gateway.member().show(id), wanted);
}

#[test]
fn every_writable_attribute_is_kept() {
    let gateway = Gateway::builder().start();
    let body = json!({
        "id": "B44F4A0F-0000-4000-8000-00805f9b34fb", "name": "n".repeat(255), "disk_format": "qcow2",
        "container_format": "bare", "visibility": "private", "protected": true, "os_hidden": true, "min_ram": 512,
        "min_disk": 2_147_483_647, "owner": "p1", "tags": ["b", "a"], "os_distro": "debian", "empty": "", "k".repeat(255): "v",
    });
    let image = gateway.member().post("/v2/images", &body).expect(201).json();
    for (key, value) in body.as_object().unwrap().iter().filter(|(key, _)| *key != "tags") {
        assert_eq!(&image[key], value, "{key}");
    }
    assert_eq!(sorted(&image["tags"]), ["a", "b"]);
}

fn sorted(tags: &Value) -> Vec<&str> {
    let mut tags: Vec<_> = tags.as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect();
    tags.sort_unstable();
    tags
}

#[test]
fn tags_are_a_set() {
    let gateway = Gateway::builder().start();
    let image = gateway.member().post("/v2/images", &json!({"tags": ["a", "b", "a"]})).expect(201).json();
    assert_eq!(sorted(&image["tags"]), ["a", "b"]);
}

#[test]
fn the_content_type_of_a_create_does_not_matter() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    member.request("POST", "/v2/images").body(b"{}").expect(201);
    member.request("POST", "/v2/images").header("Content-Type", "text/plain").body(b"{}").expect(201);
    member.request("POST", "/v2/images").chunked(&b"{}"[..]).unwrap().expect(201);
}

#[test]
fn a_body_that_is_no_object_is_refused() {
    let gateway = Gateway::builder().start();
    let post = |body: &[u8]| gateway.member().request("POST", "/v2/images").body(body);
    post(b"").refused("no body", 400, "Body expected in request.");
    post(b"{bad").refused("malformed", 400, "Malformed JSON in request body.");
    post(b"\xff\xfe{}").refused("no UTF-8", 400, "Malformed JSON in request body.");
    post(b"\"x\"").refused("scalar", 400, "Unexpected body type. Expected list/dict.");
    post(b"[]").expect(400);
    assert!(gateway.images().is_empty());
}

#[test]
fn values_that_break_the_schema_are_refused() {
    let gateway = Gateway::builder().start();
    for (body, message) in [
        (json!({"id": "not-uuid"}), SCHEMA),
        (json!({"name": 5}), SCHEMA),
        (json!({"name": "x".repeat(256)}), SCHEMA),
        (json!({"foo": 5}), SCHEMA),
        (json!({"foo": null}), SCHEMA),
        (json!({"visibility": "weird"}), SCHEMA),
        (json!({"protected": "true"}), SCHEMA),
        (json!({"os_hidden": 1}), SCHEMA),
        (json!({"disk_format": "bogus"}), SCHEMA),
        (json!({"container_format": "bogus"}), SCHEMA),
        (json!({"tags": "a"}), SCHEMA),
        (json!({"tags": ["x".repeat(256)]}), SCHEMA),
        (json!({"min_ram": "1"}), SCHEMA),
        (json!({"k".repeat(256): "v"}), "Custom property should not be greater than 255 characters."),
        (json!({"min_disk": -1}), "Invalid value '-1' for parameter 'min_disk': Cannot be a negative value"),
        (json!({"min_ram": 2_147_483_648_i64}), "'min_ram' value out of range, must not exceed 2147483647."),
        (json!({"name": "😀"}), "Name can't contain 4 byte unicode characters."),
    ] {
        gateway.member().post("/v2/images", &body).refused(&body.to_string(), 400, message);
    }
    assert!(gateway.images().is_empty());
}

#[test]
fn attributes_that_are_not_the_clients_are_refused() {
    let gateway = Gateway::builder().start();
    for (key, value) in [
        ("status", json!("active")),
        ("size", json!(5)),
        ("virtual_size", json!(5)),
        ("checksum", json!(null)),
        ("os_hash_algo", json!("md5")),
        ("os_hash_value", json!("00")),
        ("created_at", json!("x")),
        ("updated_at", json!("x")),
        ("self", json!("x")),
        ("file", json!("x")),
        ("schema", json!("x")),
        ("stores", json!("x")),
        ("direct_url", json!("x")),
    ] {
        let answer = gateway.member().post("/v2/images", &json!({key: value}));
        answer.refused(key, 403, &format!("Attribute '{key}' is read-only."));
    }
    for key in ["deleted", "deleted_at", "location", "os_glance_x"] {
        let message = format!("Access was denied to this resource. Attribute '{key}' is reserved.");
        gateway.member().post("/v2/images", &json!({key: "x"})).refused(key, 403, &message);
    }
    gateway.member().post("/v2/images", &json!({"locations": []})).refused(
        "locations",
        403,
        "Attribute 'locations' is reserved.",
    );
    assert!(gateway.images().is_empty());
}

#[test]
fn an_id_is_used_once_even_when_its_image_is_deleted() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create(&json!({"name": "first"}));
    let message = format!("Image ID {id} already exists!");
    member.post("/v2/images", &json!({"id": id})).refused("taken", 409, &message);
    gateway.other().post("/v2/images", &json!({"id": id})).refused("taken by others", 409, &message);
    member.delete(&format!("/v2/images/{id}")).expect(204);
    member.post("/v2/images", &json!({"id": id})).refused("deleted", 409, &message);
}

#[test]
fn roles_decide_what_may_be_created() {
    let gateway = Gateway::builder().start();
    let (member, admin) = (gateway.member(), gateway.admin());
    let not_owned = |owner| {
        format!("Access was denied to this resource. You are not permitted to create images owned by '{owner}'")
    };

    gateway.reader().post("/v2/images", &json!({})).refused(
        "reader",
        403,
        "You are not authorized to complete add_image action.",
    );
    member.post("/v2/images", &json!({"visibility": "public"})).refused(
        "public by member",
        403,
        "You are not authorized to complete publicize_image action.",
    );
    member.post("/v2/images", &json!({"owner": "p2"})).refused("other owner", 403, &not_owned("p2"));
    member.post("/v2/images", &json!({"owner": null})).refused("no owner", 403, &not_owned("None"));
    assert!(gateway.images().is_empty());

    for visibility in ["community", "private", "shared"] {
        let image = member.post("/v2/images", &json!({"visibility": visibility})).expect(201).json();
        assert_eq!(image["visibility"], visibility);
    }
    assert_eq!(admin.post("/v2/images", &json!({"visibility": "public"})).expect(201).json()["visibility"], "public");
    assert_eq!(admin.post("/v2/images", &json!({"owner": "p2"})).expect(201).json()["owner"], "p2");
}

#[test]
fn tags_and_properties_are_limited() {
    let gateway = Gateway::builder().start();
    let tags = |count: usize| json!({"tags": (0..count).map(|n| format!("t{n}")).collect::<Vec<_>>()});
    let properties =
        |count: usize| Value::Object((0..count).map(|n| (format!("k{n}"), Value::from("v"))).collect::<Map<_, _>>());
    let message = |what| {
        format!("The limit has been exceeded on the number of allowed image {what}. Attempted: 129, Maximum: 128")
    };

    gateway.member().post("/v2/images", &tags(129)).refused("129 tags", 413, &message("tags"));
    gateway.member().post("/v2/images", &properties(129)).refused("129 properties", 413, &message("properties"));
    gateway.member().post("/v2/images", &tags(128)).expect(201);
    gateway.member().post("/v2/images", &properties(128)).expect(201);
}

#[test]
fn the_answer_names_every_store() {
    let gateway = Gateway::builder().filesystem("fast", None, "default = true").filesystem("slow", None, "").start();
    let answer = gateway.member().post("/v2/images", &json!({})).expect(201);
    let mut stores: Vec<_> = answer.header("OpenStack-image-store-ids").unwrap().split(',').collect();
    stores.sort_unstable();
    assert_eq!(stores, ["fast", "slow"]);
}
