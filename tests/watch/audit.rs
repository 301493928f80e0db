//! The audit log: who did what, and nothing that must not be told.

use crate::watched;
use casement_tests::{ADMIN, Gateway, MEMBER, READER, Runner, eventually, skip};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

fn audited() -> Gateway {
    watched().filesystem("local", None, "default = true").more("[audit]\nfile = \"audit.jsonl\"").start()
}

fn file(gateway: &Gateway) -> PathBuf {
    gateway.site().folder().join("audit.jsonl")
}

/// The first `count` entries. Each line must be one object of JSON.
#[track_caller]
fn entries(gateway: &Gateway, count: usize) -> Vec<Value> {
    eventually(&format!("{count} entries"), || {
        let text = fs::read_to_string(file(gateway)).unwrap();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let entries: Vec<Value> = whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        if entries.len() >= count { Ok(entries) } else { Err(text) }
    })
}

#[track_caller]
fn assert_entry(entry: &Value, wanted: &Value) {
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(&entry[name], value, "{name} in {entry}");
    }
}

#[test]
fn every_change_and_every_download_is_noted_with_who_and_how_it_ended() {
    let gateway = audited();
    let (member, other, admin) = (gateway.member(), gateway.other(), gateway.admin());
    let id = member.create_raw("one");
    let at = |rest: &str| format!("/v2/images/{id}{rest}");
    member.patch(&id, &json!([{"op": "replace", "path": "/name", "value": "two"}])).expect(200);
    member.upload(&id, b"data").expect(204);
    member.download(&id).expect(200);
    member.post(&at("/members"), &json!({"member": "p2"})).expect(200);
    other.request("PUT", &at("/members/p2")).json(&json!({"status": "accepted"})).expect(200);
    member.delete(&at("/members/p2")).expect(204);
    member.act("PUT", &at("/tags/blue")).expect(204);
    member.delete(&at("/tags/blue")).expect(204);
    admin.act("POST", &at("/actions/deactivate")).expect(204);
    admin.act("POST", &at("/actions/reactivate")).expect(204);
    admin.delete(&format!("/v2/stores/local/{id}")).expect(403);
    member.post(&at("/locations"), &json!({"url": "http://127.0.0.1/x"})).expect(409);
    admin.post("/v2/metadefs/namespaces", &json!({"namespace": "N"})).expect(201);
    admin.delete("/v2/metadefs/namespaces/N").expect(204);
    member.delete(&at("")).expect(204);
    // Looking leaves no entry.
    member.get("/v2/images").expect(200);

    let image = id.as_str();
    let wanted = [
        json!({"action": "add_image", "status": 201, "image": image, "user": MEMBER.user, "project": MEMBER.project}),
        json!({"action": "modify_image", "status": 200, "image": image}),
        json!({"action": "upload_image", "status": 204, "image": image}),
        json!({"action": "download_image", "status": 200, "image": image, "bytes": 4}),
        json!({"action": "add_member", "status": 200, "image": image}),
        json!({"action": "modify_member", "status": 200, "image": image, "member": "p2", "project": "p2"}),
        json!({"action": "delete_member", "status": 204, "image": image, "member": "p2"}),
        json!({"action": "add_tag", "status": 204, "image": image, "tag": "blue"}),
        json!({"action": "delete_tag", "status": 204, "image": image, "tag": "blue"}),
        json!({"action": "deactivate", "status": 204, "image": image, "user": ADMIN.user}),
        json!({"action": "reactivate", "status": 204, "image": image}),
        json!({"action": "delete_image_location", "status": 403, "image": image, "store": "local", "outcome": "denied"}),
        json!({"action": "add_image_location", "status": 409, "image": image, "outcome": "failed"}),
        json!({"action": "add_metadef_namespace", "status": 201}),
        json!({"action": "delete_metadef_namespace", "status": 204, "namespace": "N"}),
        json!({"action": "delete_image", "status": 204, "image": image, "outcome": "success"}),
    ];
    let entries = entries(&gateway, wanted.len());
    assert_eq!(entries.len(), wanted.len(), "{entries:#?}");
    for (entry, wanted) in entries.iter().zip(&wanted) {
        assert_entry(entry, wanted);
        assert!(entry["request_id"].as_str().unwrap().starts_with("req-"), "{entry}");
        assert!(entry["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{entry}");
        assert!(entry["roles"].as_array().unwrap().iter().any(|role| role == "member"), "{entry}");
    }
}

#[test]
fn what_is_denied_is_noted_whoever_it_was() {
    let gateway = audited();
    gateway.reader().post("/v2/images", &json!({})).expect(403);
    gateway.bearer("made-up").get("/v2/images").expect(401);
    gateway.stranger().post("/v2/images", &json!({"visibility": "public"})).expect(403);
    let entries = entries(&gateway, 3);
    let (reader, nobody) = (json!(READER.user), Value::Null);
    assert_entry(&entries[0], &json!({"action": "add_image", "outcome": "denied", "status": 403, "user": reader}));
    assert_entry(&entries[1], &json!({"action": "get_images", "outcome": "denied", "status": 401, "user": nobody}));
    assert_entry(&entries[2], &json!({"action": "add_image", "outcome": "denied", "project": "p3"}));
}

#[test]
fn nothing_that_a_client_writes_breaks_a_line_and_no_token_is_told() {
    let gateway = audited();
    let member = gateway.member();
    let id = member.create(&json!({"name": "a\n{\"action\": \"forged\"}\r\n\"b", "x\ny": "\u{1b}[31m"}));
    member.act("PUT", &format!("/v2/images/{id}/tags/a%0A%7B%22action%22:%22forged%22%7D%0D%0A")).expect(204);
    member.delete("/v2/images/%0A%7B%22action%22%3A%22forged%22%7D").expect(404);
    member
        .request("PUT", &format!("/v2/images/{id}/tags/x"))
        .header("X-OpenStack-Request-ID", "a\"b")
        .body(b"")
        .expect(204);
    let entries = entries(&gateway, 4);
    assert_eq!(entries.len(), 4, "{entries:#?}");
    assert!(entries.iter().all(|entry| entry["action"] != "forged"), "{entries:#?}");
    assert_eq!(entries[1]["tag"], "a\n{\"action\":\"forged\"}\r\n");
    assert_eq!(entries[3]["request_id"], "req-a\"b");
    let text = fs::read_to_string(file(&gateway)).unwrap();
    assert!(!text.contains(MEMBER.token), "{text}");
}

#[test]
fn an_upload_that_its_client_leaves_is_noted_as_failed_with_who_it_was() {
    let gateway = audited();
    let id = gateway.member().create_raw("left");
    let mut raw = gateway.raw();
    raw.begin_upload(&id, 2_000, &[]);
    raw.send(&[1; 1_000]);
    crate::figures::assert_figures(&gateway, &[("casement_transfers_in_flight{direction=upload}", 1.0)]);
    drop(raw);
    let entry = &entries(&gateway, 2)[1];
    assert_entry(entry, &json!({"action": "upload_image", "outcome": "failed", "image": id, "user": MEMBER.user}));
}

#[test]
fn a_file_that_is_renamed_is_followed_by_a_new_one() {
    let gateway = audited();
    gateway.member().create_raw("one");
    entries(&gateway, 1);
    let rotated = gateway.site().folder().join("audit.jsonl.1");
    fs::rename(file(&gateway), &rotated).unwrap();
    gateway.member().create_raw("two");
    eventually("a new file", || if file(&gateway).exists() { Ok(()) } else { Err("not yet".into()) });
    assert_eq!(entries(&gateway, 1).len(), 1);
    assert_eq!(fs::read_to_string(&rotated).unwrap().lines().count(), 1);
}

#[test]
fn a_full_disk_stops_no_request_and_is_told_and_counted() {
    if Runner::chosen().is_windows() {
        return skip("watch::full_audit_disk", "Windows has no file that is always full");
    }
    let gateway = watched().more("[audit]\nfile = \"/dev/full\"").start();
    let id = gateway.member().create_active("one", b"data");
    gateway.member().download(&id).expect(200);
    crate::figures::assert_figures(&gateway, &[("casement_audit_lost_entries_total{}", 3.0)]);
    let log = gateway.log().text();
    assert_eq!(log.matches("the audit log can't be written").count(), 1, "{log}");
}

#[test]
fn an_audit_log_that_can_not_be_opened_stops_the_start() {
    let run = Gateway::builder()
        .filesystem("local", None, "default = true")
        .more("[audit]\nfile = \"no/such/folder/audit.jsonl\"")
        .serve_and_fail();
    assert_eq!(run.code, Some(78), "{}", run.text);
    assert!(run.text.contains("audit.file: "), "{}", run.text);
}

#[test]
fn what_waits_is_written_before_the_end() {
    let gateway = audited();
    for at in 0..50 {
        gateway.member().create_raw(&format!("image {at}"));
    }
    let (code, site) = gateway.terminate();
    assert_eq!(code, Some(0));
    let text = fs::read_to_string(site.folder().join("audit.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 50);
}

#[test]
fn entries_can_stand_in_the_ordinary_log_too() {
    let gateway = watched().more("[audit]\nlog = true").start();
    let id = gateway.member().create_raw("one");
    eventually("an entry in the log", || {
        let log = gateway.log().text();
        let found = log.lines().any(|line| line.contains("casement::audit") && line.contains(&id));
        if found { Ok(()) } else { Err(log) }
    });
}
