//! Rules of the site in place of Glance's.

use crate::site;
use casement_tests::{Client, Gateway};
use serde_json::json;

fn ids(client: &Client) -> Vec<String> {
    let list = client.get("/v2/images").expect(200).json();
    list["images"].as_array().unwrap().iter().map(|image| image["id"].as_str().unwrap().to_owned()).collect()
}

fn denied(action: &str) -> String {
    format!("You are not authorized to complete {action} action.")
}

#[test]
fn members_publish_where_the_site_lets_them() {
    let public = json!({"visibility": "public", "name": "n"});
    let usual = Gateway::builder().start();
    usual.member().post("/v2/images", &public).refused("by default", 403, &denied("publicize_image"));

    let gateway = site("publicize_image: role:member and project_id:%(project_id)s\n").start();
    gateway.member().create(&public);
    let id = gateway.member().create(&json!({}));
    let publish = json!([{"op": "replace", "path": "/visibility", "value": "public"}]);
    gateway.member().patch(&id, &publish).expect(200);
    let theirs = gateway.admin().create(&json!({"visibility": "public"}));
    gateway.other().patch(&theirs, &publish).refused("another's", 403, &denied("publicize_image"));
}

#[test]
fn the_rule_for_a_new_visibility_asks_of_the_image_as_it_is() {
    let gateway = site("communitize_image: \"'private':%(visibility)s\"\n").start();
    let [private, shared] = ["private", "shared"].map(|now| gateway.member().create(&json!({"visibility": now})));
    let open = json!([{"op": "replace", "path": "/visibility", "value": "community"}]);
    gateway.member().patch(&private, &open).expect(200);
    gateway.member().patch(&shared, &open).refused("shared", 403, &denied("communitize_image"));
}

#[test]
fn a_page_of_images_that_a_rule_hides_has_a_next_one() {
    let gateway = site("get_image: \"role:admin or 'public':%(visibility)s\"\n").start();
    for (name, visibility) in [("a", "private"), ("b", "private"), ("c", "public")] {
        gateway.admin().create(&json!({"name": name, "visibility": visibility}));
    }
    let (member, path) = (gateway.member(), "/v2/images?sort=name:asc&limit=2");
    let page = member.get(path).expect(200).json();
    assert_eq!(page["images"], json!([]));
    assert!(page["next"].is_string(), "{page}");
    let names: Vec<_> = member.walk(path).iter().map(|image| image["name"].clone()).collect();
    assert_eq!(names, ["c"]);
}

#[test]
fn readers_download_where_the_site_lets_them() {
    let gateway = site("{\"download_image\": [[\"role:reader\", \"project_id:%(project_id)s\"]]}").start();
    let id = gateway.member().create_active("n", b"0123456789");
    assert_eq!(gateway.reader().download(&id).expect(200).body, b"0123456789");
    gateway.other().download(&id).expect(404);
}

#[test]
fn nobody_deletes_where_nobody_may() {
    let gateway = site("delete_image: \"!\"\n").start();
    let id = gateway.member().create_active("n", b"0123456789");
    for client in [gateway.member(), gateway.admin()] {
        client.delete(&format!("/v2/images/{id}")).refused("delete", 403, &denied("delete_image"));
    }
    gateway.stranger().delete(&format!("/v2/images/{id}")).expect(404);
    assert_eq!(gateway.member().download(&id).expect(200).body, b"0123456789");
}

#[test]
fn whoever_may_act_on_an_image_need_not_see_it() {
    let gateway = site("get_image: rule:context_is_admin\n").start();
    let id = gateway.member().create_active("n", b"0123456789");
    let path = format!("/v2/images/{id}");
    let missing = format!("No image found with ID {id}");
    gateway.member().get(&path).refused("show", 404, &missing);
    assert_eq!(ids(&gateway.member()), [""; 0]);
    gateway.member().patch(&id, &json!([])).refused("a patch of nothing", 404, &missing);
    gateway.member().patch(&id, &json!([{"op": "add", "path": "/a", "value": "b"}])).expect(200);
    assert_eq!(gateway.member().download(&id).expect(200).body, b"0123456789");
    // Who may neither act nor see does not learn that there is one.
    gateway.reader().download(&id).refused("download", 404, &missing);
    gateway.reader().act("POST", &format!("{path}/actions/deactivate")).refused("deactivate", 404, &missing);
    gateway.reader().patch(&id, &json!([{"op": "add", "path": "/a", "value": "c"}])).refused("patch", 404, &missing);
    gateway.member().act("POST", &format!("{path}/actions/deactivate")).expect(204);
    gateway.member().download(&id).refused("a deactivated one", 404, &missing);
    gateway.member().delete(&path).expect(204);
}

