//! Keystone goes away and comes back.

use crate::common::{identity, keystone};
use casement_tests::{Answer, Client, Fault, Gateway, Proxy, When};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Short for a test that waits for it to be over, and long enough for a Keystone on a busy machine.
const QUICK: &str = "request_timeout_seconds = 6\ntimeout_seconds = 6\ntries = 2";
const OVER: Duration = Duration::from_secs(20);

/// Comes again while it is told to, as a client should.
#[track_caller]
fn assert_let_in(caller: &Client) {
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        let answer = caller.get("/v2/images");
        if answer.status != 503 || Instant::now() > end {
            answer.expect(200);
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

#[track_caller]
fn assert_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.message(), "The Keystone service is temporarily unavailable.");
    let pause: u64 = answer.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=60).contains(&pause), "{pause}");
}

#[test]
fn while_keystone_is_away_known_callers_go_on_and_new_ones_are_told_to_come_again() {
    let Some(keystone) = keystone("while_keystone_is_away") else { return };
    let proxy = Proxy::to(keystone.auth_url());
    let gateway = Gateway::builder().identity(&identity(keystone, &proxy.url(), QUICK)).start();
    let known = gateway.bearer(&keystone.token("demo", "demo"));
    assert_let_in(&known);

    let new = gateway.bearer(&keystone.token("alt", "alt"));
    for fault in [Fault::Cut, Fault::Hold] {
        proxy.lift();
        proxy.rule(When::always(), fault.clone());
        let start = Instant::now();
        assert_unavailable(&new.get("/v2/images"));
        assert!(start.elapsed() < OVER, "{fault:?}");
        known.get("/v2/images").expect(200);
        gateway.nobody().get("/v2/images").expect(401);
        gateway.nobody().get("/healthcheck").expect(200);
    }
    proxy.lift();
    assert_let_in(&new);
}

#[test]
fn a_gateway_starts_without_keystone_and_finds_it_later() {
    let Some(keystone) = keystone("a_gateway_starts_without_keystone") else { return };
    let proxy = Proxy::to(keystone.auth_url());
    proxy.rule(When::always(), Fault::Cut);
    let gateway = Gateway::builder().identity(&identity(keystone, &proxy.url(), QUICK)).start();
    let told = gateway.log().wait_for("no caller can be authenticated yet", Duration::from_secs(20));
    assert!(told.is_some());
    let demo = gateway.bearer(&keystone.token("demo", "demo"));
    assert_unavailable(&demo.get("/v2/images"));
    proxy.lift();
    assert_let_in(&demo);
}

#[test]
fn many_who_come_while_keystone_is_jammed_are_all_answered() {
    let Some(keystone) = keystone("many_who_come_while_keystone_is_jammed") else { return };
    let proxy = Proxy::to(keystone.auth_url());
    let lines = identity(keystone, &proxy.url(), &format!("{QUICK}\nmax_requests = 2"));
    let gateway = Gateway::builder().identity(&lines).start();
    let known = gateway.bearer(&keystone.token("demo", "demo"));
    assert_let_in(&known);
    proxy.rule(When::always(), Fault::Hold);
    thread::scope(|scope| {
        let all: Vec<_> = (0..40)
            .map(|n| {
                let caller = gateway.bearer(&format!("made up, {n}"));
                scope.spawn(move || caller.get("/v2/images"))
            })
            .collect();
        for answer in all {
            assert_unavailable(&answer.join().unwrap());
        }
    });
    proxy.lift();
    let new = gateway.bearer(&keystone.token("alt", "alt"));
    assert_let_in(&new);
}
