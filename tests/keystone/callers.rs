//! Who callers are, and what that lets them do.

use crate::common::{application_credential, builder, keystone, token_by};
use casement_tests::{Gateway, Keystone};
use serde_json::json;

fn sees(gateway: &Gateway, token: &str, id: &str) -> u16 {
    gateway.bearer(token).get(&format!("/v2/images/{id}")).status
}

#[test]
fn images_belong_to_the_project_of_the_token_and_are_seen_by_its_roles() {
    let Some(keystone) = keystone("images_belong_to_the_project_of_the_token") else { return };
    let gateway = builder(keystone, "").start();
    let demo = gateway.bearer(&keystone.token("demo", "demo"));
    let id = demo.create_active("of demo", b"data");
    assert_eq!(demo.show(&id)["owner"].as_str().unwrap(), keystone.id("projects", "demo"));

    let status = |user: &str, project: &str| sees(&gateway, &keystone.token(user, project), &id);
    // `demo` is a member and no more: that a member may look is what Keystone says of the role.
    for user in ["demo", "demo_reader", "demo_manager", "demo_admin"] {
        assert_eq!(status(user, "demo"), 200, "{user}");
    }
    assert_eq!((status("alt", "alt"), status("alt_reader", "alt"), status("admin", "admin")), (404, 404, 200));

    let create = |user: &str, project: &str| {
        gateway.bearer(&keystone.token(user, project)).post("/v2/images", &json!({"name": user})).status
    };
    for (user, project, wanted) in
        [("demo_manager", "demo", 201), ("demo_reader", "demo", 403), ("alt_reader", "alt", 403), ("alt", "alt", 201)]
    {
        assert_eq!(create(user, project), wanted, "{user}");
    }
    demo.patch(&id, &json!([{"op": "replace", "path": "/visibility", "value": "public"}])).expect(403);
    let admin = gateway.bearer(&keystone.token("admin", "admin"));
    admin.patch(&id, &json!([{"op": "replace", "path": "/visibility", "value": "public"}])).expect(200);
    assert_eq!(status("alt", "alt"), 200);
}

#[test]
fn an_image_is_shared_between_projects() {
    let Some(keystone) = keystone("an_image_is_shared_between_projects") else { return };
    let gateway = builder(keystone, "").start();
    let (demo, alt) = (gateway.bearer(&keystone.token("demo", "demo")), gateway.bearer(&keystone.token("alt", "alt")));
    let id = demo.create_active("shared", b"data");
    let member = keystone.id("projects", "alt");
    demo.post(&format!("/v2/images/{id}/members"), &json!({"member": member})).expect(200);
    alt.request("PUT", &format!("/v2/images/{id}/members/{member}")).json(&json!({"status": "accepted"})).expect(200);
    assert_eq!(alt.download(&id).expect(200).body, b"data");
}

/// A token for the domain `default`, where `admin` is given its role first.
fn domain_token(keystone: &Keystone) -> String {
    let (user, role) = (keystone.id("users", "admin"), keystone.id("roles", "admin"));
    keystone.admin().act("PUT", &format!("/domains/default/users/{user}/roles/{role}")).expect(204);
    issued(keystone, &json!({"scope": {"domain": {"id": "default"}}}))
}

fn issued(keystone: &Keystone, more: &serde_json::Value) -> String {
    let user = json!({"name": "admin", "domain": {"id": "default"}, "password": keystone.password()});
    let mut auth = json!({"identity": {"methods": ["password"], "password": {"user": user}}});
    for (key, value) in more.as_object().unwrap() {
        auth[key] = value.clone();
    }
    keystone.issue(&json!({"auth": auth})).header("X-Subject-Token").unwrap().to_owned()
}

#[test]
fn the_rules_are_for_tokens_of_a_project() {
    let Some(keystone) = keystone("the_rules_are_for_tokens_of_a_project") else { return };
    let gateway = builder(keystone, "").start();
    let id = gateway.bearer(&keystone.token("demo", "demo")).create_raw("of demo");
    let unscoped = issued(keystone, &json!({"scope": "unscoped"}));
    for (what, token) in
        [("system", keystone.system_token("admin")), ("domain", domain_token(keystone)), ("no", unscoped)]
    {
        let caller = gateway.bearer(&token);
        assert_eq!(caller.get("/v2/images").status, 403, "{what} scope");
        assert_eq!(caller.post("/v2/images", &json!({"name": "x"})).status, 403, "{what} scope");
        assert_eq!(sees(&gateway, &token, &id), 404, "{what} scope");
    }
}

#[test]
fn a_user_s_application_credential_is_as_good_as_its_password() {
    let Some(keystone) = keystone("a_user_s_application_credential") else { return };
    let gateway = builder(keystone, "").start();
    let token = keystone.token("demo", "demo");
    let id = gateway.bearer(&token).create_raw("of demo");
    let whole = application_credential(keystone, "demo", &token, &json!({}));
    assert_eq!(sees(&gateway, &token_by(keystone, &whole), &id), 200);
    let reading = application_credential(keystone, "demo", &token, &json!({"roles": [{"name": "member"}]}));
    assert_eq!(sees(&gateway, &token_by(keystone, &reading), &id), 200);
}

#[test]
fn one_that_is_only_for_other_services_is_not_accepted() {
    let Some(keystone) = keystone("one_that_is_only_for_other_services") else { return };
    let gateway = builder(keystone, "").start();
    let token = keystone.token("demo", "demo");
    let rules = json!({"access_rules": [{"service": "compute", "method": "GET", "path": "/v2.1/servers"}]});
    let limited = token_by(keystone, &application_credential(keystone, "demo", &token, &rules));
    gateway.bearer(&limited).get("/v2/images").expect(401);
}
