//! `PATCH /v2/images/{id}`, against what Glance 33 answered.

use crate::common::{SCHEMAS, queued};
use casement_image::{
    Image, Kind, Quotas, Result, Status, Visibility,
    patch::{self, Dialect, PatchContext},
};
use serde_json::{Value, json};

fn patch(image: &mut Image, dialect: Dialect, body: &Value, is_admin: bool) -> Result<()> {
    let context = PatchContext { is_admin, quotas: Quotas::default() };
    for operation in patch::parse(dialect, body, &SCHEMAS)? {
        patch::apply(image, &operation, &context)?;
    }
    Ok(())
}

fn today(body: Value) -> Result<Image> {
    let mut image = queued();
    patch(&mut image, Dialect::V2_1, &body, false).map(|()| image)
}

fn one(op: &str, path: &str, value: Value) -> Value {
    json!([{"op": op, "path": path, "value": value}])
}

#[test]
fn operations_change_what_they_name() {
    let value = |image: &Image, name: &str| image.properties.get(name).cloned();
    assert_eq!(today(json!([])).unwrap(), queued());
    assert_eq!(today(one("replace", "/name", json!("new"))).unwrap().name.as_deref(), Some("new"));
    assert_eq!(today(one("add", "/name", json!("new"))).unwrap().name.as_deref(), Some("new"));
    assert_eq!(today(one("add", "/name", json!(null))).unwrap().name, None);
    assert_eq!(value(&today(one("add", "/a~1b~0c", json!("x"))).unwrap(), "a/b~c").as_deref(), Some("x"));
    assert_eq!(value(&today(one("add", "/foo", json!("b2"))).unwrap(), "foo").as_deref(), Some("b2"));
    assert_eq!(value(&today(one("replace", "/foo", json!("b3"))).unwrap(), "foo").as_deref(), Some("b3"));
    assert_eq!(value(&today(json!([{"op": "remove", "path": "/foo"}])).unwrap(), "foo"), None);
    assert_eq!(today(one("replace", "/visibility", json!("private"))).unwrap().visibility, Visibility::Private);
    let tagged = today(one("replace", "/tags", json!(["a", "b", "a"]))).unwrap();
    assert_eq!(tagged.tags.iter().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(today(one("replace", "/min_ram", json!(2.0))).unwrap().min_ram, 2);
    assert_eq!(today(one("add", "/owner", json!("p1"))).unwrap().owner.as_deref(), Some("p1"));

    let mut image = queued();
    patch(&mut image, Dialect::V2_1, &one("replace", "/owner", json!("p2")), true).unwrap();
    assert_eq!(image.owner.as_deref(), Some("p2"));
    patch(
        &mut image,
        Dialect::V2_0,
        &json!([{"add": "/zz", "value": "old"}, {"replace": "/name", "value": "old"}]),
        false,
    )
    .unwrap();
    assert_eq!((value(&image, "zz").as_deref(), image.name.as_deref()), (Some("old"), Some("old")));
}

#[test]
fn refusals_are_those_of_glance() {
    let tags = Value::from_iter((0..130).map(|n| format!("t{n}")));
    for (body, kind, message) in [
        (json!({}), Kind::Invalid, "Request body must be a JSON array of operation objects."),
        (json!([1]), Kind::Invalid, "Operations must be JSON objects."),
        (
            one("test", "/name", json!("x")),
            Kind::Invalid,
            "Invalid operation: `test`. It must be one of the following: add, remove, replace.",
        ),
        (
            json!([{"op": ["add"], "path": "/name", "value": null}]),
            Kind::Invalid,
            "Invalid operation: `['add']`. It must be one of the following: add, remove, replace.",
        ),
        (
            json!([{"path": "/name", "value": "x"}]),
            Kind::Invalid,
            "Unable to find `op` in JSON Schema change. It must be one of the following: add, remove, replace.",
        ),
        (
            json!([{"op": null, "path": "/name", "value": "x"}]),
            Kind::Invalid,
            "Unable to find `op` in JSON Schema change. It must be one of the following: add, remove, replace.",
        ),
        (json!([{"op": "add", "value": "x"}]), Kind::Invalid, "Unable to find 'path' in JSON Schema change"),
        (json!([{"op": "add", "path": "/x"}]), Kind::Invalid, "Operation \"add\" requires a member named \"value\"."),
        (json!([{"op": "add", "path": 5, "value": "x"}]), Kind::Invalid, "Pointer `5` does not start with \"/\"."),
        (one("add", "name", json!("x")), Kind::Invalid, "Pointer `name` does not start with \"/\"."),
        (one("add", "/a/b", json!("x")), Kind::Invalid, "Invalid JSON pointer for this resource: '/a/b'"),
        (one("add", "/tags/-", json!("c")), Kind::Invalid, "Invalid JSON pointer for this resource: '/tags/-'"),
        (one("add", "/locations", json!([])), Kind::Invalid, "Invalid JSON pointer for this resource: '/locations'"),
        (
            one("replace", "/locations/0", json!([])),
            Kind::Invalid,
            "Invalid JSON pointer for this resource: '/locations/0'",
        ),
        (one("add", "/", json!("x")), Kind::Invalid, "The name of a custom property must not be empty."),
        (one("replace", "/id", json!("x")), Kind::Forbidden, "Attribute 'id' is read-only."),
        (json!([{"op": "remove", "path": "/id"}]), Kind::Forbidden, "Attribute 'id' is read-only."),
        (one("replace", "/status", json!("active")), Kind::Forbidden, "Attribute 'status' is read-only."),
        (one("add", "/stores", json!("x")), Kind::Forbidden, "Attribute 'stores' is read-only."),
        (one("replace", "/location", json!("x")), Kind::Forbidden, "Attribute 'location' is reserved."),
        (one("add", "/os_glance_x", json!("x")), Kind::Forbidden, "Attribute 'os_glance_x' is reserved."),
        (
            one("replace", "/min_disk", json!(-1)),
            Kind::Invalid,
            "Invalid value '-1' for parameter 'min_disk': Cannot be a negative value",
        ),
        (
            one("replace", "/min_ram", json!(2147483648_u64)),
            Kind::Invalid,
            "'min_ram' value out of range, must not exceed 2147483647.",
        ),
        (one("add", "/foo", json!("\u{1f600}")), Kind::Invalid, "Foo can't contain 4 byte unicode characters."),
        (
            one("replace", "/tags", tags),
            Kind::LimitExceeded,
            "The limit has been exceeded on the number of allowed image tags. Attempted: 130, Maximum: 128",
        ),
        (
            one("add", "/locations/-", json!({"url": "http://x", "metadata": {}})),
            Kind::Forbidden,
            "It's not allowed to add locations if locations are invisible.",
        ),
        (
            one("replace", "/locations", json!([{"url": "http://x", "metadata": {}}])),
            Kind::Forbidden,
            "It's not allowed to update locations if locations are invisible.",
        ),
        (
            json!([{"op": "remove", "path": "/locations/0"}]),
            Kind::Forbidden,
            "It's not allowed to remove locations if locations are invisible.",
        ),
    ] {
        let error = today(body.clone()).unwrap_err();
        assert_eq!((error.kind, error.message.as_str(), error.generic_lead), (kind, message, false), "{body}");
    }
}

#[test]
fn refusals_with_the_generic_sentence_are_those_of_glance() {
    for (body, kind, message) in [
        (one("replace", "/nope", json!("x")), Kind::Conflict, "Property nope does not exist."),
        (json!([{"op": "remove", "path": "/nope"}]), Kind::Conflict, "Property nope does not exist."),
        (json!([{"op": "remove", "path": "/name"}]), Kind::Forbidden, "Property name may not be removed."),
        (json!([{"op": "remove", "path": "/tags"}]), Kind::Forbidden, "Property tags may not be removed."),
        (one("replace", "/owner", json!("p2")), Kind::Forbidden, "Owner can't be updated by non admin."),
        (one("add", "/owner", json!("p2")), Kind::Forbidden, "Owner can't be updated by non admin."),
        (one("replace", "/locations", json!([])), Kind::Forbidden, "Cannot set locations to empty list."),
    ] {
        let error = today(body.clone()).unwrap_err();
        assert_eq!((error.kind, error.message.as_str(), error.generic_lead), (kind, message, true), "{body}");
    }
    let error = patch(&mut queued(), Dialect::V2_0, &json!([{"add": "/name", "value": "x"}]), false).unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (Kind::Conflict, "Property name already present."));
}

