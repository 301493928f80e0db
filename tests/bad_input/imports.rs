//! A gateway that is killed or stopped while it looks at a location.

use casement_tests::{Depot, Gateway, Pattern, eventually};
use serde_json::json;

#[test]
fn a_killed_gateway_goes_on_with_the_location_that_it_was_looking_at() {
    let depot = Depot::open();
    let mut gateway = Gateway::builder()
        .plugin("path = \"casement_http_store\"")
        .filesystem("fast", None, "default = true")
        .store("web", "plugin = \"http\"\nallowed_hosts = [\"127.0.0.1\"]\nallowed_ports = []")
        .more("[import_filtering]\nallowed_hosts = [\"127.0.0.1\"]\nallowed_ports = []")
        .start();
    let data = Pattern::new(6, 2_000_000).bytes();
    let (url, sha512) = (depot.put("image", &data), casement_tests::sha512_hex(&data[..]));
    let said = json!({"os_hash_algo": "sha512", "os_hash_value": sha512});
    for (body, during) in [(json!({"url": url}), "active"), (json!({"url": url, "validation_data": said}), "importing")]
    {
        depot.hold();
        let id = gateway.member().create_raw("n");
        gateway.member().post(&format!("/v2/images/{id}/locations"), &body).expect(202);
        depot.reached();
        assert_eq!(gateway.member().status(&id), during);
        gateway = gateway.crash_and_restart();
        assert_eq!(gateway.member().status(&id), during);
        depot.release();
        eventually("the location is looked at", || {
            let image = gateway.member().show(&id);
            if image["os_hash_value"] == sha512 { Ok(()) } else { Err(image.to_string()) }
        });
        let tasks = gateway.member().get(&format!("/v2/images/{id}/tasks")).expect(200).json();
        assert_eq!((&tasks["tasks"][0]["status"], &tasks["tasks"][1]), (&json!("success"), &json!(null)));
        assert!(gateway.member().download(&id).expect(200).body == data);
    }
    gateway.assert_settled();
}
