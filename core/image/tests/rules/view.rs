//! The record as clients see it, and the small rules around data.

use crate::common::{ID, SCHEMAS, queued};
use casement_image::{
    Image, Kind, Location, Quotas, Status, tags,
    view::{self, ViewOptions},
};
use serde_json::{Map, Value, json};

const ALL: ViewOptions =
    ViewOptions { show_direct_url: true, show_locations: true, multi_store: true, is_admin: false };

fn shown(image: &Image, options: &ViewOptions) -> Map<String, Value> {
    match serde_json::to_value(view::image(image, options, &SCHEMAS)).unwrap() {
        Value::Object(view) => view,
        other => panic!("{other} is no object"),
    }
}

fn located() -> Image {
    let place = |store: &str| Location {
        url: format!("file:///{store}/{ID}"),
        metadata: Map::from_iter([("store".to_owned(), json!(store))]),
    };
    let mut image = queued();
    image.status = Status::Active;
    image.size = Some(10);
    image.locations = vec![place("fast"), place("cheap")];
    image.properties.insert("os_glance_stage_host".to_owned(), "http://other".to_owned());
    image.properties.insert("os_glance_failed_import".to_owned(), String::new());
    image
}

#[test]
fn the_keys_come_in_glances_order() {
    let view = shown(&located(), &ALL);
    assert_eq!(
        view.keys().collect::<Vec<_>>(),
        [
            "foo",
            "os_glance_failed_import",
            "name",
            "disk_format",
            "container_format",
            "visibility",
            "size",
            "virtual_size",
            "status",
            "checksum",
            "protected",
            "min_ram",
            "min_disk",
            "owner",
            "os_hidden",
            "os_hash_algo",
            "os_hash_value",
            "id",
            "created_at",
            "updated_at",
            "locations",
            "direct_url",
            "tags",
            "self",
            "file",
            "schema",
            "stores",
        ]
        .iter()
        .collect::<Vec<_>>()
    );
    assert_eq!(view["locations"][1], json!({"url": format!("file:///cheap/{ID}"), "metadata": {"store": "cheap"}}));
    assert_eq!(view["direct_url"], json!(format!("file:///fast/{ID}")));
    assert_eq!(view["stores"], "fast,cheap");
}

#[test]
fn a_fresh_image_is_rendered_as_glance_renders_it() {
    let view = shown(&queued(), &ViewOptions::default());
    assert_eq!(
        Value::Object(view),
        json!({
            "foo": "bar", "name": "n", "disk_format": "raw", "container_format": "bare", "visibility": "shared",
            "size": null, "virtual_size": null, "status": "queued", "checksum": null, "protected": false,
            "min_ram": 0, "min_disk": 0, "owner": "p1", "os_hidden": false, "os_hash_algo": null,
            "os_hash_value": null, "id": ID, "created_at": "2026-11-22T07:08:09Z", "updated_at": "2026-11-22T07:08:09Z",
            "tags": [], "self": format!("/v2/images/{ID}"), "file": format!("/v2/images/{ID}/file"),
            "schema": "/v2/schemas/image",
        })
    );
}

#[test]
fn a_property_of_a_name_that_is_the_images_own_is_not_shown_twice() {
    let mut image = located();
    for name in ["name", "stores", "locations", "direct_url"] {
        image.properties.insert(name.to_owned(), "a property".to_owned());
    }
    let written = |options: &ViewOptions| serde_json::to_string(&view::image(&image, options, &SCHEMAS)).unwrap();
    assert_eq!(written(&ALL).matches("a property").count(), 0);
    assert_eq!(written(&ViewOptions::default()).matches("a property").count(), 3);
}

#[test]
fn where_nothing_lies_only_the_empty_list_is_shown() {
    let view = shown(&queued(), &ALL);
    assert_eq!(view["locations"], json!([]));
    assert!(!view.contains_key("direct_url") && !view.contains_key("stores"));
}

#[test]
fn a_deactivated_image_tells_only_admins_where_it_lies() {
    let mut image = located();
    image.status = Status::Deactivated;
    let view = shown(&image, &ALL);
    assert_eq!(view["locations"], json!([]));
    assert!(!view.contains_key("direct_url") && !view.contains_key("stores"));
    assert_eq!(shown(&image, &ViewOptions { is_admin: true, ..ALL })["stores"], "fast,cheap");
}

#[test]
fn tags_are_bounded_in_length_and_number() {
    let message = tags::check(&"x".repeat(256), &SCHEMAS).unwrap_err().message;
    assert!(message.starts_with("Provided object does not match schema 'image': 'xxx"), "{message}");
    assert!(
        message.contains("' is too long\n\nFailed validating 'maxLength' in schema['properties']['tags']['items']:")
    );
    assert_eq!(tags::check(&"é".repeat(255), &SCHEMAS), Ok(()));

    let mut image = queued();
    for n in 0..128 {
        assert_eq!(tags::add(&mut image, &format!("t{n}"), &Quotas::default()), Ok(true));
    }
    assert_eq!(tags::add(&mut image, "t0", &Quotas::default()), Ok(false));
    let error = tags::add(&mut image, "more", &Quotas::default()).unwrap_err();
    assert_eq!(error.kind, Kind::LimitExceeded);
    assert_eq!(
        error.message,
        format!(
            "Image tag limit exceeded for image {ID}: The limit has been exceeded on the number of allowed image tags. \
             Attempted: 129, Maximum: 128:"
        )
    );
    assert_eq!(tags::remove(&mut image, "t0"), Ok(()));
    assert_eq!(tags::remove(&mut image, "t0").unwrap_err().kind, Kind::NotFound);
}

#[test]
fn an_image_takes_data_only_when_its_status_and_formats_allow() {
    let image = |status: Status, disk: Option<&str>, container: Option<&str>| Image {
        status,
        disk_format: disk.map(str::to_owned),
        container_format: container.map(str::to_owned),
        ..queued()
    };
    for (image, kind, message) in [
        (
            image(Status::Active, Some("raw"), Some("bare")),
            Kind::Conflict,
            "Image status transition from active to saving is not allowed",
        ),
        (
            image(Status::Active, None, None),
            Kind::Conflict,
            "Image status transition from active to saving is not allowed",
        ),
        (
            image(Status::Queued, None, Some("bare")),
            Kind::Invalid,
            "Property disk_format must be set prior to saving data.",
        ),
        (
            image(Status::Queued, Some("raw"), None),
            Kind::Invalid,
            "Property container_format must be set prior to saving data.",
        ),
        (
            image(Status::Queued, None, None),
            Kind::Invalid,
            "Properties disk_format, container_format must be set prior to saving data.",
        ),
    ] {
        let error = image.check_transition(Status::Saving).unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (kind, message));
    }
    assert_eq!(queued().check_transition(Status::Saving), Ok(()));
    assert_eq!(image(Status::Queued, None, None).check_transition(Status::Uploading), Ok(()));
}
