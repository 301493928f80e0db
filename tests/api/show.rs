use casement_tests::{Gateway, Pattern, md5_hex, sha512_hex};
use serde_json::json;

#[test]
fn an_active_image_tells_of_its_data() {
    let gateway = Gateway::builder().start();
    let data = Pattern::new(1, 3_000_001);
    let id = gateway.member().create_active("data", &data.bytes());
    let image = gateway.member().show(&id);
    assert_eq!(image["status"], "active");
    assert_eq!(image["size"], 3_000_001);
    assert_eq!(image["checksum"], md5_hex(data.reader()));
    assert_eq!(image["os_hash_algo"], "sha512");
    assert_eq!(image["os_hash_value"], sha512_hex(data.reader()));
    assert_eq!(image["stores"], "local");
    assert_eq!((image.get("locations"), image.get("direct_url")), (None, None));
}

#[test]
fn an_id_that_is_none_is_not_found() {
    let gateway = Gateway::builder().start();
    for id in ["nope", "b44f4a0f-0000-4000-8000-00805f9b34fb", "..%2F..%2Fetc%2Fpasswd", "%00"] {
        let answer = gateway.member().get(&format!("/v2/images/{id}"));
        assert_eq!(answer.status, 404, "{id} {answer:?}");
    }
    gateway.member().get("/v2/images/nope").refused("nope", 404, "No image found with ID nope");
}

#[test]
fn times_move_with_changes() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create(&json!({}));
    let before = gateway.member().show(&id);
    assert_eq!(before["created_at"], before["updated_at"]);
    gateway.member().patch(&id, &json!([{"op": "add", "path": "/a", "value": "b"}])).expect(200);
    let after = gateway.member().show(&id);
    assert_eq!(after["created_at"], before["created_at"]);
    assert!(after["updated_at"].as_str() >= before["updated_at"].as_str());
}

#[test]
fn where_the_data_lies_is_shown_as_configured_and_not_of_a_deactivated_image() {
    let gateway = Gateway::builder()
        .filesystem("local", None, "default = true")
        .more("[images]\nshow_direct_url = true\nshow_multiple_locations = true")
        .start();
    let member = gateway.member();
    let id = member.create_active("n", b"0123456789");
    let image = member.show(&id);
    let url = image["direct_url"].as_str().unwrap();
    assert!(url.starts_with("file:///") && url.ends_with(&id), "{url}");
    assert_eq!(image["locations"], json!([{"url": url, "metadata": {"store": "local"}}]));

    member.act("POST", &format!("/v2/images/{id}/actions/deactivate")).expect(204);
    let hidden = member.show(&id);
    assert_eq!((hidden.get("direct_url"), hidden.get("stores"), &hidden["locations"]), (None, None, &json!([])));
    assert_eq!(gateway.admin().show(&id)["direct_url"], url);
}
