//! How long a token is good, and what is none.

use crate::common::{NO_CACHE, application_credential, builder, fresh, identity, keystone};
use casement_tests::{Gateway, Keystone, eventually_true};
use serde_json::json;
use std::{
    thread,
    time::{Duration, SystemTime},
};

fn revoke(keystone: &Keystone, token: &str) {
    keystone.admin().request("DELETE", "/auth/tokens").header("X-Subject-Token", token).send().expect(204);
}

#[test]
fn a_revoked_token_is_refused_when_the_cache_has_forgotten_it() {
    let Some(keystone) = keystone("a_revoked_token_is_refused") else { return };
    let gateway = builder(keystone, "token_cache_seconds = 1").start();
    let (revoked, other) = (keystone.token("demo", "demo"), keystone.token("demo", "demo"));
    let status = |token: &str| gateway.bearer(token).get("/v2/images").status;
    assert_eq!((status(&revoked), status(&other)), (200, 200));
    revoke(keystone, &revoked);
    eventually_true("the token is refused", || status(&revoked) == 401);
    assert_eq!(status(&other), 200);
}

#[test]
fn a_token_is_believed_for_as_long_as_the_operator_says() {
    let Some(keystone) = keystone("a_token_is_believed") else { return };
    let believing = builder(keystone, "token_cache_seconds = 3600").start();
    let asking = builder(keystone, NO_CACHE).start();
    let token = keystone.token("demo", "demo");
    let statuses = || [&believing, &asking].map(|gateway| gateway.bearer(&token).get("/v2/images").status);
    assert_eq!(statuses(), [200, 200]);
    revoke(keystone, &token);
    assert_eq!(statuses(), [200, 401]);
}

#[test]
fn what_keystone_has_not_issued_is_refused_and_told_where_to_get_a_token() {
    let Some(keystone) = keystone("what_keystone_has_not_issued") else { return };
    let gateway = builder(keystone, "").start();
    let good = keystone.token("demo", "demo");
    let mut forged = good.clone().into_bytes();
    let middle = forged.len() / 2;
    forged[middle] = if forged[middle] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    for token in
        ["nonsense", &forged, &good[..good.len() - 20], &"x".repeat(8192), &"x".repeat(40_000), "\u{e9}", "%00"]
    {
        let refused = gateway.bearer(token).get("/v2/images").expect(401);
        let wanted = format!("Keystone uri=\"{}\"", keystone.auth_url());
        assert_eq!(refused.header("WWW-Authenticate"), Some(wanted.as_str()), "{token:.40}");
    }
    gateway.nobody().get("/v2/images").expect(401);
    gateway.bearer(&good).get("/v2/images").expect(200);
}

#[test]
fn callers_are_told_the_address_of_keystone_that_is_for_them() {
    let Some(keystone) = keystone("callers_are_told_the_address") else { return };
    let gateway = builder(keystone, "www_authenticate_uri = \"https://public.example:5000\"").start();
    let refused = gateway.nobody().get("/v2/images").expect(401);
    assert_eq!(refused.header("WWW-Authenticate"), Some("Keystone uri=\"https://public.example:5000\""));
}

#[test]
fn a_service_brings_a_token_that_has_run_out() {
    let Some(keystone) = keystone("a_service_brings_a_token_that_has_run_out") else { return };
    let gateway = builder(keystone, NO_CACHE).start();
    let ended = ended_token(keystone);
    let bring = |service: Option<&str>| {
        let caller = gateway.bearer(&ended);
        match (caller.request("GET", "/v2/images"), service) {
            (request, Some(token)) => request.header("X-Service-Token", token).send().status,
            (request, None) => request.send().status,
        }
    };
    assert_eq!(bring(None), 401);
    let (service, user) = (keystone.token("glance", "service"), keystone.token("demo", "demo"));
    assert_eq!(bring(Some(&service)), 200);
    // Whom Keystone knows, and who is no service.
    assert_eq!(bring(Some(&user)), 401);
    assert_eq!(bring(Some("nonsense")), 401);
    assert_eq!(bring(None), 401);
    gateway.nobody().request("GET", "/v2/images").header("X-Service-Token", &service).send().expect(401);
}

