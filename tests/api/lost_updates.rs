use casement_tests::{Answer, Client, Gateway};
use serde_json::{Value, json};
use std::thread;

const V2_1: &str = "application/openstack-images-v2.1-json-patch";

fn named(name: &str) -> Value {
    json!([{"op": "replace", "path": "/name", "value": name}])
}

fn etag(client: &Client, id: &str) -> String {
    client.get(&format!("/v2/images/{id}")).expect(200).header("ETag").unwrap().to_owned()
}

fn patch_if(client: &Client, id: &str, tags: &str, operations: &Value) -> Answer {
    let request = client.request("PATCH", &format!("/v2/images/{id}")).header("Content-Type", V2_1);
    request.header("If-Match", tags).json(operations)
}

fn get_if(client: &Client, id: &str, tags: &str) -> Answer {
    client.request("GET", &format!("/v2/images/{id}")).header("If-None-Match", tags).send()
}

#[test]
fn every_change_gives_an_image_another_tag_and_nothing_else_does() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create_raw("n");
    let mut before = etag(&member, &id);
    assert!(before.starts_with('"') && before.ends_with('"') && before.len() > 2, "{before}");
    assert_eq!(etag(&gateway.admin(), &id), before);
    for change in 0..6 {
        assert_eq!(etag(&member, &id), before);
        match change {
            0 => drop(member.patch(&id, &named("other")).expect(200)),
            1 => drop(member.act("PUT", &format!("/v2/images/{id}/tags/t")).expect(204)),
            2 => drop(member.delete(&format!("/v2/images/{id}/tags/t")).expect(204)),
            3 => drop(member.upload(&id, b"0123456789").expect(204)),
            4 => drop(gateway.admin().act("POST", &format!("/v2/images/{id}/actions/deactivate")).expect(204)),
            _ => drop(gateway.admin().act("POST", &format!("/v2/images/{id}/actions/reactivate")).expect(204)),
        }
        let after = etag(&member, &id);
        assert_ne!(after, before, "change {change}");
        before = after;
    }
    let answered = member.patch(&id, &named("last")).expect(200);
    assert_eq!(answered.header("ETag"), Some(etag(&member, &id).as_str()));
    assert_eq!(member.patch(&id, &json!([])).expect(200).header("ETag"), answered.header("ETag"));
}

#[test]
fn a_change_is_made_to_the_version_that_it_names_and_to_no_other() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create(&json!({"name": "n"}));
    let first = etag(&member, &id);
    let second = patch_if(&member, &id, &first, &named("one")).expect(200).header("ETag").unwrap().to_owned();
    let stale = format!("Image {id} is not the version that the request is meant for; read it again.");
    for (what, tags) in [
        ("the version before", first.clone()),
        ("a weak tag", format!("W/{second}")),
        ("no tag", second.trim_matches('"').to_owned()),
        ("nothing", String::new()),
        ("others", format!("\"x\", {first}")),
    ] {
        patch_if(&member, &id, &tags, &named("lost")).refused(what, 412, &stale);
        let empty = patch_if(&member, &id, &tags, &json!([]));
        empty.refused("a patch of nothing", 412, &stale);
    }
    assert_eq!(member.show(&id)["name"], "one");
    patch_if(&member, &id, &format!("{first}, {second}"), &named("two")).expect(200);
    patch_if(&member, &id, "*", &named("three")).expect(200);

    let request = |tags: &str| member.request("DELETE", &format!("/v2/images/{id}")).header("If-Match", tags).send();
    request(&second).refused("a delete of another version", 412, &stale);
    let now = etag(&member, &id);
    request(&now).expect(204);
    patch_if(&member, &id, "*", &named("gone")).expect(404);
}

#[test]
fn who_has_the_version_already_is_told_so() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create(&json!({"name": "n"}));
    let tag = etag(&member, &id);
    for tags in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let answer = get_if(&member, &id, &tags).expect(304);
        assert_eq!((answer.header("ETag"), answer.body.len()), (Some(tag.as_str()), 0), "{tags}");
    }
    get_if(&member, &id, "\"x\"").expect(200);
    member.patch(&id, &named("new")).expect(200);
    assert_eq!(get_if(&member, &id, &tag).expect(200).json()["name"], "new");
    get_if(&gateway.stranger(), &id, &tag).expect(404);
}

#[test]
fn of_changes_at_once_that_name_the_same_version_exactly_one_is_made() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create(&json!({"name": "n"}));
    for round in 0..5 {
        let tag = etag(&member, &id);
        let answers: Vec<u16> = thread::scope(|scope| {
            let writers: Vec<_> = (0..8)
                .map(|writer| {
                    let (member, id, tag) = (&member, &id, &tag);
                    scope.spawn(move || patch_if(member, id, tag, &named(&format!("{round}.{writer}"))).status)
                })
                .collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        let winner = answers.iter().position(|status| *status == 200).unwrap();
        assert_eq!(answers.iter().filter(|status| **status == 412).count(), 7, "{answers:?}");
        assert_eq!(member.show(&id)["name"], format!("{round}.{winner}"));
    }
}
