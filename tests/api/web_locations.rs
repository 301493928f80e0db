//! Locations on the web, where a store reads them.

use casement_tests::{Builder, Client, Depot, Gateway, Pattern, eventually, md5_hex, sha512_hex};
use serde_json::{Value, json};

/// A gateway with a store of files, and one of the web that may read from this machine.
fn site() -> Builder {
    Gateway::builder()
        .plugin("path = \"casement_http_store\"")
        .filesystem("fast", None, "default = true")
        .store("web", "plugin = \"http\"\nallowed_hosts = [\"127.0.0.1\"]\nallowed_ports = []")
        .more("[images]\nshow_direct_url = true\nshow_multiple_locations = true")
        .more("[import_filtering]\nallowed_hosts = [\"127.0.0.1\"]\nallowed_ports = []")
}

fn add(url: &str, metadata: Value) -> Value {
    json!([{"op": "add", "path": "/locations/-", "value": {"url": url, "metadata": metadata}}])
}

fn urls(image: &Value) -> Vec<&str> {
    image["locations"].as_array().unwrap().iter().map(|location| location["url"].as_str().unwrap()).collect()
}

/// Waits for the end of an image's only task.
#[track_caller]
fn ended(client: &Client, id: &str, status: &str) -> Value {
    let tasks = eventually("the task ends", || {
        let tasks = client.get(&format!("/v2/images/{id}/tasks")).expect(200).json()["tasks"].clone();
        if tasks[0]["status"] == "processing" { Err(tasks.to_string()) } else { Ok(tasks) }
    });
    assert_eq!((tasks.as_array().unwrap().len(), &tasks[0]["status"]), (1, &json!(status)), "{tasks}");
    tasks[0].clone()
}

fn import(client: &Client, id: &str, body: &Value) {
    let answer = client.post(&format!("/v2/images/{id}/locations"), body).expect(202);
    assert_eq!((answer.body.len(), answer.header("Content-Type")), (0, Some("text/html; charset=UTF-8")));
}

#[test]
fn locations_on_the_web_come_and_go_and_their_data_stays() {
    let (gateway, depot) = (site().start(), Depot::open());
    let (member, admin) = (gateway.member(), gateway.admin());
    let data = Pattern::new(3, 300_000).bytes();
    let url = depot.put("image", &data);
    let id = member.create_raw("n");
    let image = member.patch(&id, &add(&url, json!({"foo": "bar"}))).expect(200).json();
    assert_eq!(
        (&image["status"], &image["size"], &image["stores"]),
        (&json!("active"), &json!(300_000), &json!("web"))
    );
    assert_eq!((&image["os_hash_algo"], &image["checksum"]), (&Value::Null, &Value::Null));
    assert_eq!(image["locations"], json!([{"url": url, "metadata": {"foo": "bar", "store": "web"}}]));
    assert!(member.download(&id).expect(200).body == data);

    let second = format!("{url}#new");
    let image = member.patch(&id, &add(&second, json!({}))).expect(200).json();
    assert_eq!((urls(&image), &image["direct_url"]), (vec![url.as_str(), &second], &json!(url)));
    let twin = add(&second, json!({}));
    member.patch(&id, &twin).refused("twice", 400, &format!("The location {second} already exists"));
    member.patch(&id, &add(&format!("{url}-missing"), json!({}))).refused("missing", 400, "Invalid location");

    let image = admin.patch(&id, &json!([{"op": "remove", "path": "/locations/0"}])).expect(200).json();
    assert_eq!((urls(&image), &image["direct_url"]), (vec![second.as_str()], &json!(second)));
    assert!(member.download(&id).expect(200).body == data, "what lies on the web is not ours to remove");
    member.delete(&format!("/v2/images/{id}")).expect(204);
    gateway.assert_settled();
}