/// A token of `demo` that has just run out: it ends with the credential that it was made by.
fn ended_token(keystone: &Keystone) -> String {
    let demo = keystone.bearer(&keystone.token("demo", "demo"));
    let path = format!("/users/{}/application_credentials", keystone.id("users", "demo"));
    // A busy Keystone may take longer than the credential lives.
    for seconds in [5, 20, 60] {
        let end = SystemTime::now() + Duration::from_secs(seconds);
        let expires_at = iso(end.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs());
        let credential = json!({"name": format!("ends, {}", fresh()), "expires_at": expires_at});
        let made = demo.post(&path, &json!({"application_credential": credential}));
        if made.status != 201 {
            continue;
        }
        let made = &made.json()["application_credential"];
        let credential = json!({"id": made["id"], "secret": made["secret"]});
        let identity = json!({"methods": ["application_credential"], "application_credential": credential});
        let issued = demo.post("/auth/tokens", &json!({"auth": {"identity": identity}}));
        if let Some(token) = issued.header("X-Subject-Token") {
            // Nothing but the clock tells of it.
            thread::sleep(end.duration_since(SystemTime::now()).unwrap_or_default());
            return token.to_owned();
        }
    }
    panic!("Keystone issues no token that ends soon");
}

/// `2026-11-25T15:04:05Z`, from seconds since 1970.
fn iso(seconds: u64) -> String {
    let output = std::process::Command::new("date")
        .args(["--utc", "--date", &format!("@{seconds}"), "+%Y-%m-%dT%H:%M:%SZ"])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_service_token_that_is_none_leaves_the_request_to_the_user() {
    let Some(keystone) = keystone("a_service_token_that_is_none") else { return };
    let gateway = builder(keystone, "").start();
    let demo = gateway.bearer(&keystone.token("demo", "demo"));
    demo.request("GET", "/v2/images").header("X-Service-Token", "nonsense").send().expect(200);
}

#[test]
fn the_service_logs_in_with_an_application_credential_and_a_secret_from_a_file() {
    let Some(keystone) = keystone("the_service_logs_in_with_an_application_credential") else { return };
    let token = keystone.token("glance", "service");
    let (id, secret) = application_credential(keystone, "glance", &token, &json!({}));
    let builder = Gateway::builder();
    std::fs::write(builder.folder().join("secret"), format!("{secret}\n")).unwrap();
    let lines = format!(
        "mode = \"keystone\"\n[identity.keystone]\nauth_url = \"{}\"\n\
         application_credential_id = \"{id}\"\napplication_credential_secret_file = \"secret\"\n",
        keystone.auth_url()
    );
    let gateway = builder.identity(&lines).start();
    gateway.bearer(&keystone.token("demo", "demo")).get("/v2/images").expect(200);
    assert!(!gateway.log().text().contains(&secret));
}

#[test]
fn no_secret_and_no_token_reaches_the_log() {
    let Some(keystone) = keystone("no_secret_and_no_token_reaches_the_log") else { return };
    let password = "not-the-password-of-glance";
    let lines = identity(keystone, keystone.auth_url(), "tries = 1")
        .replace(&format!("password = \"{}\"", keystone.password()), &format!("password = \"{password}\""));
    let gateway = Gateway::builder().identity(&lines).more("[log]\nlevel = \"trace\"").start();
    let token = keystone.token("demo", "demo");
    let refused = gateway.bearer(&token).get("/v2/images").expect(503);
    assert!(refused.header("Retry-After").is_some());
    assert!(!refused.text().contains("glance"), "{}", refused.text());
    let log = gateway.log().text();
    assert!(log.contains("401 to the login of this service"), "{log}");
    assert!(!log.contains(password) && !log.contains(&token), "{log}");
}
