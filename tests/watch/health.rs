//! Whether the service says how it is.

use crate::{metrics::Away, watched};
use casement_tests::{Client, Gateway, Runner, eventually, skip};
use serde_json::Value;
use std::net::TcpListener;

/// Waits until readiness is told with this status.
#[track_caller]
fn ready(watcher: &Client, status: u16) -> Value {
    eventually(&format!("/health/ready is {status}"), || {
        let answer = watcher.get("/health/ready");
        if answer.status == status { Ok(answer.json()) } else { Err(format!("{answer:?}")) }
    })
}

#[test]
fn a_service_that_listens_lives_and_is_ready() {
    let gateway = watched().start();
    let watcher = gateway.watcher();
    assert_eq!(watcher.get("/health/live").expect(200).json()["status"], "live");
    assert_eq!(ready(&watcher, 200)["status"], "ready");
    watcher.request("HEAD", "/health/ready").send().expect(200);
    watcher.request("POST", "/health/ready").body(b"").expect(405);
    watcher.get("/health").expect(404);
}

#[test]
fn a_lost_store_that_is_required_makes_it_unready_until_it_is_back() {
    if Runner::chosen().is_windows() {
        return skip("watch::lost_store", "Windows renames no folder in which a file is open");
    }
    let gateway = watched().filesystem("local", None, "default = true\nrequired = true").start();
    let watcher = gateway.watcher();
    ready(&watcher, 200);
    let away = Away::take(&gateway, gateway.folder("local"));
    let told = ready(&watcher, 503);
    let reason = told["reasons"][0].as_str().unwrap();
    assert!(reason.starts_with("the required store `local`: "), "{told}");
    let store = &watcher.get("/health/stores").expect(200).json()["stores"][0];
    assert_eq!((store["id"].as_str(), store["state"].as_str()), (Some("local"), Some("degraded")), "{store}");
    assert!(store["last_error"]["message"].is_string() && store["last_error"]["at"] == store["since"], "{store}");
    away.bring_back();
    assert_eq!(ready(&watcher, 200)["status"], "ready");
    let store = &watcher.get("/health/stores").expect(200).json()["stores"][0];
    assert_eq!(store["state"], "open");
    assert!(store["last_error"]["message"].is_string(), "what was wrong stays to be read: {store}");
}

#[test]
fn a_lost_store_that_is_not_required_does_not_count() {
    let gateway = watched()
        .filesystem("local", None, "default = true\nrequired = true")
        .store("gone", "plugin = \"filesystem\"\nroot = \"nowhere/at/all\"")
        .start();
    let watcher = gateway.watcher();
    ready(&watcher, 200);
    let stores = watcher.get("/health/stores").expect(200).json();
    let states: Vec<_> = stores["stores"].as_array().unwrap().iter().map(|store| store["state"].as_str()).collect();
    assert!(states.contains(&Some("failed")) && states.contains(&Some("open")), "{stores}");
}

#[test]
fn a_service_that_stops_is_not_ready_and_lives_until_its_end() {
    let gateway = watched().start();
    let watcher = gateway.watcher();
    let id = gateway.member().create_raw("slow");
    let mut upload = gateway.raw();
    upload.begin_upload(&id, 2, &[]);
    upload.send(b"1");
    ready(&watcher, 200);
    gateway.order_to_stop();
    let told = ready(&watcher, 503);
    assert!(told["reasons"][0].as_str().unwrap().contains("stopping"), "{told}");
    watcher.get("/health/live").expect(200);
    watcher.get("/metrics").expect(200);
    upload.send(b"2");
    assert_eq!(upload.answer().unwrap().status, 204);
    assert_eq!(gateway.ended().0, Some(0));
}

#[test]
fn the_admin_address_answers_when_all_connections_of_the_api_are_taken() {
    let gateway = watched().server("max_connections = 1").start();
    let _taken = gateway.raw();
    gateway.watcher().get("/health/live").expect(200);
}

#[test]
fn an_admin_port_in_use_is_told_clearly() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let run = Gateway::builder()
        .filesystem("local", None, "default = true")
        .more(&format!("[admin]\nlisten = \"{address}\""))
        .serve_and_fail();
    assert_eq!(run.code, Some(75), "{}", run.text);
    let told = format!("[admin]: cannot listen on {address}");
    assert!(run.text.contains(&told) && run.text.contains("another process listens there"), "{}", run.text);
}

#[test]
fn an_admin_address_that_makes_no_sense_is_a_mistake_in_the_configuration() {
    for (listen, told) in [("here", "must be an address and a port"), ("127.0.0.1:9292", "needs a port of its own")] {
        let run = Gateway::builder()
            .filesystem("local", None, "default = true")
            .more(&format!("[admin]\nlisten = \"{listen}\""));
        let text = run.config().replace("127.0.0.1:0", "127.0.0.1:9292");
        let run = run.check_text(&text);
        assert_eq!(run.code, Some(78), "{}", run.text);
        assert!(run.text.contains("`admin.listen`") && run.text.contains(told), "{}", run.text);
    }
}

#[test]
fn an_admin_address_that_others_can_reach_is_warned_of() {
    let gateway = Gateway::builder().more("[admin]\nlisten = \"0.0.0.0:0\"").start();
    assert!(gateway.log().text().contains("whoever reaches this address sees metrics"), "{}", gateway.log().text());
}
