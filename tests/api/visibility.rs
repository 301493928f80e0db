use casement_tests::Gateway;
use serde_json::json;

#[test]
fn an_image_is_seen_by_whom_its_visibility_says() {
    let gateway = Gateway::builder().start();
    for (visibility, owner, same_project, other_project) in [
        ("private", "p1", 200, 404),
        ("shared", "p1", 200, 404),
        ("community", "p1", 200, 200),
        ("public", "p1", 200, 200),
    ] {
        let id = gateway.admin().create(&json!({"visibility": visibility, "owner": owner}));
        let path = format!("/v2/images/{id}");
        for (who, client, status) in [
            ("member", gateway.member(), same_project),
            ("reader", gateway.reader(), same_project),
            ("other", gateway.other(), other_project),
            ("admin", gateway.admin(), 200),
        ] {
            let answer = client.get(&path);
            assert_eq!(answer.status, status, "{who} looks at a {visibility} image: {answer:?}");
        }
    }
}

#[test]
fn an_invisible_image_is_not_found_by_any_verb() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create_active("mine", b"0123456789");
    let other = gateway.other();
    let missing = format!("No image found with ID {id}");
    other.get(&format!("/v2/images/{id}")).refused("show", 404, &missing);
    other.download(&id).refused("download", 404, &missing);
    other.upload(&id, b"x").refused("upload", 404, &missing);
    other.patch(&id, &json!([])).refused("patch", 404, &missing);
    other.act("POST", &format!("/v2/images/{id}/actions/deactivate")).expect(404);
    other.act("DELETE", &format!("/v2/images/{id}/tags/x")).expect(404);
    assert_eq!(gateway.member().download(&id).expect(200).body, b"0123456789");
}

#[test]
fn a_visible_image_of_others_can_be_read_and_not_changed() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create_active("ours", b"0123456789");
    gateway.admin().patch(&id, &json!([{"op": "replace", "path": "/visibility", "value": "public"}])).expect(200);
    let other = gateway.other();
    assert_eq!(other.download(&id).expect(200).body, b"0123456789");
    other.patch(&id, &json!([{"op": "replace", "path": "/name", "value": "x"}])).refused(
        "patch",
        403,
        "You are not authorized to complete modify_image action.",
    );
    other.upload(&id, b"x").expect(403);
    other.act("POST", &format!("/v2/images/{id}/actions/deactivate")).expect(403);
}

#[test]
fn a_reader_looks_and_does_not_touch() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create_active("ours", b"0123456789");
    let reader = gateway.reader();
    reader.show(&id);
    assert_eq!(reader.get("/v2/images").expect(200).json()["images"].as_array().unwrap().len(), 1);
    reader.download(&id).refused("download", 403, "You are not authorized to complete download_image action.");
    reader.patch(&id, &json!([{"op": "replace", "path": "/name", "value": "x"}])).refused(
        "patch",
        403,
        "You are not authorized to complete modify_image action.",
    );
}

#[test]
fn a_member_may_look_without_being_a_reader_too() {
    let gateway = Gateway::builder().identity("mode = \"none\"\n[identity.none]\nroles = [\"member\"]").start();
    let member = gateway.nobody();
    let id = member.create_active("n", b"0123456789");
    member.show(&id);
    assert_eq!(member.get("/v2/images").expect(200).json()["images"][0]["id"], id);
}

#[test]
fn a_caller_without_a_good_token_is_turned_away() {
    let gateway = Gateway::builder().start();
    gateway.nobody().get("/v2/images").expect(401);
    gateway.nobody().request("GET", "/v2/images").header("X-Auth-Token", "a-token-that-nobody-has").send().expect(401);
    gateway.nobody().request("GET", "/v2/images").header("X-Auth-Token", "").send().expect(401);
    let log = gateway.log().text();
    assert!(!log.contains("a-token-that-nobody-has"), "a token reached the log");
}

#[test]
fn without_identity_everybody_is_the_one_admin() {
    let gateway = Gateway::builder().identity("mode = \"none\"").start();
    let anyone = gateway.nobody();
    let image = anyone.post("/v2/images", &json!({"visibility": "public", "name": "n"})).expect(201).json();
    assert_eq!(image["owner"], "admin");
    let theirs = anyone.create(&json!({"owner": "p9", "visibility": "private"}));
    assert_eq!(anyone.show(&theirs)["owner"], "p9");
}
