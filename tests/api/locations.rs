use casement_tests::{Gateway, md5_hex};
use serde_json::{Value, json};

fn open() -> Gateway {
    Gateway::builder()
        .filesystem("fast", None, "default = true")
        .more("[images]\nshow_direct_url = true\nshow_multiple_locations = true")
        .start()
}

fn add(at: &str, url: &str) -> Value {
    json!([{"op": "add", "path": format!("/locations/{at}"), "value": {"url": url, "metadata": {}}}])
}

fn said(url: &str, data: Value) -> Value {
    json!({"url": url, "validation_data": data})
}

#[test]
fn locations_that_nobody_may_name_are_refused_and_change_nothing() {
    let gateway = open();
    let id = gateway.member().create_raw("n");
    let malformed = "The Store URI was malformed.";
    let invalid = "Invalid location";
    for (at, url, message) in [
        ("-", "file:///etc/passwd", invalid),
        ("-", "FILE:///etc/passwd", invalid),
        ("-", "filesystem:///etc/passwd", invalid),
        ("-", "swift+config://ref/container/object", invalid),
        ("-", "s3://a/b", invalid),
        ("-", "gopher://info.cern.ch", invalid),
        ("-", "", invalid),
        ("-", "http://127.0.0.1/x", malformed),
        ("7", "http://127.0.0.1/x", malformed),
        ("-", "http://2130706433/x", malformed),
        ("-", "http://0x7f000001/x", malformed),
        ("-", "http://[::1]/x", malformed),
        ("-", "http://[::ffff:127.0.0.1]/x", malformed),
        ("-", "http://169.254.169.254/x", malformed),
        ("-", "http://10.0.0.1:22/x", malformed),
        ("abc", "http://x", "Invalid position for adding a location."),
    ] {
        gateway.member().patch(&id, &add(at, url)).refused(url, 400, message);
        gateway.admin().patch(&id, &add(at, url)).refused(url, 400, message);
    }
    assert_eq!(
        (gateway.member().status(&id), gateway.member().show(&id)["locations"].clone()),
        ("queued".into(), json!([]))
    );
    // The file that another image has is no location either.
    let owner = gateway.other();
    let secret = owner.create_active("secret", b"0123456789");
    let url = owner.show(&secret)["direct_url"].as_str().unwrap().to_owned();
    gateway.member().patch(&id, &add("-", &url)).refused("another's", 400, invalid);
    gateway.service().post(&format!("/v2/images/{id}/locations"), &json!({"url": url})).refused(
        "by a service",
        400,
        invalid,
    );
    gateway.assert_settled();
}

#[test]
fn locations_are_changed_where_they_are_shown_and_by_whom_the_policy_lets() {
    let gateway = open();
    let member = gateway.member();
    let id = member.create_active("n", b"0123456789");
    let remove = json!([{"op": "remove", "path": "/locations/0"}]);
    member.patch(&id, &remove).refused(
        "member",
        403,
        "You are not authorized to complete delete_image_location action.",
    );
    gateway.reader().patch(&id, &add("-", "http://x")).refused(
        "reader",
        403,
        "You are not authorized to complete set_image_location action.",
    );
    gateway.other().patch(&id, &add("-", "http://x")).refused("other", 404, &format!("No image found with ID {id}"));
    let admin = gateway.admin();
    admin.patch(&id, &remove).refused("the last", 403, "Cannot remove last location in the image.");
    let empty = json!([{"op": "replace", "path": "/locations", "value": []}]);
    let message = "Access was denied to this resource. Cannot set locations to empty list.";
    member.patch(&id, &empty).refused("empty", 403, message);
    member.patch(&id, &add("-", "http://127.0.0.1/x")).refused("active", 400, "Invalid location");

    let closed = Gateway::builder().start();
    let id = closed.member().create_active("n", b"0123456789");
    for (operations, verb) in [
        (add("-", "http://x"), "add"),
        (json!([{"op": "replace", "path": "/locations", "value": [{"url": "http://x", "metadata": {}}]}]), "update"),
        (remove, "remove"),
    ] {
        let message = format!("It's not allowed to {verb} locations if locations are invisible.");
        closed.admin().patch(&id, &operations).refused(verb, 403, &message);
    }
}

