//! Changing where an image's data lies, against what Glance 33 answered.

use crate::common::{SCHEMAS, queued};
use casement_image::{
    Image, Kind, Location, Status,
    locations::{self, Validation},
    patch::{self, Dialect},
};
use serde_json::{Map, Value, json};

const MD5: &str = "11111111111111111111111111111111";

fn sha512() -> String {
    "deadbeef".repeat(16)
}

fn active() -> Image {
    Image { status: Status::Active, locations: vec![place("http://a"), place("http://b")], ..queued() }
}

fn place(url: &str) -> Location {
    Location { url: url.to_owned(), metadata: Map::new() }
}

fn said(checksum: &str, algorithm: &str, value: &str) -> Value {
    json!({"validation_data": {"checksum": checksum, "os_hash_algo": algorithm, "os_hash_value": value}})
}

#[test]
fn the_status_and_the_visibility_of_locations_decide_whether_they_can_be_changed() {
    let location = json!({"url": "http://x", "metadata": {}});
    for (body, verb, kind) in [
        (json!({"op": "add", "path": "/locations/-", "value": location}), "add", Kind::Conflict),
        (json!({"op": "replace", "path": "/locations", "value": [location]}), "replace", Kind::Conflict),
        (json!({"op": "remove", "path": "/locations/0"}), "remove", Kind::Conflict),
    ] {
        let operations = patch::parse(Dialect::V2_1, &json!([body]), &SCHEMAS).unwrap();
        let change = operations[0].location_change().unwrap();
        assert_eq!(change.check_allowed(&active(), true), Ok(()));
        assert_eq!(change.check_allowed(&queued(), true).is_ok(), verb != "remove", "{body}");
        let saving = Image { status: Status::Saving, ..queued() };
        let error = change.check_allowed(&saving, true).unwrap_err();
        let message = format!("It's not allowed to {verb} locations if image status is saving.");
        assert_eq!((error.kind, error.message), (kind, message));
        assert_eq!(change.check_allowed(&active(), false).unwrap_err().kind, Kind::Forbidden);
    }
}

#[test]
fn schemes_that_name_what_is_the_services_own_are_refused() {
    for url in [
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "filesystem:///x",
        "swift+config://ref/c/o",
        "swift://user:key@keystone/v3/c/o",
        "swift+http://swift/v1/AUTH_a/c/o",
        "SWIFT+HTTPS://user:key@keystone/v3/c/o",
        " file:///x",
        "\tfile:///x",
        "/etc/passwd",
        "",
        "1http://x",
        "ht\u{e4}p://x",
    ] {
        assert_eq!(locations::check_scheme(url).unwrap_err().message, "Invalid location", "{url:?}");
    }
    for url in ["http://x", "s3+https://host/bucket/key", "RBD://a/b/c/snap"] {
        assert!(locations::check_scheme(url).is_ok(), "{url}");
    }
}

#[test]
fn a_position_is_digits_or_a_hyphen() {
    for (at, place) in [("-", 2), ("0", 0), ("1", 1), ("2", 2), ("3", 2), ("99999999999999999999999", 2)] {
        assert_eq!(locations::position_to_add(at, 2), Ok(place), "{at}");
    }
    for at in ["", "abc", "-1", "+1", "1 ", "--", "\u{664}"] {
        let error = locations::position_to_add(at, 2).unwrap_err();
        assert_eq!(error.message, "Invalid position for adding a location.");
    }
    let image = active();
    for (at, place) in [("-", 1), ("0", 0), ("1", 1)] {
        assert_eq!(locations::position_to_remove(at, &image), Ok(place), "{at}");
    }
    for at in ["2", "x", "99999999999999999999999"] {
        let error = locations::position_to_remove(at, &image).unwrap_err();
        assert_eq!(error.message, "Invalid position for removing a location.");
    }
    let last = Image { locations: vec![place("http://a")], ..image };
    let error = locations::position_to_remove("0", &last).unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (Kind::Forbidden, "Cannot remove last location in the image."));
    assert!(locations::position_to_remove("0", &queued()).is_err());
}