#[test]
fn values_are_held_against_the_schema_before_anything_is_applied() {
    for (path, value, start) in [
        (
            "/tags",
            json!("x"),
            "'x' is not of type 'array'\n\nFailed validating 'type' in schema['properties']['tags']:",
        ),
        ("/min_ram", json!("1"), "'1' is not of type 'integer'"),
        ("/name", json!(5), "5 is not of type 'null', 'string'"),
        ("/locations/-", json!({"url": "x"}), "'metadata' is a required property"),
        ("/visibility", json!("zz"), "'zz' is not one of ['community', 'public', 'private', 'shared']"),
    ] {
        let op = if path == "/locations/-" { "add" } else { "replace" };
        let error = patch::parse(Dialect::V2_1, &one(op, path, value), &SCHEMAS).unwrap_err();
        let wanted = format!("Provided object does not match schema 'image': {start}");
        assert!(error.message.starts_with(&wanted), "{}", error.message);
    }
}

#[test]
fn the_old_dialect_names_its_operation_once() {
    for (body, how_many) in [
        (json!([{"add": "/zz", "remove": "/zz"}]), "only"),
        (json!([{}]), "exactly"),
        (json!([{"op": "add", "path": "/zz", "value": "x"}]), "exactly"),
    ] {
        let error = patch::parse(Dialect::V2_0, &body, &SCHEMAS).unwrap_err();
        let wanted =
            format!("Operation objects must contain {how_many} one member named \"add\", \"remove\", or \"replace\".");
        assert_eq!(error.message, wanted);
    }
}

