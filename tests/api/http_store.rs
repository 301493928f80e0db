//! Image data that lies on a web server.

use casement_tests::{Gateway, MEMBER};

fn gateway() -> Gateway {
    Gateway::builder()
        .filesystem("local", None, "default = true")
        .plugin("path = \"casement_http_store\"")
        .store("web", "plugin = \"http\"")
        .start()
}

#[test]
fn a_store_on_web_servers_is_listed_as_read_only_and_takes_no_data() {
    let gateway = gateway();
    let stores = gateway.member().get("/v2/info/stores").expect(200).json();
    let web = stores["stores"].as_array().unwrap().iter().find(|store| store["id"] == "web").unwrap();
    assert_eq!((&web["read-only"], &web["unavailable"]), (&"true".into(), &serde_json::Value::Null), "{stores:#}");
    let id = gateway.client(&MEMBER).create_raw("n");
    gateway.member().data_request(&id).header("X-Image-Meta-Store", "web").body(b"data").refused(
        "an upload to the web",
        410,
        "Error in store configuration. Adding images to store is disabled.",
    );
    gateway.assert_settled();
}
