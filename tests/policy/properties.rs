//! Property protections.

use casement_tests::{Client, Gateway};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const ROLES: &str = "\
# The first section that matches decides.
[^secret_.*]
create = admin
read = admin
update = admin
delete = admin

[^billing_.*]
create = admin,billing
read = @
update = billing
delete = admin

[^blind_.*]
create = Member
read = admin
update = member
delete = member

[^once_.*]
create = member
read = admin
update = !
delete = !

[^free_.*]
create = @
read = @
update = @
delete = @
";

fn site(protections: &str) -> Gateway {
    let policy = "[policy]\nproperty_protection_file = \"protections.conf\"\n";
    Gateway::builder().file("protections.conf", protections).more(policy).start()
}

fn reserved(name: &str) -> String {
    format!("Attribute '{name}' is reserved.")
}

fn missing(name: &str) -> String {
    format!("There was a conflict when trying to complete your request. Property {name} does not exist.")
}

/// An administrator's image with a property of each kind.
fn image(gateway: &Gateway) -> String {
    let properties = json!({"secret_x": "1", "billing_x": "2", "blind_x": "3", "free_x": "5"});
    let id = gateway.admin().create(&properties);
    gateway.member().patch(&id, &json!([{"op": "add", "path": "/once_x", "value": "4"}])).expect(200);
    id
}

fn has(image: &Value) -> Vec<&str> {
    let names = ["secret_x", "billing_x", "blind_x", "once_x", "free_x"];
    names.into_iter().filter(|name| image.get(name).is_some()).collect()
}

fn patch(client: &Client, id: &str, op: &str, name: &str) -> casement_tests::Answer {
    client.patch(id, &json!([{"op": op, "path": format!("/{name}"), "value": "new"}]))
}

#[test]
fn what_a_caller_may_not_read_is_not_shown_in_any_answer() {
    let gateway = site(ROLES);
    let id = image(&gateway);
    let (member, admin) = (gateway.member(), gateway.admin());
    assert_eq!(has(&member.show(&id)), ["billing_x", "free_x"]);
    assert_eq!(has(&admin.show(&id)), ["secret_x", "billing_x", "blind_x", "once_x", "free_x"]);
    let list = member.get("/v2/images").expect(200).json();
    assert_eq!(has(&list["images"][0]), ["billing_x", "free_x"]);
    assert_eq!(has(&patch(&member, &id, "replace", "free_x").expect(200).json()), ["billing_x", "free_x"]);
    assert_eq!(has(&member.patch(&id, &json!([])).expect(200).json()), ["billing_x", "free_x"]);
    let made = member.post("/v2/images", &json!({"blind_x": "1", "free_x": "2"})).expect(201).json();
    assert_eq!(has(&made), ["free_x"]);
    // Changes by those who do not see them leave the others as they were.
    let all = admin.show(&id);
    assert_eq!((&all["secret_x"], &all["blind_x"], &all["free_x"]), (&json!("1"), &json!("3"), &json!("new")));
}

#[test]
fn a_list_does_not_tell_by_what_it_finds() {
    let gateway = site(ROLES);
    let id = image(&gateway);
    let found = |client: Client, query: &str| {
        client.get(&format!("/v2/images?{query}")).expect(200).json()["images"].as_array().unwrap().len()
    };
    assert_eq!(found(gateway.admin(), "secret_x=1"), 1);
    assert_eq!(found(gateway.member(), "secret_x=1"), 0);
    assert_eq!(found(gateway.member(), &format!("free_x=5&id={id}")), 1);
}

#[test]
fn protected_properties_are_made_changed_and_removed_by_whom_the_file_says() {
    let gateway = site(ROLES);
    let member = gateway.member();
    for name in ["secret_x", "billing_x", "stranger"] {
        member.post("/v2/images", &json!({name: "1"})).refused("create", 403, &reserved(name));
    }
    let id = image(&gateway);
    for (op, name, status, message) in [
        ("replace", "secret_x", 409, missing("secret_x")),
        ("remove", "secret_x", 409, missing("secret_x")),
        ("add", "secret_x", 403, reserved("secret_x")),
        ("replace", "billing_x", 403, reserved("billing_x")),
        ("add", "billing_x", 403, reserved("billing_x")),
        ("remove", "billing_x", 403, reserved("billing_x")),
        ("replace", "stranger", 409, missing("stranger")),
        ("add", "stranger", 403, reserved("stranger")),
        ("replace", "blind_x", 409, missing("blind_x")),
        ("remove", "blind_x", 409, missing("blind_x")),
        ("add", "once_x", 403, reserved("once_x")),
    ] {
        patch(&member, &id, op, name).refused(&format!("{op} {name}"), status, &message);
    }
    patch(&member, &id, "add", "blind_x").expect(200);
    patch(&member, &id, "add", "free_y").expect(200);
    patch(&member, &id, "remove", "free_x").expect(200);
    patch(&gateway.admin(), &id, "remove", "billing_x").expect(200);
    let all = gateway.admin().show(&id);
    assert_eq!((&all["secret_x"], &all["blind_x"], &all["once_x"]), (&json!("1"), &json!("new"), &json!("4")));
    assert_eq!(has(&all), ["secret_x", "blind_x", "once_x"]);
}

