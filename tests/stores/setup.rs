//! Stores that are set up in a wrong way: what is wrong is said where the operator looks, and nothing is lost.

use casement_tests::{Bucket, Builder, Container, Depot, Gateway, Login, as_often_as_told, eventually, peer};
use serde_json::{Value, json};

/// What no message and no log may hold.
const SECRET: &str = "not-the-secret";

/// The entry of a server with another value.
fn but(peer: &Value, key: &str, value: &str) -> Value {
    let mut other = peer.clone();
    other[key] = json!(value);
    other
}

/// What is said of a store that cannot serve, by a gateway that goes on without it and by one that needs it.
#[track_caller]
fn assert_says(what: &str, store: impl Fn(Builder, &str) -> Builder, words: &[&str]) {
    let gateway = store(Gateway::builder(), "default = true").start();
    let holds = |text: &str| words.iter().all(|word| text.to_lowercase().contains(word)) && !text.contains(SECRET);
    // While the gateway tries again, it says so in place of the reason.
    eventually(&format!("{what}: the reason is told"), || {
        let listed = gateway.member().get("/v2/info/stores").expect(200).json();
        let reason = listed["stores"][0]["unavailable"].as_str().unwrap_or_default().to_owned();
        if holds(&reason) { Ok(()) } else { Err(format!("{words:?} in: {reason}")) }
    });
    let member = gateway.member();
    let id = member.create_raw("n");
    let answer = member.upload(&id, b"0123456789");
    assert!(answer.status >= 500, "{what}: {answer:?}");
    assert_eq!(member.status(&id), "queued", "{what}");

    assert!(!gateway.log().text().contains(SECRET), "{what}");

    let needed = store(Gateway::builder(), "default = true\nrequired = true").serve_and_fail();
    assert!(needed.code.is_some_and(|code| code != 0), "{what}: {needed:?}");
    assert!(words.iter().all(|word| needed.text.to_lowercase().contains(word)), "{what}: {words:?} in {needed:?}");
}

#[test]
fn what_is_wrong_with_an_s3_store_is_said() {
    let Some((s3, _turn)) = peer("stores::what_is_wrong_with_an_s3_store", "s3") else { return };
    let there = Bucket::create(s3);
    let depot = Depot::open().put("", b"");
    let not_s3 = depot.trim_end_matches('/');
    let store = |peer: Value, name: &str| {
        let bucket = Bucket::named(&peer, name);
        move |builder: Builder, lines: &str| bucket.store(builder, "local", lines)
    };
    assert_says("secret", store(but(s3, "secret_key", SECRET), there.name()), &["secret_key"]);
    assert_says("access key", store(but(s3, "access_key", "nobody"), there.name()), &["access_key"]);
    assert_says("bucket", store(s3.clone(), "casement-is-not-there"), &["bucket", "casement-is-not-there"]);
    assert_says("no S3", store(but(s3, "endpoint", not_s3), there.name()), &["not as an s3 service", "set host"]);
    assert_says("nobody", store(but(s3, "endpoint", "http://127.0.0.1:9"), there.name()), &["127.0.0.1:9"]);
}

#[test]
fn a_bucket_that_may_only_be_read_says_so_at_an_upload() {
    let Some((s3, _turn)) = peer("stores::a_bucket_that_may_only_be_read", "s3") else { return };
    let there = Bucket::create(s3);
    let mut reader = s3.clone();
    for key in ["access_key", "secret_key"] {
        reader[key] = s3["reader"][key].clone();
    }
    let gateway = Bucket::named(&reader, there.name()).store(Gateway::builder(), "local", "default = true").start();
    let member = gateway.member();
    let id = member.create_raw("n");
    let answer = member.upload(&id, b"0123456789");
    assert!(answer.status >= 400, "{answer:?}");
    assert_eq!(member.status(&id), "queued");
    let log = gateway.log().text();
    assert!(log.contains("s3:PutObject"), "{log}");
}

#[test]
fn a_container_whose_quota_is_used_up_takes_no_image_and_keeps_nothing_of_one() {
    for (entry, login) in [("swift", Login::TempAuth), ("swift_keystone", Login::Keystone)] {
        let Some((swift, _turn)) = peer("stores::a_container_whose_quota_is_used_up", entry) else { continue };
        let there = Container::create(swift, login);
        there.limit(there.name(), 10);
        let gateway = there.store(Gateway::builder(), "local", "default = true").start();
        let member = gateway.member();
        let id = member.create_raw("n");
        let upload = member.data_request(&id).header("X-OpenStack-Request-ID", "req-of-the-upload");
        let answer = upload.body(b"0123456789+");
        assert!(answer.status == 413 && answer.message().contains("quota"), "{answer:?}");
        // Swift has the id behind its own, by which the request is found in its log.
        assert!(answer.message().contains("-req-of-the-upload"), "{answer:?}");
        assert_eq!(member.status(&id), "queued");
        as_often_as_told("what fits is taken", || member.upload(&id, b"0123456789")).expect(204);
        gateway.assert_settled();
    }
}

#[test]
fn what_is_wrong_with_a_swift_store_is_said() {
    for (entry, login, key) in [("swift", Login::TempAuth, "key"), ("swift_keystone", Login::Keystone, "password")] {
        let Some((swift, _turn)) = peer("stores::what_is_wrong_with_a_swift_store", entry) else { continue };
        let there = Container::create(swift, login);
        let store = |peer: Value, name: &str| {
            let container = Container::named(&peer, login, name);
            move |builder: Builder, lines: &str| container.store(builder, "local", lines)
        };
        assert_says("key", store(but(swift, key, SECRET), there.name()), &["key"]);
        assert_says("container", store(swift.clone(), "casement-is-not-there"), &["casement-is-not-there"]);
        let nobody = if login == Login::Keystone { "http://127.0.0.1:9/v3" } else { "http://127.0.0.1:9/auth/v1.0" };
        assert_says("nobody", store(but(swift, "auth_url", nobody), there.name()), &["cannot be reached"]);
        let not_swift = Depot::open().put("auth/v1.0", b"hello");
        assert_says("no Swift", store(but(swift, "auth_url", &not_swift), there.name()), &["auth_url"]);
    }
}