#[test]
fn the_format_stays_once_there_is_data() {
    for name in ["disk_format", "container_format"] {
        let mut image = queued();
        image.status = Status::Active;
        let value = if name == "disk_format" { "qcow2" } else { "ovf" };
        let body = one("replace", &format!("/{name}"), json!(value));
        let error = patch(&mut image, Dialect::V2_1, &body, true).unwrap_err();
        assert_eq!(error.message, format!("Attribute {name} can be only replaced for a queued image."));
        assert_eq!(error.kind, Kind::Forbidden);
    }
}

#[test]
fn properties_are_bounded_and_the_services_own_are_not_counted() {
    let mut image = queued();
    image.properties.insert("os_glance_import_task".to_owned(), "x".to_owned());
    let add = |n: usize| one("add", &format!("/k{n}"), json!("x"));
    for n in 0..127 {
        patch(&mut image, Dialect::V2_1, &add(n), false).unwrap();
    }
    let error = patch(&mut image.clone(), Dialect::V2_1, &add(127), false).unwrap_err();
    assert_eq!(error.kind, Kind::LimitExceeded);
    patch(&mut image, Dialect::V2_1, &add(5), false).unwrap();
}

#[test]
fn operations_tell_what_the_policy_is_to_judge() {
    let parse = |body: Value| patch::parse(Dialect::V2_1, &body, &SCHEMAS).unwrap().remove(0);
    let operation = parse(one("add", "/visibility", json!("public")));
    assert_eq!(operation.sets_visibility(), Some(Visibility::Public));
    assert_eq!((operation.property(), operation.location_change()), ("visibility", None));
    let operation = parse(json!([{"op": "remove", "path": "/locations/0"}]));
    assert_eq!(operation.location_change().unwrap().action(), "delete_image_location");
    assert_eq!(operation.sets_visibility(), None);
    assert_eq!(parse(one("add", "/name", json!("public"))).sets_visibility(), None);
}
