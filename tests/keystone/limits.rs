//! What Keystone says of how much a project may have.

use crate::common::{fresh, identity, keystone};
use casement_tests::{Client, Fault, Gateway, Keystone, Pattern, Proxy, When};
use serde_json::{Value, json};
use std::{collections::BTreeMap, thread};

const MIB: u64 = 1 << 20;

/// A project of its own with limits of its own, and a gateway that heeds them.
struct Limited {
    keystone: &'static Keystone,
    project: String,
    id: String,
    limits: BTreeMap<&'static str, String>,
}

impl Limited {
    fn new(keystone: &'static Keystone) -> Self {
        let admin = keystone.admin();
        let project = format!("limited-{}", fresh());
        let body = json!({"project": {"name": project, "domain_id": "default"}});
        let made = admin.post("/projects", &body).expect(201).json();
        let id = made["project"]["id"].as_str().unwrap().to_owned();
        let (user, role) = (keystone.id("users", "demo"), keystone.id("roles", "member"));
        admin.act("PUT", &format!("/projects/{id}/users/{user}/roles/{role}")).expect(204);
        Self { keystone, project, id, limits: BTreeMap::new() }
    }

    fn limit(&mut self, name: &'static str, limit: i64) {
        let admin = self.keystone.admin();
        if let Some(id) = self.limits.get(name) {
            let change = json!({"limit": {"resource_limit": limit}});
            let request = admin.request("PATCH", &format!("/limits/{id}")).header("Content-Type", "application/json");
            request.json(&change).expect(200);
            return;
        }
        let wanted = json!({"limits": [{
            "service_id": self.keystone.id("services", "glance"),
            "region_id": self.keystone.region(),
            "project_id": self.id,
            "resource_name": name,
            "resource_limit": limit,
        }]});
        let made = admin.post("/limits", &wanted).expect(201).json();
        self.limits.insert(name, made["limits"][0]["id"].as_str().unwrap().to_owned());
    }

    fn gateway(&self, auth_url: &str, more: &str) -> Gateway {
        // A system token sees the limits of all projects.
        let identity = identity(self.keystone, auth_url, "tries = 1")
            .replace("project_name = \"service\"", "system_scope = \"all\"");
        let images = format!("[images]\nuse_keystone_limits = true\nstorage_quota = \"1\"\n{more}");
        Gateway::builder().identity(&identity).more(&images).start()
    }

    fn member(&self, gateway: &Gateway) -> Client {
        gateway.bearer(&self.keystone.token("demo", &self.project))
    }

    fn over(&self, name: &str, limit: u64, usage: u64, delta: u64) -> String {
        format!(
            "The request returned a 413 Request Entity Too Large. This generally means that rate limiting or a quota \
             threshold was breached. The response body: Project {} is over a limit for [Resource {name} is over limit \
             of {limit} due to current usage {usage} and delta {delta}]",
            self.id
        )
    }
}

fn usage(client: &Client) -> Value {
    client.get("/v2/info/usage").expect(200).json()["usage"].clone()
}

#[test]
fn keystones_limits_are_heeded_as_soon_as_they_change() {
    let Some(keystone) = keystone("keystones_limits_are_heeded") else { return };
    let mut limited = Limited::new(keystone);
    for name in ["image_size_total", "image_stage_total", "image_count_total"] {
        limited.limit(name, 10);
    }
    limited.limit("image_count_uploading", 0);
    let gateway = limited.gateway(keystone.auth_url(), "");
    let member = limited.member(&gateway);

    limited.limit("image_count_total", 1);
    let first = member.create_raw("first");
    let body = json!({"name": "second"});
    member.post("/v2/images", &body).refused("too many", 413, &limited.over("image_count_total", 1, 1, 1));
    limited.limit("image_count_total", 3);
    let second = member.create_raw("second");
    let third = member.create_raw("third");

    member.upload(&first, b"x").refused("no uploads", 413, &limited.over("image_count_uploading", 0, 1, 0));
    assert_eq!(member.status(&first), "queued");
    limited.limit("image_count_uploading", 1);

    limited.limit("image_size_total", 1);
    let mebibyte = Pattern::new(1, MIB).bytes();
    member.upload(&first, &[&mebibyte[..], b"x"].concat()).expect(413);
    member.upload(&first, &mebibyte).expect(204);
    let over = limited.over("image_size_total", 1, 1, 1);
    member.upload(&second, &mebibyte).refused("a size that is known", 413, &over);
    let chunked = |id: &str| member.data_request(id).chunked(&mebibyte[..]).unwrap();
    // As in Glance: one that says no size may pass the limit, once.
    chunked(&second).expect(204);
    chunked(&third).refused("above the limit", 413, &limited.over("image_size_total", 1, 2, 1));

    limited.limit("image_size_total", -1);
    member.upload(&third, &mebibyte).expect(204);
    assert_eq!(gateway.store("local").staged(), Vec::<String>::new());

    assert_eq!(
        usage(&member),
        json!({
            "image_size_total": {"limit": -1, "usage": 3},
            "image_stage_total": {"limit": 10, "usage": 0},
            "image_count_total": {"limit": 3, "usage": 3},
            "image_count_uploading": {"limit": 1, "usage": 0},
        })
    );
    member.delete(&format!("/v2/images/{first}")).expect(204);
    assert_eq!(usage(&member)["image_count_total"]["usage"], 2);
}

