use casement_tests::Gateway;
use serde_json::json;

#[test]
fn stores_are_listed_with_what_is_said_of_them() {
    let gateway = Gateway::builder()
        .filesystem("fast", None, "default = true\ndescription = \"Fast store\"")
        .filesystem("old", None, "read_only = true")
        .start();
    let listed = gateway.member().get("/v2/info/stores").expect(200).json();
    let mut stores = listed["stores"].as_array().unwrap().clone();
    stores.sort_by_key(|store| store["id"].to_string());
    assert_eq!(
        stores,
        [
            json!({"id": "fast", "description": "Fast store", "default": "true"}),
            json!({"id": "old", "read-only": "true"})
        ]
    );
    let answer = gateway.member().post("/v2/info/stores", &json!({}));
    let answer = answer.refused("POST", 405, "The method POST is not allowed for this resource.");
    assert_eq!(answer.header("Allow"), Some("GET"));
}

#[test]
fn a_read_only_store_takes_no_data() {
    let gateway = Gateway::builder()
        .filesystem("local", None, "default = true")
        .filesystem("old", None, "read_only = true")
        .start();
    let id = gateway.member().create_raw("n");
    gateway.member().data_request(&id).header("X-Image-Meta-Store", "old").body(b"abc").refused(
        "read-only store",
        410,
        "Error in store configuration. Adding images to store is disabled.",
    );
    assert_eq!(gateway.member().status(&id), "queued");
    gateway.assert_settled();
}

#[test]
fn the_health_check_needs_no_token() {
    let gateway = Gateway::builder().start();
    let answer = gateway.nobody().request("GET", "/healthcheck").accept(None).send().expect(200);
    assert_eq!(answer.text().trim(), "OK");
}
