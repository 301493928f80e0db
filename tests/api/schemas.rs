use casement_tests::Gateway;
use serde_json::Value;

macro_rules! golden {
    ($($path:literal => $file:literal),* $(,)?) => { [$(($path, include_str!(concat!("golden/", $file, ".json")))),*] };
}

#[test]
fn schemas_are_those_that_clients_validate_against() {
    let gateway = Gateway::builder().start();
    let golden = golden! {
        "image" => "image", "images" => "images", "member" => "member", "members" => "members", "task" => "task",
        "tasks" => "tasks", "metadefs/namespace" => "metadefs_namespace", "metadefs/namespaces" => "metadefs_namespaces",
        "metadefs/object" => "metadefs_object", "metadefs/objects" => "metadefs_objects",
        "metadefs/property" => "metadefs_property", "metadefs/properties" => "metadefs_properties",
        "metadefs/resource_type" => "metadefs_resource_type", "metadefs/resource_types" => "metadefs_resource_types",
        "metadefs/tag" => "metadefs_tag", "metadefs/tags" => "metadefs_tags",
    };
    for (path, golden) in golden {
        let answer = gateway.member().get(&format!("/v2/schemas/{path}")).expect(200);
        let golden: Value = serde_json::from_str(golden).unwrap();
        assert_eq!(answer.json(), golden, "{path}");
        assert_eq!(answer.header("Content-Type"), Some("application/json"), "{path}");
    }
    gateway.member().get("/v2/schemas/nope").expect(404);
}
