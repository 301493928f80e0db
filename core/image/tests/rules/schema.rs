//! Holds our schema messages against those that Glance 33 answers to the same bodies.

use crate::common::SCHEMAS;
use casement_image::{
    Image, Quotas, create,
    patch::{self, Dialect},
    schema::{CustomProperties, FormatNames, Schemas},
    view::{self, ViewOptions},
};
use serde_json::{Value, json};
use std::sync::LazyLock;
use time::OffsetDateTime;

#[test]
fn every_refusal_reads_as_glances() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("data/schema_messages.json")).unwrap();
    assert!(cases.len() >= 50);
    for case in cases {
        let refusal = SCHEMAS.validate_image(&case["body"]).unwrap_err();
        assert_eq!(refusal.message, case["message"].as_str().unwrap(), "{}", case["body"]);
    }
}

static WITH_FILE: LazyLock<Schemas> = LazyLock::new(|| {
    let custom = CustomProperties::read(include_str!("data/schema-image.json")).unwrap();
    Schemas::new(&FormatNames::default(), custom)
});

#[test]
fn refusals_by_the_operators_file_read_as_glances() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("data/schema_file_messages.json")).unwrap();
    assert!(cases.len() >= 20);
    for case in cases {
        let refusal = WITH_FILE.validate_image(&case["body"]).unwrap_err();
        assert_eq!(refusal.message, case["message"].as_str().unwrap(), "{}", case["body"]);
    }
}

#[test]
fn a_patch_is_checked_by_the_operators_file_but_need_not_repeat_what_it_requires() {
    let patch = |name: &str, value: Value| {
        let body = json!([{"op": "add", "path": format!("/{name}"), "value": value}]);
        patch::parse(Dialect::V2_1, &body, &WITH_FILE).map(drop)
    };
    assert_eq!(patch("cores", json!(5)), Ok(()));
    assert_eq!(patch("kernel_id", Value::Null), Ok(()));
    assert!(patch("cores", json!(65)).unwrap_err().message.contains("65 is greater than the maximum of 64"));
    assert!(patch("kernel_id", json!("")).unwrap_err().message.contains("'' does not match"));
}

#[test]
fn values_have_the_types_of_the_operators_file_and_what_is_older_than_it_stays_text() {
    let body = json!({"name": "n", "os_version": "22", "cores": 5, "licensed": true, "ratio": null, "other": "7"});
    let body = create::check_body(&body, &WITH_FILE).unwrap();
    let defaults =
        create::Defaults { id: None, owner: None, now: OffsetDateTime::UNIX_EPOCH, quotas: Quotas::default() };
    let image = create::build(body, defaults).unwrap();
    assert_eq!((image.properties["cores"].as_str(), image.properties["licensed"].as_str()), ("5", "true"));

    let view = |image: &Image| serde_json::to_value(view::image(image, &ViewOptions::default(), &WITH_FILE)).unwrap();
    let shown = view(&image);
    for (name, value) in body {
        assert_eq!(&shown[name], value, "{name}");
    }

    let mut older = image;
    let text = [("cores", "many"), ("licensed", "1"), ("deletion", ""), ("kernel_id", "")];
    older.properties = text.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    let shown = view(&older);
    for (name, value) in
        [("cores", json!("many")), ("licensed", json!("1")), ("deletion", json!("")), ("kernel_id", Value::Null)]
    {
        assert_eq!(shown[name], value, "{name}");
    }
}

#[test]
fn the_operators_properties_are_in_the_schemas_of_an_image_and_of_a_list() {
    let image = WITH_FILE.by_name("image").unwrap();
    assert_eq!(image["properties"]["licensed"], json!({"type": "boolean", "is_base": false}));
    assert_eq!(image["required"], json!(["os_version", "name"]));
    assert_eq!(&WITH_FILE.by_name("images").unwrap()["properties"]["images"]["items"], image);
}
