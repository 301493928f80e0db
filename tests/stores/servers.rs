//! The servers that this suite is given, and the proxy before them, do what the other tests rely on.

use casement_tests::{Bucket, Client, Container, Depot, Fault, Kept, Login, Peers, Proxy, When, peer, peer_alone};
use std::{collections::BTreeMap, process::Command};

#[test]
fn a_bucket_keeps_what_is_put_into_it() {
    let Some((s3, _turn)) = peer("stores::a_bucket_keeps", "s3") else { return };
    assert_keeps(&Bucket::create(s3));
}

#[test]
fn a_container_keeps_what_is_put_into_it_by_either_login() {
    for (name, login) in [("swift", Login::TempAuth), ("swift_keystone", Login::Keystone)] {
        let Some((swift, _turn)) = peer("stores::a_container_keeps", name) else { continue };
        assert_keeps(&Container::create(swift, login));
    }
}

fn assert_keeps(kept: &impl Kept) {
    assert_eq!(kept.objects(), BTreeMap::new());
    kept.put("one", b"0123456789");
    kept.put("two", b"");
    assert_eq!(kept.objects(), BTreeMap::from([("one".into(), 10), ("two".into(), 0)]));
    assert_eq!(kept.get("one").unwrap(), b"0123456789");
    kept.remove("one");
    assert_eq!((kept.get("one"), kept.holds("one"), kept.holds("two")), (None, false, true));
    assert_eq!(kept.staged(), Vec::<String>::new());
}

#[test]
fn an_upload_in_parts_is_seen_until_it_ends() {
    let Some((s3, _turn)) = peer("stores::an_upload_in_parts", "s3") else { return };
    let bucket = Bucket::create(s3);
    bucket.request("POST", "one", &[("uploads", "")], b"").expect(200);
    let [(key, id)] = &*bucket.uploads() else { panic!("{:?}", bucket.uploads()) };
    assert_eq!((key.as_str(), bucket.objects()), ("one", BTreeMap::new()));
    bucket.request("DELETE", "one", &[("uploadId", id)], b"").expect(204);
    assert_eq!(bucket.uploads(), []);
}

#[test]
fn a_server_that_was_killed_or_frozen_has_what_it_was_given_before() {
    let Some((s3, _turn)) = peer_alone("stores::a_server_that_was_killed", "s3") else { return };
    let bucket = Bucket::create(s3);
    bucket.put("one", b"0123456789");
    Peers::kill("s3").end();
    assert_eq!(bucket.get("one").unwrap(), b"0123456789");
    Peers::freeze("s3").end();
    assert_eq!(bucket.get("one").unwrap(), b"0123456789");
}

#[test]
fn samba_lists_its_share() {
    let Some((samba, _turn)) = peer("stores::samba_lists", "samba") else { return };
    let text = |key: &str| samba[key].as_str().unwrap();
    std::fs::write(std::path::Path::new(text("folder")).join("an-image"), b"0123456789").unwrap();
    let output = Command::new("smbclient")
        .args(["--port", &samba["port"].to_string(), "--command", "ls", "--user"])
        .arg(format!("{}%{}", text("user"), text("password")))
        .arg(format!("//{}/{}", text("host"), text("share")))
        .output()
        .unwrap();
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && listed.contains("an-image"), "{output:?}");
}

#[test]
fn the_proxy_lets_go_wrong_what_it_is_told_to() {
    let depot = Depot::open();
    let url = depot.put("file", b"0123456789");
    let proxy = Proxy::to(&url);
    let client = Client::new(proxy.url(), None);
    let get = || client.request("GET", "").try_send();
    let once = When::method("GET").path("file").times(1);
    assert_eq!(get().unwrap().expect(200).body, b"0123456789");

    for fault in [Fault::Cut, Fault::LoseAnswer, Fault::CutAnswer(4)] {
        proxy.rule(once, fault.clone());
        assert!(get().is_err(), "{fault:?}");
        assert_eq!(get().unwrap().expect(200).body, b"0123456789", "{fault:?}");
    }
    proxy.rule(once, Fault::Answer(503, "Retry-After: 1\r\n", "SlowDown"));
    let answer = get().unwrap().expect(503);
    assert_eq!((answer.header("Retry-After"), &*answer.text()), (Some("1"), "SlowDown"));
    proxy.rule(When::method("GET").after(1), Fault::Cut);
    assert!(get().is_ok() && get().is_err() && get().is_err());

    proxy.lift();
    for fault in [Fault::Hold, Fault::HoldAnswer(4)] {
        proxy.rule(once, fault);
        let before = proxy.count(When::always());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(get);
            proxy.wait_for(When::always(), before + 1);
            proxy.lift();
            assert_eq!(waiting.join().unwrap().unwrap().expect(200).body, b"0123456789");
        });
    }
}
