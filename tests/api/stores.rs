use casement_tests::{Gateway, Runner};
use serde_json::json;

fn two() -> Gateway {
    Gateway::builder()
        .filesystem("cheap", None, "weight = -5")
        .filesystem("fast", None, "default = true\ndescription = \"Fast store\"\nchunk_size = 65536\nsparse = true")
        .start()
}

#[test]
fn how_stores_are_set_up_is_told_to_administrators_and_services() {
    let gateway = two();
    let denied = "You are not authorized to complete stores_info_detail action.";
    gateway.member().get("/v2/info/stores/detail").refused("member", 403, denied);
    for client in [gateway.admin(), gateway.service()] {
        let stores = client.get("/v2/info/stores/detail").expect(200).json();
        let root = |id: &str| Runner::chosen().path(gateway.folder(id).root());
        assert_eq!(
            stores,
            json!({"stores": [
                {"id": "cheap", "type": "file", "weight": -5, "properties":
                    {"data_dir": root("cheap"), "chunk_size": 1_048_576, "thin_provisioning": false}},
                {"id": "fast", "description": "Fast store", "default": "true", "type": "file", "weight": 0, "properties":
                    {"data_dir": root("fast"), "chunk_size": 65536, "thin_provisioning": true}},
            ]})
        );
    }
    let answer = gateway.admin().act("POST", "/v2/info/stores/detail").expect(405);
    assert_eq!(answer.header("Allow"), Some("GET"));
}

#[test]
fn the_copy_in_one_store_is_removed_by_administrators_and_the_last_one_stays() {
    let gateway = two();
    let (member, admin) = (gateway.member(), gateway.admin());
    let id = member.create_active("n", b"0123456789");
    let path = |store: &str, id: &str| format!("/v2/stores/{store}/{id}");
    let denied = "You are not authorized to complete delete_image_location action.";
    member.delete(&path("fast", &id)).refused("member", 403, denied);
    let unknown = "The selected store nope is not available on this node.";
    admin.delete(&path("nope", &id)).refused("unknown store", 409, unknown);
    let last = "Cannot delete image data from the only store containing it. Consider deleting the image instead.";
    for store in ["fast", "cheap"] {
        admin.delete(&path(store, &id)).refused(store, 403, last);
    }
    gateway.other().delete(&path("fast", &id)).refused("other", 404, &format!("Failed to find image {id}"));
    let queued = member.create_raw("q");
    let status = "It's not allowed to remove image data from store if image status is not 'active'";
    admin.delete(&path("fast", &queued)).refused("queued", 409, status);
    assert_eq!(admin.get(&path("fast", &id)).expect(405).header("Allow"), Some("DELETE"));
    assert_eq!(member.download(&id).expect(200).body, b"0123456789");
    gateway.assert_settled();
}
