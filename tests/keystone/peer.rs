//! The Keystone that these suites are given.

use crate::common::catalog;
use casement_tests::{Keystone, skip};
use serde_json::Value;

#[test]
fn everybody_is_there_with_the_roles_that_the_suites_expect() {
    let Some(keystone) = Keystone::get() else {
        return skip("keystone::everybody_is_there", "CASEMENT_KEYSTONE names no Keystone");
    };
    let admin = keystone.admin();
    let expected = [
        ("admin", "admin", "admin"),
        ("demo", "demo", "member"),
        ("demo_reader", "demo", "reader"),
        ("demo_manager", "demo", "manager"),
        ("demo_admin", "demo", "admin"),
        ("alt", "alt", "member"),
        ("alt_reader", "alt", "reader"),
        ("glance", "service", "service"),
        ("swift", "service", "service"),
    ];
    for (user, project, role) in expected {
        let token = keystone.token(user, project);
        let shown = admin.request("GET", "/auth/tokens").header("X-Subject-Token", &token).send().expect(200).json();
        assert_eq!(shown["token"]["project"]["name"], project);
        let roles = shown["token"]["roles"].as_array().unwrap();
        assert!(roles.iter().any(|given| given["name"] == role), "{user}: {roles:?}");
    }
}

#[test]
fn the_catalog_says_where_a_suite_has_started_the_image_service() {
    let Some(keystone) = Keystone::get() else {
        return skip("keystone::the_catalog", "CASEMENT_KEYSTONE names no Keystone");
    };
    let _catalog = catalog();
    keystone.point("glance", "http://127.0.0.1:1234");
    let catalog = keystone.bearer(&keystone.token("demo", "demo")).get("/auth/catalog").expect(200).json();
    let urls = |kind: &str| -> Vec<String> {
        let of_kind = |service: &&Value| service["type"] == kind;
        let service = catalog["catalog"].as_array().unwrap().iter().find(of_kind).unwrap();
        service["endpoints"].as_array().unwrap().iter().map(|one| one["url"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(urls("image"), ["http://127.0.0.1:1234"; 3]);
    assert_eq!(urls("identity"), [keystone.auth_url(); 3]);
}