#[test]
fn what_is_said_of_a_location_can_be_replaced_and_where_it_leads_cannot() {
    let gateway = open();
    let member = gateway.member();
    let id = member.create_active("n", b"0123456789");
    let url = member.show(&id)["direct_url"].as_str().unwrap().to_owned();
    let replace = |value: Value| json!([{"op": "replace", "path": "/locations", "value": value}]);
    let said = replace(json!([{"url": url, "metadata": {"date": "2015-10-15", "store": "another"}}]));
    let patched = member.patch(&id, &said).expect(200).json();
    let wanted = json!([{"url": url, "metadata": {"date": "2015-10-15", "store": "fast"}}]);
    assert_eq!(patched["locations"], wanted, "the store is not the client's to say");
    assert_eq!(member.show(&id)["locations"], wanted);
    for (case, value) in [
        ("another url", json!([{"url": "http://10.0.0.1/x", "metadata": {}}])),
        ("twice", json!([{"url": url, "metadata": {}}, {"url": url, "metadata": {"a": "b"}}])),
    ] {
        member.patch(&id, &replace(value)).refused(case, 400, "Original locations is not empty: …");
    }
    let number = replace(json!([{"url": url, "metadata": {"n": 1}}]));
    member.patch(&id, &number).refused("number", 400, "The image metadata key n has an invalid type. …");
    assert_eq!(member.show(&id)["locations"], wanted);
    assert_eq!(member.download(&id).expect(200).body, b"0123456789");
    gateway.assert_settled();
}

#[test]
fn a_location_for_a_queued_image_is_judged_before_it_is_taken() {
    let gateway = open();
    let (member, service) = (gateway.member(), gateway.service());
    let id = member.create_raw("n");
    let path = format!("/v2/images/{id}/locations");
    let md5 = md5_hex(&b"x"[..]);
    let schema = "Provided object does not match schema 'location': ";
    for (case, body, status, message) in [
        ("no url", json!({}), 400, format!("{schema}'url' is a required property …")),
        ("file", json!({"url": "file:///x"}), 400, "Invalid location".into()),
        ("unknown", json!({"url": "rbd://x"}), 400, "Invalid location".into()),
        (
            "loopback",
            json!({"url": "http://127.0.0.1/x"}),
            400,
            "URI for add location does not pass filtering: http://127.0.0.1/x".into(),
        ),
        (
            "no hex",
            said("http://127.0.0.1/x", json!({"os_hash_algo": "sha512", "os_hash_value": "zz"})),
            400,
            "os_hash_value (zz) is not a valid hexadecimal value".into(),
        ),
        (
            "short",
            said("http://127.0.0.1/x", json!({"os_hash_algo": "sha512", "os_hash_value": md5})),
            400,
            format!("os_hash_value: ({md5}) is not the correct size for (sha512) (should be (64) bytes)"),
        ),
        (
            "algorithm alone",
            said("http://127.0.0.1/x", json!({"os_hash_algo": "sha512"})),
            400,
            format!("{schema}'os_hash_value' is a dependency of 'os_hash_algo' …"),
        ),
        (
            "unknown algorithm",
            said("http://127.0.0.1/x", json!({"os_hash_algo": "crc", "os_hash_value": "00"})),
            400,
            format!("{schema}'crc' is not one of ['sha1', 'sha256', 'sha512', 'md5'] …"),
        ),
    ] {
        service.post(&path, &body).refused(case, status, &message);
    }
    let only_http = "http store must be enabled to use location API by normal user.";
    member.post(&path, &json!({"url": "file:///x"})).refused("member", 403, only_http);
    member.post(&path, &json!({"url": "http://10.0.0.1/x"})).refused("member", 403, only_http);
    gateway.reader().post(&path, &json!({"url": "http://x"})).refused(
        "reader",
        403,
        "You are not authorized to complete add_image_location action.",
    );
    gateway.other().post(&path, &json!({"url": "http://x"})).expect(404);
    let active = member.create_active("a", b"0123456789");
    let message = "It's not allowed to add locations if image status is active.";
    service
        .post(&format!("/v2/images/{active}/locations"), &json!({"url": "http://x"}))
        .refused("active", 409, message);
    let answer = service.act("PUT", &path).expect(405);
    assert_eq!(answer.header("Allow"), Some("POST"));
    assert_eq!(member.status(&id), "queued");
    let tasks = member.get(&format!("/v2/images/{id}/tasks")).expect(200).json();
    let failed: Vec<_> =
        tasks["tasks"].as_array().unwrap().iter().map(|task| (&task["status"], &task["message"])).collect();
    let refused = (&json!("failure"), &json!("Invalid location"));
    assert_eq!(failed, [refused, refused], "those that Glance would have taken, and failed");
}

#[test]
fn where_data_lies_is_told_to_services_even_where_it_is_not_shown() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let queued = member.create_raw("n");
    let active = member.create_active("a", b"0123456789");
    let path = |id: &str| format!("/v2/images/{id}/locations");
    let refusal = "You are not authorized to complete fetch_image_location action.";
    member.get(&path(&active)).refused("member", 403, refusal);
    assert_eq!(gateway.service().get(&path(&queued)).expect(200).json(), json!([]));
    for client in [gateway.service(), gateway.admin()] {
        let locations = client.get(&path(&active)).expect(200).json();
        assert_eq!(locations[0]["metadata"], json!({"store": "local"}));
        assert!(locations[0]["url"].as_str().unwrap().ends_with(&active), "{locations}");
    }
}