#[test]
fn a_refused_operation_takes_the_whole_patch_with_it() {
    let gateway = site(ROLES);
    let id = image(&gateway);
    let operations = json!([
        {"op": "replace", "path": "/free_x", "value": "new"},
        {"op": "replace", "path": "/billing_x", "value": "new"},
    ]);
    gateway.member().patch(&id, &operations).expect(403);
    assert_eq!(gateway.member().show(&id)["free_x"], "5");
}

#[test]
fn rules_of_the_policy_can_say_it_too() {
    let policy = "[policy]\nfile = \"policy.yaml\"\nproperty_protection_file = \"protections.conf\"\n\
                  property_protection_rule_format = \"policies\"\n";
    let protections = "[^x_.*]\ncreate = owners\nread = lookers\nupdate = !\ndelete = owners\n\
                       [.*]\ncreate = @\nread = @\nupdate = @\ndelete = @\n";
    let rules = "owners: role:member and project_id:p1\nlookers: user_id:u1 or role:admin\n";
    let gateway =
        Gateway::builder().file("policy.yaml", rules).file("protections.conf", protections).more(policy).start();
    let id = gateway.member().create(&json!({"x_a": "1", "b": "2"}));
    gateway.other().post("/v2/images", &json!({"x_a": "1"})).refused("create", 403, &reserved("x_a"));
    assert_eq!(gateway.member().show(&id)["x_a"], "1");
    assert_eq!(gateway.reader().show(&id).get("x_a"), None);
    patch(&gateway.member(), &id, "replace", "x_a").refused("update", 403, &reserved("x_a"));
    patch(&gateway.member(), &id, "replace", "b").expect(200);
    patch(&gateway.member(), &id, "remove", "x_a").expect(200);
}

#[test]
fn the_roles_of_a_service_count_for_properties_and_for_nothing_else() {
    let token = |token: &str, user: &str, roles: &str, service: bool| {
        let digest = hex::encode(Sha256::digest(token));
        format!(
            "[[identity.tokens]]\nsha256 = \"{digest}\"\nuser = \"{user}\"\nproject = \"p1\"\nroles = [{roles}]\n\
             service = {service}\n"
        )
    };
    let identity = format!(
        "mode = \"tokens\"\n{}{}",
        token("a-user", "u1", "\"member\"", false),
        token("a-service", "s1", "\"billing\", \"admin\"", true)
    );
    let policy = "[policy]\nproperty_protection_file = \"protections.conf\"\n";
    let gateway = Gateway::builder().identity(&identity).file("protections.conf", ROLES).more(policy).start();
    let nobody = gateway.nobody();
    let user = |method: &str, path: &str| nobody.request(method, path).header("X-Auth-Token", "a-user");
    let create = || user("POST", "/v2/images");
    create().json(&json!({"billing_x": "1"})).refused("the user alone", 403, &reserved("billing_x"));
    let made = create().header("X-Service-Token", "a-service").json(&json!({"billing_x": "1", "secret_x": "1"}));
    let id = made.expect(201).json()["id"].as_str().unwrap().to_owned();
    let show = |service: bool| {
        let request = user("GET", &format!("/v2/images/{id}"));
        if service { request.header("X-Service-Token", "a-service") } else { request }.send().expect(200).json()
    };
    assert_eq!(has(&show(false)), ["billing_x"]);
    assert_eq!(has(&show(true)), ["secret_x", "billing_x"]);
    let publish = create().header("X-Service-Token", "a-service").json(&json!({"visibility": "public"}));
    publish.refused("an administrator's right", 403, "You are not authorized to complete publicize_image action.");
}