#[test]
fn what_is_said_of_the_data_is_taken_with_the_location() {
    let (gateway, depot) = (site().start(), Depot::open());
    let member = gateway.member();
    let url = depot.put("image", b"0123456789");
    let said = |algorithm: &str, url: &str| {
        let data =
            json!({"checksum": "1".repeat(32), "os_hash_value": "deadbeef".repeat(16), "os_hash_algo": algorithm});
        json!([{"op": "add", "path": "/locations/-", "value": {"url": url, "metadata": {}, "validation_data": data}}])
    };
    let id = member.create_raw("n");
    let message = "There was a conflict when trying to complete your request. os_hash_algo must be sha512, not sha256";
    let refused = member.patch(&id, &said("sha256", &url)).expect(409);
    assert!(message.contains(&refused.message()), "{refused:?}");
    let image = member.patch(&id, &said("sha512", &url)).expect(200).json();
    assert_eq!((&image["checksum"], &image["os_hash_algo"]), (&json!("1".repeat(32)), &json!("sha512")));
    member.patch(&id, &said("sha512", &format!("{url}#new"))).expect(200);
    member.patch(&id, &said("sha256", &format!("{url}#3"))).expect(409);
    let image = member.show(&id);
    assert_eq!((urls(&image).len(), image["locations"][0].get("validation_data")), (2, None));
}

#[test]
fn a_location_that_is_imported_has_its_digests_and_a_task() {
    let (gateway, depot) = (site().start(), Depot::open());
    let member = gateway.member();
    let data = Pattern::new(4, 3_000_000).bytes();
    let (url, md5, sha512) = (depot.put("image", &data), md5_hex(&data[..]), sha512_hex(&data[..]));
    for said in [json!(null), json!({"os_hash_algo": "sha512", "os_hash_value": sha512})] {
        let mut body = json!({"url": url});
        if !said.is_null() {
            body["validation_data"] = said;
        }
        let id = member.create_raw("n");
        import(&member, &id, &body);
        let task = ended(&member, &id, "success");
        assert_eq!(
            (&task["type"], &task["owner"], &task["image_id"]),
            (&json!("location_import"), &json!("p1"), &json!(id))
        );
        assert_eq!((&task["input"]["loc_url"], &task["user_id"]), (&json!(url), &json!("u1")));
        assert!(task["request_id"].as_str().unwrap().starts_with("req-"));
        let image = member.show(&id);
        assert_eq!((&image["status"], &image["stores"]), (&json!("active"), &json!("web")));
        assert_eq!((&image["checksum"], &image["os_hash_value"]), (&json!(md5), &json!(sha512)));
        assert_eq!(image["virtual_size"], 3_000_000);
        assert!(member.download(&id).expect(200).body == data);
        let tasks = gateway.admin().get("/v2/tasks?limit=1").expect(200).json();
        let id_of_task = tasks["tasks"][0]["id"].as_str().unwrap().to_owned();
        let whole = gateway.admin().get(&format!("/v2/tasks/{id_of_task}")).expect(200).json();
        assert_eq!((&whole["status"], &whole["message"]), (&json!("success"), &json!("")));
        assert!(tasks["next"].as_str().unwrap().ends_with(&format!("limit=1&marker={id_of_task}")));
    }
    gateway.assert_settled();
}

