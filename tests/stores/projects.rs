//! Swift with an account for each project: an image lies with the project that owns it.

use casement_tests::{Builder, Gateway, Kept, Login, Pattern, Projects, eventually, peer};
use serde_json::{Value, json};

const LINES: &str = "default = true\nsegment_size = 1048576";

/// On each Swift that there is.
fn on_each(test: &str, check: impl Fn(&Projects, Builder)) {
    for (name, login) in [("swift", Login::TempAuth), ("swift_keystone", Login::Keystone)] {
        let Some((swift, _turn)) = peer(test, name) else { continue };
        let projects = Projects::create(swift, login, &["p1", "p2"]);
        let builder = projects.store(Gateway::builder(), "local", LINES);
        check(&projects, builder.more("[images]\nshow_multiple_locations = true\nshow_direct_url = true"));
    }
}

#[test]
fn an_image_lies_in_the_account_of_the_project_that_owns_it() {
    on_each("stores::projects::an_image_lies_in_the_account", |projects, builder| {
        let gateway = builder.start();
        let data = Pattern::new(7, 2_500_001).bytes();
        for (project, client) in [("p1", gateway.member()), ("p2", gateway.other())] {
            let id = client.create_raw("n");
            client.upload(&id, &data).expect(204);
            let container = format!("{}_{id}", projects.own().name());
            assert_eq!(projects.containers(project), [container.clone(), format!("{container}_segments")]);
            let url = format!("swift+{}/{container}/{id}", projects.url(project));
            assert_eq!(client.show(&id)["direct_url"], json!(url));
            assert!(client.download(&id).expect(200).body == data);
            gateway.assert_settled();
        }
        // In whoever's hands it is by now, it stays where it is.
        let mine = gateway.images().into_iter().find(|(_, image)| image["owner"] == "p1").unwrap().0;
        let owner = json!([{"op": "replace", "path": "/owner", "value": "p2"}]);
        gateway.admin().patch(&mine, &owner).expect(200);
        assert!(gateway.other().download(&mine).expect(200).body == data);
        for id in gateway.images().into_keys() {
            gateway.other().delete(&format!("/v2/images/{id}")).expect(204);
        }
        gateway.assert_settled();
        assert_eq!((projects.containers("p1"), projects.containers("p2")), (Vec::new(), Vec::new()));
    });
}

#[test]
fn what_a_killed_gateway_left_in_a_projects_account_is_removed_at_its_next_start() {
    on_each("stores::projects::what_a_killed_gateway_left", |projects, builder| {
        let gateway = builder.start();
        let id = gateway.member().create_raw("n");
        let mut raw = gateway.raw();
        raw.begin_upload(&id, 8 << 20, &[]);
        raw.send(&Pattern::new(7, 4 << 20).bytes());
        let segments = format!("{}_{id}_segments", projects.own().name());
        eventually("a segment is there", || match projects.containers("p1") {
            containers if containers.contains(&segments) => Ok(()),
            containers => Err(format!("{containers:?}")),
        });
        let gateway = gateway.crash_and_restart();
        gateway.assert_settled();
        assert_eq!(gateway.member().status(&id), "queued");
        assert_eq!((projects.containers("p1"), projects.staged()), (Vec::new(), Vec::new()));
        gateway.member().upload(&id, b"0123456789").expect(204);
        assert_eq!(gateway.member().download(&id).expect(200).body, b"0123456789");
    });
}

#[test]
fn an_owner_that_is_no_project_is_told_so_and_may_be_given_another() {
    on_each("stores::projects::an_owner_that_is_no_project", |_, builder| {
        let gateway = builder.start();
        let admin = gateway.admin();
        let id = admin.create(&json!({"disk_format": "raw", "container_format": "bare", "owner": "a/b"}));
        let refused = admin.upload(&id, b"data").expect(400);
        assert!(refused.message().contains("is no id of a project"), "{refused:?}");
        assert_eq!(admin.show(&id)["status"], json!("queued"));
        let owner: Value = json!([{"op": "replace", "path": "/owner", "value": "p1"}]);
        admin.patch(&id, &owner).expect(200);
        admin.upload(&id, b"data").expect(204);
        gateway.assert_settled();
    });
}