#[test]
fn a_list_has_what_the_rule_for_one_image_lets_through() {
    let gateway = site("get_image: \"rule:context_is_admin or 'yes':%(listed)s\"\n").start();
    let listed = gateway.member().create(&json!({"listed": "yes"}));
    let other = gateway.member().create(&json!({"listed": "no"}));
    assert_eq!(ids(&gateway.member()), std::slice::from_ref(&listed));
    assert_eq!(ids(&gateway.admin()), [other, listed]);
    site("get_images: \"!\"\n").start().admin().get("/v2/images").refused("list", 403, &denied("get_images"));
}

#[test]
fn the_site_says_who_administrates() {
    let gateway = site("context_is_admin: role:member and user_id:u1\n").start();
    let theirs = gateway.other().create(&json!({"visibility": "private"}));
    gateway.member().show(&theirs);
    gateway.member().patch(&theirs, &json!([{"op": "replace", "path": "/owner", "value": "p3"}])).expect(200);
    let mine = gateway.other().create(&json!({"visibility": "private"}));
    gateway.admin().get(&format!("/v2/images/{mine}")).expect(404);
    assert_eq!(ids(&gateway.admin()), [""; 0]);
}

#[test]
fn a_choice_of_stores_is_a_right_of_its_own() {
    let gateway = site("download_from_store: \"!\"\n").start();
    let id = gateway.member().create_active("n", b"0123456789");
    gateway.member().download(&id).expect(200);
    let chosen = format!("/v2/images/{id}/file?prefer=local");
    gateway.member().get(&chosen).refused("a chosen store", 403, &denied("download_from_store"));
}

#[test]
fn images_for_others_are_made_where_the_site_lets_them() {
    let gateway = site("add_image: role:reader\n").start();
    let theirs = gateway.reader().post("/v2/images", &json!({"owner": "p2"})).expect(201).json();
    assert_eq!(theirs["owner"], "p2");
    gateway.other().show(theirs["id"].as_str().unwrap());
}

#[test]
fn each_action_asks_its_own_rule() {
    let gateway = site(
        "upload_image: \"!\"\nmodify_image: \"!\"\ndeactivate: \"!\"\nreactivate: \"!\"\nadd_member: \"!\"\n\
                        get_members: \"!\"\nget_member: \"!\"\nmodify_member: \"!\"\ndelete_member: \"!\"\n",
    )
    .start();
    let admin = gateway.admin();
    let id = admin.create_raw("n");
    let path = |rest: &str| format!("/v2/images/{id}{rest}");
    admin.upload(&id, b"x").refused("upload", 403, &denied("upload_image"));
    let rename = json!([{"op": "replace", "path": "/name", "value": "x"}]);
    admin.patch(&id, &rename).refused("patch", 403, &denied("modify_image"));
    admin.act("PUT", &path("/tags/x")).refused("tag", 403, &denied("modify_image"));
    admin.act("DELETE", &path("/tags/x")).refused("untag", 403, &denied("modify_image"));
    admin.act("POST", &path("/actions/deactivate")).refused("deactivate", 403, &denied("deactivate"));
    admin.act("POST", &path("/actions/reactivate")).refused("reactivate", 403, &denied("reactivate"));
    admin.post(&path("/members"), &json!({"member": "p2"})).refused("share", 403, &denied("add_member"));
    admin.get(&path("/members")).refused("members", 403, &denied("get_members"));
    admin.get(&path("/members/p2")).expect(404);
    let accept = json!({"status": "accepted"});
    admin.request("PUT", &path("/members/p2")).json(&accept).refused("answer", 403, &denied("modify_member"));
    admin.delete(&path("/members/p2")).refused("end", 403, &denied("delete_member"));
    assert_eq!(admin.status(&id), "queued");
}