#[test]
fn a_location_that_was_refused_is_seen_and_not_served_and_goes_with_what_comes_next() {
    let (gateway, depot) = (site().start(), Depot::open());
    let member = gateway.member();
    let url = depot.put("image", b"0123456789");
    let wrong =
        json!({"url": url, "validation_data": {"os_hash_algo": "sha512", "os_hash_value": "beefdead".repeat(16)}});
    let id = member.create_raw("n");
    import(&member, &id, &wrong);
    let task = ended(&member, &id, "failure");
    assert!(task["message"].as_str().unwrap().contains("not matched with actual os_hash_value"), "{task}");
    let image = member.show(&id);
    assert_eq!((&image["status"], &image["stores"]), (&json!("queued"), &json!("web")));
    assert_eq!(
        (&image["checksum"], &image["os_hash_algo"], &image["os_hash_value"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    member.download(&id).expect(204);
    member.upload(&id, b"other data").expect(204);
    let image = member.show(&id);
    assert_eq!((&image["stores"], urls(&image).len()), (&json!("fast"), 1));
    assert_eq!(member.download(&id).expect(200).body, b"other data");

    let id = member.create_raw("n");
    import(&member, &id, &wrong);
    ended(&member, &id, "failure");
    let image = member.patch(&id, &add(&url, json!({}))).expect(200).json();
    assert_eq!((urls(&image), &image["status"]), (vec![url.as_str()], &json!("active")));
}

#[test]
fn an_image_that_is_deleted_while_its_location_is_read_is_gone() {
    let (gateway, depot) = (site().start(), Depot::open());
    let member = gateway.member();
    let url = depot.put("image", &Pattern::new(5, 3_000_000).bytes());
    depot.hold();
    let id = member.create_raw("n");
    import(&member, &id, &json!({"url": url}));
    depot.reached();
    let image = member.show(&id);
    assert_eq!(
        (&image["status"], &image["os_hash_algo"], &image["os_hash_value"]),
        (&json!("active"), &json!("sha512"), &Value::Null)
    );
    member.delete(&format!("/v2/images/{id}")).expect(204);
    let task = eventually("the task ends", || {
        let tasks = gateway.admin().get("/v2/tasks").expect(200).json()["tasks"].clone();
        if tasks[0]["status"] == "processing" { Err(tasks.to_string()) } else { Ok(tasks[0].clone()) }
    });
    assert_eq!(task["status"], "failure");
    depot.release();
    gateway.assert_settled();
}

#[test]
fn without_secure_hashing_what_is_said_is_believed() {
    let depot = Depot::open();
    let gateway = Gateway::builder()
        .plugin("path = \"casement_http_store\"")
        .filesystem("fast", None, "default = true")
        .store("web", "plugin = \"http\"\nallowed_hosts = [\"127.0.0.1\"]\nallowed_ports = []")
        .more("[images]\ndo_secure_hash = false")
        .more("[import_filtering]\nallowed_hosts = [\"127.0.0.1\"]\nallowed_ports = []")
        .start();
    let member = gateway.member();
    let url = depot.put("image", b"0123456789");
    let value = "0a".repeat(32);
    for said in [None, Some(json!({"os_hash_algo": "sha256", "os_hash_value": value}))] {
        let id = member.create_raw("n");
        let mut body = json!({"url": url});
        body["validation_data"] = said.clone().unwrap_or(json!({}));
        import(&member, &id, &body);
        ended(&member, &id, "success");
        let image = member.show(&id);
        assert_eq!(
            (&image["status"], &image["size"], &image["checksum"]),
            (&json!("active"), &json!(10), &Value::Null)
        );
        let wanted = if said.is_some() { json!(value) } else { Value::Null };
        assert_eq!(image["os_hash_value"], wanted);
    }
}

#[test]
fn copies_are_ordered_by_the_weights_of_their_stores() {
    let depot = Depot::open();
    for (weight, first) in [(5, "fast"), (-5, "web")] {
        let gateway = Gateway::builder()
            .plugin("path = \"casement_http_store\"")
            .filesystem("fast", None, &format!("default = true\nweight = {weight}"))
            .store("web", "plugin = \"http\"\nallowed_hosts = [\"127.0.0.1\"]\nallowed_ports = []")
            .more("[images]\nshow_direct_url = true\nshow_multiple_locations = true")
            .more("[import_filtering]\nallowed_hosts = [\"127.0.0.1\"]\nallowed_ports = []")
            .start();
        let (member, admin) = (gateway.member(), gateway.admin());
        let url = depot.put("image", b"0123456789");
        let id = member.create_active("n", b"0123456789");
        member.patch(&id, &add(&url, json!({}))).expect(200);
        let image = member.show(&id);
        let stores: Vec<&str> = image["stores"].as_str().unwrap().split(',').collect();
        assert_eq!((stores[0], stores.len()), (first, 2));
        assert_eq!(image["direct_url"], image["locations"][0]["url"]);
        assert_eq!(member.get("/v2/images").expect(200).json()["images"][0]["stores"], image["stores"]);

        admin.delete(&format!("/v2/stores/fast/{id}")).expect(204);
        assert!(!gateway.store("fast").holds(&id));
        assert_eq!(member.show(&id)["stores"], "web");
        assert_eq!(member.download(&id).expect(200).body, b"0123456789");
        admin.delete(&format!("/v2/stores/web/{id}")).expect(403);
        member.patch(&id, &add(&format!("{url}#2"), json!({}))).expect(200);
        admin.delete(&format!("/v2/stores/web/{id}")).expect(204);
        admin.delete(&format!("/v2/stores/fast/{id}")).expect(403);
        gateway.assert_settled();
    }
}
