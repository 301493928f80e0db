//! What is found by the catalog: Keystone by the gateway, the gateway by a client.

use crate::common::{builder, catalog, keystone};
use casement_tests::{client_tools, skip};
use std::process::Command;

#[test]
fn the_gateway_asks_at_the_endpoint_in_the_catalog() {
    let Some(keystone) = keystone("the_gateway_asks_at_the_endpoint") else { return };
    let token = keystone.token("demo", "demo");
    for interface in ["public", "internal", "admin"] {
        let more = format!("interface = \"{interface}\"\nregion = \"{}\"", keystone.region());
        let gateway = builder(keystone, &more).start();
        gateway.bearer(&token).get("/v2/images").expect(200);
    }
    let gateway = builder(keystone, "interface = \"internal\"\nregion = \"Nowhere\"").start();
    gateway.bearer(&token).get("/v2/images").expect(503);
    let log = gateway.log().text();
    assert!(log.contains("no identity endpoint for the interface \"internal\" in the region \"Nowhere\""), "{log}");
}

#[test]
fn openstack_finds_the_gateway_and_uses_it() {
    let Some(keystone) = keystone("openstack_finds_the_gateway") else { return };
    let Some(tools) = client_tools() else {
        return skip("keystone::openstack_finds_the_gateway", "CASEMENT_CLIENTS names no folder with openstack");
    };
    let gateway = builder(keystone, "").start();
    let _catalog = catalog();
    keystone.point("glance", &format!("http://{}", gateway.address()));
    let openstack = |user: &str, project: &str, arguments: &[&str]| {
        // It uploads what it reads when its standard input is open, even when that is nothing.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$@\" <&-"]).arg(tools.join("openstack")).args(arguments);
        command.env("OS_AUTH_URL", keystone.auth_url()).env("OS_PASSWORD", keystone.password());
        command.env("OS_USERNAME", user).env("OS_PROJECT_NAME", project).env("OS_REGION_NAME", keystone.region());
        command.env("OS_USER_DOMAIN_ID", "default").env("OS_PROJECT_DOMAIN_ID", "default");
        let output = command.env("OS_IDENTITY_API_VERSION", "3").env_remove("OS_TOKEN").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        (output.status.success(), text, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let file = gateway.site().folder().join("disk.raw");
    std::fs::write(&file, vec![7; 100_000]).unwrap();
    let create = ["image", "create", "-f", "value", "-c", "id", "--file", file.to_str().unwrap(), "cli"];
    let (done, id, errors) = openstack("demo", "demo", &create);
    assert!(done, "{errors}");
    assert_eq!(gateway.bearer(&keystone.token("demo", "demo")).status(&id), "active");
    let (done, _, errors) = openstack("alt", "alt", &["image", "show", &id]);
    assert!(!done && errors.contains("No Image found"), "{errors}");
    let (done, _, errors) = openstack("demo_reader", "demo", &["image", "delete", &id]);
    assert!(!done && errors.contains("403"), "{errors}");
    let (done, _, errors) = openstack("demo", "demo", &["image", "delete", &id]);
    assert!(done, "{errors}");
}
