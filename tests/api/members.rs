use casement_tests::{Answer, Client, Gateway};
use serde_json::{Value, json};

fn shared(owner: &Client) -> (String, String) {
    let id = owner.create(&json!({"visibility": "shared"}));
    (id.clone(), format!("/v2/images/{id}/members"))
}

fn put(client: &Client, path: &str, body: &Value) -> Answer {
    client.request("PUT", path).json(body)
}

fn names(list: &Value) -> Vec<&str> {
    list["members"].as_array().unwrap().iter().map(|member| member["member_id"].as_str().unwrap()).collect()
}

#[test]
fn a_share_is_offered_answered_and_ended() {
    let gateway = Gateway::builder().start();
    let (owner, other) = (gateway.member(), gateway.other());
    let (id, members) = shared(&owner);
    other.get(&format!("/v2/images/{id}")).expect(404);

    let added = owner.post(&members, &json!({"member": "p2"})).expect(200).json();
    assert_eq!((&added["member_id"], &added["image_id"]), (&json!("p2"), &json!(id)));
    assert_eq!((&added["status"], &added["schema"]), (&json!("pending"), &json!("/v2/schemas/member")));
    assert_eq!(added["created_at"], added["updated_at"]);

    // Known at once, listed once accepted.
    other.get(&format!("/v2/images/{id}")).expect(200);
    let listed = |query: &str| other.get(&format!("/v2/images{query}")).expect(200).json()["images"].to_string();
    assert!(!listed("").contains(&id) && listed("?member_status=pending").contains(&id));
    let one = format!("{members}/p2");
    let accepted = put(&other, &one, &json!({"status": "accepted"})).expect(200).json();
    assert_eq!(accepted["status"], "accepted");
    assert!(listed("").contains(&id));
    assert_eq!(owner.get(&one).expect(200).json()["status"], "accepted");

    owner.delete(&one).expect(204);
    owner.delete(&one).refused("again", 404, &format!("p2 not found in the member list of the image {id}."));
    other.get(&format!("/v2/images/{id}")).expect(404);
    // A share can be offered anew, and is pending again.
    assert_eq!(owner.post(&members, &json!({"member": "p2"})).expect(200).json()["status"], "pending");
}

#[test]
fn the_owner_sees_all_members_and_a_member_itself() {
    let gateway = Gateway::builder().start();
    let owner = gateway.member();
    let (id, members) = shared(&owner);
    for project in ["p3", "p2"] {
        owner.post(&members, &json!({"member": project})).expect(200);
    }
    let list = owner.get(&members).expect(200).json();
    assert_eq!((names(&list), &list["schema"]), (vec!["p3", "p2"], &json!("/v2/schemas/members")));
    assert_eq!(names(&gateway.admin().get(&members).expect(200).json()), ["p3", "p2"]);
    assert_eq!(names(&gateway.other().get(&members).expect(200).json()), ["p2"]);
    gateway.other().get(&format!("{members}/p2")).expect(200);
    gateway.other().get(&format!("{members}/p3")).expect(404);
    let nobody = format!("p9 not found in the member list of the image {id}.");
    owner.get(&format!("{members}/p9")).refused("no such member", 404, &nobody);
}

#[test]
fn who_may_not_share_or_answer_is_refused() {
    let gateway = Gateway::builder().start();
    let (owner, other) = (gateway.member(), gateway.other());
    let (id, members) = shared(&owner);
    other.get(&members).refused("a stranger", 404, &format!("Image {id} not found."));
    owner.post(&members, &json!({"member": "p2"})).expect(200);
    let one = format!("{members}/p2");
    let status = json!({"status": "accepted"});
    let unauthorized = |action: &str| format!("You are not authorized to complete {action} action.");
    put(&owner, &one, &status).refused("the owner answers", 403, &unauthorized("modify_member"));
    other.delete(&one).refused("a member leaves", 403, &unauthorized("delete_member"));
    other.post(&members, &json!({"member": "p3"})).refused("a member shares on", 403, &unauthorized("add_member"));
    put(&gateway.admin(), &one, &status).expect(200);

    let private = owner.create(&json!({"visibility": "private"}));
    let members = format!("/v2/images/{private}/members");
    let refused = format!("Not allowed to create members for image {private}.");
    owner.post(&members, &json!({"member": "p2"})).refused("private", 403, &refused);
    let refused = format!("Not allowed to list members for image {private}: Only shared images have members.");
    owner.get(&members).refused("private list", 403, &refused);
    owner.get(&format!("{members}/p2")).refused("private show", 404, "Only shared images have members.");
}

#[test]
fn shares_that_make_no_sense_are_refused() {
    let gateway = Gateway::builder().start();
    let (owner, other) = (gateway.member(), gateway.other());
    let (id, members) = shared(&owner);
    for (body, message) in [
        (json!({}), "Member to be added not specified"),
        (json!({"member": ""}), "Member can't be empty"),
        (json!([]), r#"Expected a member in the form: {"member": "image_id"}"#),
    ] {
        owner.post(&members, &body).refused(&body.to_string(), 400, message);
    }
    owner.post(&members, &json!({"member": "p2"})).expect(200);
    let duplicate = format!("Member p2 is duplicated for image {id}");
    owner.post(&members, &json!({"member": "p2"})).refused("twice", 409, &duplicate);
    let one = format!("{members}/p2");
    for (body, message) in [
        (json!({}), "Status not specified"),
        (json!({"status": "weird"}), r#"Incorrect request: Status must be "pending", "accepted" or "rejected"."#),
    ] {
        put(&other, &one, &body).refused(&body.to_string(), 400, message);
    }
    for project in 0..127 {
        owner.post(&members, &json!({"member": format!("q{project}")})).expect(200);
    }
    let full = "The limit has been exceeded on the number of allowed image members for this image. \
                Attempted: 129, Maximum: 128";
    owner.post(&members, &json!({"member": "one-too-many"})).refused("quota", 413, full);
    assert_eq!(owner.act("PATCH", &members).expect(405).header("Allow"), Some("GET, POST"));
    assert_eq!(owner.act("POST", &one).expect(405).header("Allow"), Some("GET, PUT, DELETE"));
}
