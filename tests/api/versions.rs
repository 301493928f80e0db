use casement_tests::Gateway;
use serde_json::{Value, json};

/// Those whose calls are all served, in the order in which Glance gives them. Clients do not call what is missing
/// here (2.14, 2.16 and 2.18 are of the cache).
const MINORS: [u32; 16] = [15, 13, 12, 11, 10, 9, 8, 17, 7, 6, 5, 4, 3, 2, 1, 0];
const CURRENT: u32 = 17;

fn document(base: &str) -> Value {
    let version = |minor: u32| {
        json!({
            "id": format!("v2.{minor}"),
            "status": if minor == CURRENT { "CURRENT" } else { "SUPPORTED" },
            "links": [{"rel": "self", "href": format!("{base}/v2/")}],
        })
    };
    json!({"versions": MINORS.map(version)})
}

#[test]
fn the_version_document_needs_no_token() {
    let gateway = Gateway::builder().start();
    let nobody = gateway.nobody();
    for (path, status) in [("/", 300), ("/versions", 200)] {
        let answer = nobody.get(path).expect(status);
        assert_eq!(answer.header("Content-Type"), Some("application/json"), "{path}");
        assert_eq!(answer.json(), document(nobody.base()), "{path}");
    }
}

#[test]
fn every_supported_minor_is_a_name_of_the_same_api() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let images = member.get("/v2/images").expect(200).json();
    for minor in MINORS {
        assert_eq!(member.get(&format!("/v2.{minor}/images")).expect(200).json(), images, "v2.{minor}");
    }
}

#[test]
fn an_unknown_version_is_answered_with_the_versions_there_are() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    for path in ["/v3/images", "/v1/images", "/v2.99/images", "/v2.14/images", "/v2.18/images", "/nothing"] {
        let answer = member.get(path);
        assert_eq!((answer.status, answer.json()), (300, document(member.base())), "{path}");
    }
}

#[test]
fn the_accept_header_can_name_the_version() {
    let gateway = Gateway::builder().start();
    let answer = gateway.member().request("GET", "/images").accept(Some("application/vnd.openstack.images-v2")).send();
    assert_eq!(answer.expect(200).json()["images"], json!([]));
}

#[test]
fn the_bare_version_leads_to_its_folder() {
    let gateway = Gateway::builder().start();
    let answer = gateway.member().get("/v2").expect(302);
    assert!(answer.header("Location").unwrap().ends_with("/v2/"), "{answer:?}");
    gateway.member().get("/v2/").refused("/v2/", 404, "The resource could not be found.");
}