#[test]
fn many_uploads_at_once_do_not_pass_keystones_limit_together() {
    let Some(keystone) = keystone("many_uploads_at_once") else { return };
    let mut limited = Limited::new(keystone);
    for (name, limit) in [("image_size_total", 6), ("image_count_total", 100), ("image_count_uploading", 100)] {
        limited.limit(name, limit);
    }
    let gateway = limited.gateway(keystone.auth_url(), "strict_size_limit = true");
    let member = limited.member(&gateway);
    let ids: Vec<String> = (0..8).map(|n| member.create_raw(&format!("image {n}"))).collect();
    let data = Pattern::new(1, 2 * MIB).bytes();
    let upload = |(n, id): (usize, &String)| match n % 2 {
        0 => member.data_request(id).chunked(&data[..]).map_or(413, |answer| answer.status),
        _ => member.data_request(id).stream(2 * MIB, &data[..]).map_or(413, |answer| answer.status),
    };
    let answers: Vec<u16> = thread::scope(|scope| {
        let uploads: Vec<_> = ids.iter().enumerate().map(|upload_of| scope.spawn(move || upload(upload_of))).collect();
        uploads.into_iter().map(|upload| upload.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|status| matches!(status, 204 | 413)), "{answers:?}");
    let taken = answers.iter().filter(|status| **status == 204).count();
    assert!((1..=3).contains(&taken), "{answers:?}");
    // What is left is free, and no byte beyond it, without a size too.
    for (id, _) in ids.iter().zip(&answers).filter(|(_, status)| **status == 413).take(3 - taken) {
        member.data_request(id).chunked(&data[..]).unwrap().expect(204);
    }
    let more = member.create_raw("more");
    member.data_request(&more).chunked(&b"x"[..]).unwrap().expect(413);
    assert_eq!(usage(&member)["image_size_total"], json!({"limit": 6, "usage": 6}));
    assert_eq!(gateway.store("local").staged(), Vec::<String>::new());
}

#[test]
fn while_keystone_is_away_its_last_word_holds_and_without_one_the_answer_is_503() {
    let Some(keystone) = keystone("while_keystone_is_away") else { return };
    let mut limited = Limited::new(keystone);
    limited.limit("image_count_total", 2);
    let proxy = Proxy::to(keystone.auth_url());
    let gateway = limited.gateway(&proxy.url(), "");
    let member = limited.member(&gateway);
    let strange = gateway.bearer(&keystone.token("alt", "alt"));
    // Their tokens are known from here on, the limits of one of them too.
    member.create(&json!({}));
    strange.get("/v2/images").expect(200);
    proxy.rule(When::always(), Fault::Cut);
    member.create(&json!({}));
    member.post("/v2/images", &json!({})).expect(413);
    let refused = strange.post("/v2/images", &json!({}));
    assert!(refused.status == 503 && refused.header("Retry-After").is_some(), "{refused:?}");
    strange.get("/v2/info/usage").expect(503);
}

#[test]
fn where_keystone_limits_nothing_there_is_no_usage_to_tell() {
    let gateway = Gateway::builder().start();
    assert_eq!(gateway.member().get("/v2/info/usage").expect(200).json(), json!({"usage": {}}));
    gateway.member().post("/v2/info/usage", &json!({})).expect(404);
}
