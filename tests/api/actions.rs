use casement_tests::Gateway;
use serde_json::json;

#[test]
fn a_deactivated_image_keeps_its_data_to_itself() {
    let gateway = Gateway::builder().start();
    let (member, admin) = (gateway.member(), gateway.admin());
    let id = member.create_active("data", b"0123456789");
    let act = |what: &str| member.act("POST", &format!("/v2/images/{id}/actions/{what}"));

    act("deactivate").expect(204);
    act("deactivate").expect(204);
    let image = member.show(&id);
    assert_eq!((&image["status"], image.get("stores")), (&json!("deactivated"), None));
    assert_eq!(admin.show(&id)["stores"], "local");
    member.download(&id).refused(
        "download",
        403,
        "The requested image has been deactivated. Image data download is forbidden.",
    );
    assert_eq!(admin.download(&id).expect(200).body, b"0123456789");

    act("reactivate").expect(204);
    act("reactivate").expect(204);
    assert_eq!(member.status(&id), "active");
    assert_eq!(member.download(&id).expect(200).body, b"0123456789");
}

#[test]
fn actions_are_refused_where_they_make_no_sense() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create(&json!({}));
    let path = format!("/v2/images/{id}/actions/deactivate");
    member.act("POST", &path).refused("queued", 403, "Not allowed to deactivate image in status 'queued'");
    member.act("POST", &format!("/v2/images/{id}/actions/reactivate")).refused(
        "queued",
        403,
        "Not allowed to reactivate image in status 'queued'",
    );
    let answer = member.request("POST", &path).body(b"{}");
    answer.refused("with a body", 400, "A body is not expected with this request.");
    let answer = member.get(&path).refused("GET", 405, "The method GET is not allowed for this resource.");
    assert_eq!(answer.header("Allow"), Some("POST"));
    gateway.other().act("POST", &path).expect(404);
}
