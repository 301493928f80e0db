//! `POST /v2/images`, against what Glance 33 answered.

use crate::common::{ID, image, try_image};
use casement_image::{Kind, Status, Visibility, create};
use serde_json::{Value, json};

#[test]
fn an_empty_body_makes_a_queued_shared_image_of_the_caller() {
    let image = image(json!({}));
    assert_eq!(image.id.as_str(), ID);
    assert_eq!((image.status, image.visibility), (Status::Queued, Visibility::Shared));
    assert_eq!(image.owner.as_deref(), Some("p1"));
    assert_eq!(image.created_at, image.updated_at);
    assert_eq!((image.name, image.disk_format, image.size), (None, None, None));
}

#[test]
fn a_body_sets_what_it_names() {
    let image = image(json!({
        "id": "B44F4A0F-0000-1000-8000-00805F9B34FB", "name": "n1", "disk_format": "raw", "container_format": "bare",
        "tags": ["b", "a", "b"], "foo": "bar", "min_ram": 5, "min_disk": 2.0, "protected": true, "os_hidden": true,
        "visibility": "private", "owner": null,
    }));
    assert_eq!(image.id.as_str(), "B44F4A0F-0000-1000-8000-00805F9B34FB");
    assert_eq!(image.name.as_deref(), Some("n1"));
    assert_eq!(image.tags.iter().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(image.properties.get("foo").map(String::as_str), Some("bar"));
    assert_eq!((image.min_ram, image.min_disk), (5, 2));
    assert!(image.protected && image.os_hidden);
    assert_eq!((image.visibility, image.owner), (Visibility::Private, None));
}

#[test]
fn the_owner_and_the_visibility_asked_for_are_known_before_the_image_is_made() {
    let body = |value: Value| value.as_object().unwrap().clone();
    assert_eq!(create::wanted_owner(&body(json!({})), Some("p1")), Some("p1"));
    assert_eq!(create::wanted_owner(&body(json!({"owner": "p2"})), Some("p1")), Some("p2"));
    assert_eq!(create::wanted_owner(&body(json!({"owner": null})), Some("p1")), None);
    assert_eq!(create::wanted_visibility(&body(json!({}))), None);
    assert_eq!(create::wanted_visibility(&body(json!({"visibility": "public"}))), Some(Visibility::Public));
}

#[test]
fn refusals_are_those_of_glance() {
    let numbered = |count: usize| (0..count).map(|n| (format!("k{n}"), json!("v"))).collect::<Value>();
    let tags = |count: usize| json!({"tags": (0..count).map(|n| format!("t{n}")).collect::<Vec<_>>()});
    let mut long_key = json!({});
    long_key["k".repeat(256)] = json!("v");
    let cases = [
        (long_key, Kind::Invalid, "Custom property should not be greater than 255 characters."),
        (json!({"status": "active"}), Kind::Forbidden, "Attribute 'status' is read-only."),
        (json!({"size": 5}), Kind::Forbidden, "Attribute 'size' is read-only."),
        (json!({"checksum": null}), Kind::Forbidden, "Attribute 'checksum' is read-only."),
        (json!({"created_at": "x"}), Kind::Forbidden, "Attribute 'created_at' is read-only."),
        (json!({"self": "x"}), Kind::Forbidden, "Attribute 'self' is read-only."),
        (json!({"stores": "x"}), Kind::Forbidden, "Attribute 'stores' is read-only."),
        (json!({"direct_url": "x", "name": 5}), Kind::Forbidden, "Attribute 'direct_url' is read-only."),
        (json!({"os_hash_algo": "md5"}), Kind::Forbidden, "Attribute 'os_hash_algo' is read-only."),
        (json!({"os_hash_value": null}), Kind::Forbidden, "Attribute 'os_hash_value' is read-only."),
        (json!({"locations": []}), Kind::Forbidden, "Attribute 'locations' is reserved."),
        (
            json!({"min_disk": -1}),
            Kind::Invalid,
            "Invalid value '-1' for parameter 'min_disk': Cannot be a negative value",
        ),
        (
            json!({"min_ram": 2147483648_u64}),
            Kind::Invalid,
            "'min_ram' value out of range, must not exceed 2147483647.",
        ),
        (json!({"min_ram": 1e30}), Kind::Invalid, "'min_ram' value out of range, must not exceed 2147483647."),
        (json!({"name": "\u{1f600}"}), Kind::Invalid, "Name can't contain 4 byte unicode characters."),
        (json!({"foo": "\u{1f600}"}), Kind::Invalid, "Foo can't contain 4 byte unicode characters."),
        (json!({"k\u{1f600}": "v"}), Kind::Invalid, "Property names can't contain 4 byte unicode."),
        (json!({"tags": ["\u{1f600}"]}), Kind::Invalid, "Param values can't contain 4 byte unicode."),
        (json!({"": "x"}), Kind::Invalid, "The name of a custom property must not be empty."),
        (
            tags(129),
            Kind::LimitExceeded,
            "The limit has been exceeded on the number of allowed image tags. Attempted: 129, Maximum: 128",
        ),
        (
            json!({"tags": vec!["t"; 129]}),
            Kind::LimitExceeded,
            "The limit has been exceeded on the number of allowed image tags. Attempted: 129, Maximum: 128",
        ),
        (
            numbered(130),
            Kind::LimitExceeded,
            "The limit has been exceeded on the number of allowed image properties. Attempted: 130, Maximum: 128",
        ),
        (json!([]), Kind::Invalid, "The request body must be a JSON object that describes one image."),
    ];
    for (body, kind, message) in cases {
        let error = try_image(&body).unwrap_err();
        assert_eq!((error.kind, error.message.as_str(), error.generic_lead), (kind, message, false), "{body}");
    }
    for name in ["deleted", "deleted_at", "location", "os_glance_x"] {
        let mut body = json!({});
        body[name] = json!("x");
        let error = try_image(&body).unwrap_err();
        assert_eq!(error.message, format!("Attribute '{name}' is reserved."));
        assert!(error.kind == Kind::Forbidden && error.generic_lead);
    }
    assert!(try_image(&numbered(128)).is_ok() && try_image(&tags(128)).is_ok());
}
