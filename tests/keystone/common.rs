//! A gateway that asks the Keystone that this suite was given.

use casement_tests::{Builder, Gateway, Keystone, skip};
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The Keystone, or a word about the test that can't run without it.
pub(crate) fn keystone(test: &str) -> Option<&'static Keystone> {
    let keystone = Keystone::get();
    if keystone.is_none() {
        skip(&format!("keystone::{test}"), "CASEMENT_KEYSTONE names no Keystone");
    }
    keystone
}

/// There is one catalog for all tests.
pub(crate) fn catalog() -> MutexGuard<'static, ()> {
    static CATALOG: Mutex<()> = Mutex::new(());
    CATALOG.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) const NO_CACHE: &str = "token_cache_seconds = 0\nrefused_token_cache_seconds = 0";

/// For a Keystone on a machine that does other things too. Only what is about waiting waits less.
const PATIENT: &str = "request_timeout_seconds = 30\ntimeout_seconds = 60";

/// `[identity]` for the service user `glance` at this URL, with `more` keys of `[identity.keystone]`.
pub(crate) fn identity(keystone: &Keystone, auth_url: &str, more: &str) -> String {
    let password = keystone.password();
    let patience = if more.contains("timeout_seconds") { "" } else { PATIENT };
    format!(
        "mode = \"keystone\"\n[identity.keystone]\nauth_url = \"{auth_url}\"\nusername = \"glance\"\n\
         password = \"{password}\"\nproject_name = \"service\"\n{patience}\n{more}\n"
    )
}

pub(crate) fn builder(keystone: &Keystone, more: &str) -> Builder {
    Gateway::builder().identity(&identity(keystone, keystone.auth_url(), more))
}

/// A new application credential of a user, who shows a token of the project that it is for; its id and its secret.
pub(crate) fn application_credential(keystone: &Keystone, user: &str, token: &str, more: &Value) -> (String, String) {
    let path = format!("/users/{}/application_credentials", keystone.id("users", user));
    let mut wanted = json!({"name": format!("of a test, {}", fresh())});
    for (key, value) in more.as_object().unwrap() {
        wanted[key] = value.clone();
    }
    let made = keystone.bearer(token).post(&path, &json!({"application_credential": wanted})).expect(201).json();
    let text = |key: &str| made["application_credential"][key].as_str().unwrap().to_owned();
    (text("id"), text("secret"))
}

/// A token by such a credential.
pub(crate) fn token_by(keystone: &Keystone, (id, secret): &(String, String)) -> String {
    let credential = json!({"id": id, "secret": secret});
    let identity = json!({"methods": ["application_credential"], "application_credential": credential});
    let issued = keystone.issue(&json!({"auth": {"identity": identity}}));
    issued.header("X-Subject-Token").unwrap().to_owned()
}

/// A number that no other test of this run has.
pub(crate) fn fresh() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let here = u64::from(std::process::id());
    (here << 20) + NEXT.fetch_add(1, Ordering::Relaxed)
}
