//! The operator's own properties of images, in Glance's `schema-image.json`.

use casement_tests::Gateway;
use serde_json::{Value, json};

const FILE: &str = r#"{
  "properties": {
    "kernel_id": {"type": ["null", "string"], "pattern": "^[0-9a-f]{4}$", "description": "ID of the kernel."},
    "os_version": {"type": "string", "minLength": 2},
    "cores": {"type": "integer", "minimum": 1, "maximum": 64}
  },
  "required": ["os_version"]
}"#;

fn gateway() -> Gateway {
    Gateway::builder().more("[images]\nschema_file = \"schema-image.json\"").file("schema-image.json", FILE).start()
}

#[test]
fn the_operators_properties_are_served_in_the_schemas() {
    let gateway = gateway();
    let schema = |name: &str| gateway.member().get(&format!("/v2/schemas/{name}")).expect(200).json();
    let image = schema("image");
    let cores = json!({"type": "integer", "minimum": 1, "maximum": 64, "is_base": false});
    assert_eq!(image["properties"]["cores"], cores);
    assert_eq!(image["required"], json!(["os_version"]));
    assert_eq!(image["additionalProperties"], json!({"type": "string"}));
    assert_eq!(schema("images")["properties"]["images"]["items"], image);
}

#[test]
fn an_image_that_breaks_the_operators_schema_is_refused_in_glances_words() {
    let gateway = gateway();
    let member = gateway.member();
    for (body, message) in [
        (json!({"name": "n"}), "'os_version' is a required property Failed validating 'required' in schema: …"),
        (
            json!({"os_version": "2"}),
            "'2' is too short Failed validating 'minLength' in schema['properties']['os_version']: \
             {'type': 'string', 'minLength': 2, 'is_base': False} On instance['os_version']: '2'",
        ),
        (json!({"os_version": "22", "cores": "5"}), "'5' is not of type 'integer' Failed validating 'type' …"),
        (json!({"os_version": "22", "cores": 65}), "65 is greater than the maximum of 64 Failed validating …"),
        (json!({"os_version": "22", "kernel_id": "x"}), "'x' does not match '^[0-9a-f]{4}$' Failed validating …"),
        (json!({"os_version": "22", "other": 5}), "5 is not of type 'string' Failed validating 'type' …"),
    ] {
        let message = format!("Provided object does not match schema 'image': {message}");
        member.post("/v2/images", &body).refused(&body.to_string(), 400, &message);
    }
    assert!(gateway.images().is_empty());
}

#[test]
fn values_keep_the_types_of_the_operators_schema() {
    let gateway = gateway();
    let member = gateway.member();
    let created =
        member.post("/v2/images", &json!({"os_version": "22", "cores": 5, "kernel_id": null})).expect(201).json();
    let id = created["id"].as_str().unwrap();
    let listed = member.get("/v2/images?cores=5").expect(200).json()["images"][0].clone();
    for image in [&created, &member.show(id), &listed] {
        assert_eq!((&image["cores"], &image["kernel_id"]), (&json!(5), &Value::Null), "{image}");
    }
}

#[test]
fn a_patch_is_checked_one_property_at_a_time() {
    let gateway = gateway();
    let member = gateway.member();
    let id = member.create(&json!({"os_version": "22"}));
    let add = |name: &str, value: Value| member.patch(&id, &json!([{"op": "add", "path": name, "value": value}]));
    add("/name", json!("other")).expect(200);
    add("/kernel_id", json!("00ff")).expect(200);
    let refused = "Provided object does not match schema 'image': 0 is less than the minimum of 1 …";
    add("/cores", json!(0)).refused("too few", 400, refused);
    assert_eq!(add("/cores", json!(8)).expect(200).json()["cores"], 8);
    member.act("PUT", &format!("/v2/images/{id}/tags/x")).expect(204);
    member.patch(&id, &json!([{"op": "remove", "path": "/os_version"}])).expect(200);
}

#[test]
fn a_file_that_is_absent_or_makes_no_sense_stops_the_start_and_is_told_by_check() {
    for (file, why) in [
        (None, "cannot be read"),
        (Some("{"), "it is no JSON"),
        (Some(r#"{"os": {"type": "string", "oneOf": []}}"#), "property 'os': 'oneOf' is not supported"),
    ] {
        let builder = || {
            let lines = "[images]\nschema_file = \"schema-image.json\"";
            let builder = Gateway::builder().filesystem("local", None, "default = true").more(lines);
            file.iter().fold(builder, |builder, text| builder.file("schema-image.json", text))
        };
        for run in [builder().check(), builder().serve_and_fail()] {
            let told = format!("schema-image.json: {why}");
            assert!(run.code == Some(78) && run.text.contains(&told), "{told}: {:?} {}", run.code, run.text);
        }
    }
}
