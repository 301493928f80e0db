use casement_tests::Gateway;
use serde_json::json;

#[test]
fn a_deleted_image_is_gone_with_its_data() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create_active("data", b"0123456789");
    let path = format!("/v2/images/{id}");
    assert!(gateway.store("local").holds(&id));

    let answer = member.delete(&path).expect(204);
    assert!(answer.body.is_empty());
    assert!(!gateway.store("local").holds(&id));
    member.delete(&path).refused("again", 404, &format!("Failed to find image {id} to delete"));
    let missing = format!("No image found with ID {id}");
    member.get(&path).refused("show", 404, &missing);
    gateway.admin().get(&path).refused("show to admin", 404, &missing);
    member.download(&id).refused("download", 404, &missing);
    member.upload(&id, b"x").refused("upload", 404, &missing);
    assert!(gateway.images().is_empty());
    gateway.assert_settled();
}

#[test]
fn a_queued_image_can_be_deleted() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create(&json!({}));
    gateway.member().delete(&format!("/v2/images/{id}")).expect(204);
}

#[test]
fn a_protected_image_stays_until_it_is_unprotected() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create(&json!({"protected": true}));
    let path = format!("/v2/images/{id}");
    let message = format!("Image {id} is protected and cannot be deleted.");
    member.delete(&path).refused("owner", 403, &message);
    gateway.admin().delete(&path).refused("admin", 403, &message);
    member.patch(&id, &json!([{"op": "replace", "path": "/protected", "value": false}])).expect(200);
    member.delete(&path).expect(204);
}

#[test]
fn only_the_owner_deletes() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create(&json!({"visibility": "community"}));
    let hidden = gateway.member().create(&json!({}));
    gateway.other().delete(&format!("/v2/images/{id}")).expect(403);
    gateway.reader().delete(&format!("/v2/images/{id}")).expect(403);
    gateway.other().delete(&format!("/v2/images/{hidden}")).refused(
        "invisible",
        404,
        &format!("Failed to find image {hidden} to delete"),
    );
    assert_eq!(gateway.images().len(), 2);
}

#[test]
fn data_that_went_missing_does_not_hinder_a_delete() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create_active("data", b"0123456789");
    gateway.store("local").remove(&id);
    gateway.member().delete(&format!("/v2/images/{id}")).expect(204);
    gateway.assert_settled();
}
