use casement_tests::Gateway;
use serde_json::{Value, json};

#[test]
fn tags_come_and_go_one_by_one() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create(&json!({"tags": ["old"]}));
    let path = format!("/v2/images/{id}/tags/t%201");
    member.act("PUT", &path).expect(204);
    member.act("PUT", &path).expect(204);
    let tags: Vec<Value> = member.show(&id)["tags"].as_array().unwrap().clone();
    assert!(tags.len() == 2 && tags.contains(&json!("t 1")) && tags.contains(&json!("old")), "{tags:?}");
    member.delete(&path).expect(204);
    member.delete(&path).refused("missing", 404, "The resource could not be found.");
    assert_eq!(member.show(&id)["tags"], json!(["old"]));
}

#[test]
fn tags_that_cannot_be_are_refused() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create(&json!({"tags": (0..127).map(|n| format!("t{n}")).collect::<Vec<_>>()}));
    let path = |tag: &str| format!("/v2/images/{id}/tags/{tag}");
    member.act("PUT", &path(&"x".repeat(256))).refused(
        "256 characters",
        400,
        "Provided object does not match schema 'image': …",
    );
    for (what, tag) in [("slash", "a%2Fb"), ("no UTF-8", "%ff"), ("nothing", "")] {
        member.act("PUT", &path(tag)).refused(what, 404, "The resource could not be found.");
    }
    member.act("PUT", &path("%00")).refused("NUL", 400, "Param values can't contain NUL characters.");
    member.request("PUT", &path("b")).body(b"{}").refused("body", 400, "A body is not expected with this request.");
    gateway.other().act("PUT", &path("b")).refused("other project", 404, &format!("Image {id} not found."));
    member.act("PUT", &path(&"x".repeat(255))).expect(204);
    member.act("PUT", &path("one-too-many")).refused(
        "129 tags",
        413,
        &format!("Image tag limit exceeded for image {id}: The limit has been exceeded on the number of allowed image tags. Attempted: 129, Maximum: 128:"),
    );
    let answer = member.get(&path("t1")).expect(405);
    assert_eq!(answer.header("Allow"), Some("PUT, DELETE"));
}

#[test]
fn tags_of_images_of_others_are_not_touched() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create(&json!({"visibility": "community"}));
    gateway.other().act("PUT", &format!("/v2/images/{id}/tags/a")).expect(403);
    gateway.reader().act("PUT", &format!("/v2/images/{id}/tags/a")).expect(403);
    assert_eq!(gateway.member().show(&id)["tags"], json!([]));
}