#[test]
fn urls_of_an_image_with_data_stay_and_twins_are_refused() {
    let image = active();
    let turned = [place("http://b"), place("http://a")];
    assert_eq!(locations::check_same_urls(&image, &turned), Ok(true));
    let error = locations::check_same_urls(&image, &turned[..1]).unwrap_err();
    assert_eq!(error.message, "Original locations is not empty: ['http://a', 'http://b']");
    assert_eq!(locations::check_same_urls(&queued(), &turned), Ok(false));
    let error = locations::check_no_duplicate(&image.locations, &place("http://a")).unwrap_err();
    assert_eq!(error.message, "The location http://a already exists");
    let other = json!({"url": "http://a", "metadata": {"k": "v"}});
    assert_eq!(locations::check_no_duplicate(&image.locations, &locations::wanted(&other).unwrap()), Ok(()));
}

#[test]
fn metadata_is_text_in_objects_and_lists() {
    let wanted = |metadata: Value| locations::wanted(&json!({"url": "http://x", "metadata": metadata}));
    assert!(wanted(json!({"a": "b", "c": {"d": ["e"]}})).is_ok());
    for (metadata, key) in
        [(json!({"a": 1}), "a"), (json!({"a": ["b", null]}), "a[1]"), (json!({"a": {"b": true}}), "b")]
    {
        let message = wanted(metadata).unwrap_err().message;
        assert!(message.starts_with(&format!("The image metadata key {key} has an invalid type.")), "{message}");
    }
}

#[test]
fn what_is_said_of_the_data_makes_a_queued_image_active() {
    let mut image = queued();
    Validation::of(&image, &[said(MD5, "sha512", &sha512())], "sha512").unwrap().activate(&mut image).unwrap();
    assert_eq!(image.status, Status::Active);
    assert_eq!(image.checksum.as_deref(), Some(MD5));
    assert_eq!(image.os_hash_value, Some(sha512()));
    // The same again is no news.
    let same = Validation::of(&image, &[said(MD5, "sha512", &sha512())], "sha512").unwrap();
    assert_eq!(same, Validation::default());

    let mut silent = queued();
    Validation::of(&silent, &[json!({})], "sha512").unwrap().activate(&mut silent).unwrap();
    assert_eq!((silent.status, silent.os_hash_algo), (Status::Active, None));
    let mut formless = Image { disk_format: None, ..queued() };
    let error = Validation::default().activate(&mut formless).unwrap_err();
    assert_eq!(
        (error.kind, error.message.as_str()),
        (Kind::Invalid, "Property disk_format must be set prior to saving data.")
    );
}

#[test]
fn what_is_said_wrongly_of_the_data_is_refused_in_glances_words() {
    let short = "beef";
    let twice = vec![said(MD5, "sha512", &sha512()), said(MD5, "sha256", &sha512())];
    for (image, said, message) in [
        (queued(), twice, "Conflicting values for os_hash_algo".to_owned()),
        (
            Image { checksum: Some("2".repeat(32)), ..queued() },
            vec![said(MD5, "sha512", &sha512())],
            "checksum is already set with a different value".to_owned(),
        ),
        (
            active(),
            vec![said(MD5, "sha512", &sha512())],
            "New value(s) for checksum, os_hash_algo, os_hash_value may only be provided when image status is \'queued\'"
                .to_owned(),
        ),
        (
            queued(),
            vec![said("zz", "sha512", &sha512())],
            "checksum (zz) is not a valid hexadecimal value".to_owned(),
        ),
        (
            queued(),
            vec![said(short, "sha512", &sha512())],
            "checksum (beef) is not the correct size for md5 (should be 16 bytes)".to_owned(),
        ),
        (queued(), vec![said(MD5, "sha256", &sha512())], "os_hash_algo must be sha512, not sha256".to_owned()),
        (
            queued(),
            vec![said(MD5, "sha512", "xx")],
            "os_hash_value (xx) is not a valid hexadecimal value".to_owned(),
        ),
        (
            queued(),
            vec![said(MD5, "sha512", short)],
            "os_hash_value (beef) is not the correct size for sha512 (should be 64 bytes)".to_owned(),
        ),
    ] {
        let error = Validation::of(&image, &said, "sha512").unwrap_err();
        assert_eq!((error.kind, error.message), (Kind::Conflict, message));
    }
}
