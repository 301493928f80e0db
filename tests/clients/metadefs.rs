use crate::commands::Tool;
use casement_tests::{ADMIN, Gateway, client_tools, skip};
use serde_json::json;
use std::{fs, path::PathBuf};

fn clients(test: &str) -> Option<PathBuf> {
    let folder = client_tools();
    if folder.is_none() {
        skip(test, "CASEMENT_CLIENTS names no folder with the clients of tests/clients/requirements.txt");
    }
    folder
}

#[test]
fn glance_does_all_that_it_can_do_with_metadata_definitions() {
    let Some(folder) = clients("clients::glance_metadefs") else { return };
    let gateway = Gateway::builder().start();
    let settings =
        vec![("OS_IMAGE_URL", format!("http://{}", gateway.address())), ("OS_AUTH_TOKEN", ADMIN.token.to_owned())];
    let glance = Tool::new(&folder, "glance", settings);
    let has = |arguments: &[&str], wanted: &[&str]| {
        let text = glance.run(arguments);
        assert!(wanted.iter().all(|wanted| text.contains(wanted)), "{arguments:?} has not all of {wanted:?}\n{text}");
    };

    has(
        &["md-namespace-create", "--visibility", "public", "--display-name", "Test", "OS::Test"],
        &["OS::Test", "public"],
    );
    has(&["md-namespace-update", "--description", "words", "--visibility", "public", "OS::Test"], &["words"]);
    let associate = ["md-resource-type-associate", "--name", "OS::Glance::Image", "--prefix", "hw_", "OS::Test"];
    has(&associate, &["OS::Glance::Image", "hw_"]);
    has(&["md-resource-type-list"], &["OS::Glance::Image"]);
    has(&["md-namespace-resource-type-list", "OS::Test"], &["hw_"]);

    let property = ["--name", "p", "--title", "A title", "--type", "string", "--schema", r#"{"enum": ["a", "b"]}"#];
    has(&[&["md-property-create"], &property[..], &["OS::Test"]].concat(), &["A title", "string"]);
    has(&["md-property-update", "--title", "Another", "OS::Test", "p"], &["Another"]);
    has(&["md-property-list", "OS::Test"], &["Another"]);
    has(&["md-property-show", "OS::Test", "p"], &["Another"]);
    let object = r#"{"properties": {"q": {"title": "Q", "type": "integer"}}, "required": ["q"]}"#;
    has(&["md-object-create", "--name", "o", "--schema", object, "OS::Test"], &["\"q\""]);
    has(&["md-object-update", "--name", "o2", "OS::Test", "o"], &["o2"]);
    has(&["md-object-list", "OS::Test"], &["o2"]);
    has(&["md-object-property-show", "OS::Test", "o2", "q"], &["integer"]);
    has(&["md-tag-create", "--name", "first", "OS::Test"], &["first"]);
    has(&["md-tag-create-multiple", "--names", "one,two", "OS::Test"], &["one", "two"]);
    // Its `--append` fails before it sends anything: the header is no text.
    has(&["md-tag-create", "--name", "three", "OS::Test"], &["three"]);
    has(&["md-tag-update", "--name", "four", "OS::Test", "three"], &["four"]);
    let tags = glance.run(&["md-tag-list", "OS::Test"]);
    assert!(tags.contains("one") && tags.contains("four") && !tags.contains("first"), "{tags}");
    has(&["md-tag-show", "OS::Test", "two"], &["two"]);
    has(&["md-namespace-show", "OS::Test"], &["words", "o2", "four", "OS::Glance::Image"]);
    has(&["md-namespace-list"], &["OS::Test"]);

    assert!(glance.fail(&["md-namespace-create", "OS::Test"]).contains("409"));
    glance.run(&["md-tag-delete", "OS::Test", "one"]);
    glance.run(&["md-object-delete", "OS::Test", "o2"]);
    glance.run(&["md-property-delete", "OS::Test", "p"]);
    glance.run(&["md-resource-type-deassociate", "OS::Test", "OS::Glance::Image"]);
    for all in ["md-namespace-tags-delete", "md-namespace-objects-delete", "md-namespace-properties-delete"] {
        glance.run(&[all, "OS::Test"]);
    }
    glance.run(&["md-namespace-delete", "OS::Test"]);
    assert!(glance.fail(&["md-namespace-show", "OS::Test"]).contains("404"));

    let file = gateway.site().folder().join("namespace.json");
    let whole = json!({
        "namespace": "OS::File", "visibility": "public", "tags": [{"name": "t"}], "objects": [{"name": "o"}],
        "properties": {"p": {"title": "From a file", "type": "string"}},
        "resource_type_associations": [{"name": "OS::Nova::Flavor"}],
    });
    fs::write(&file, whole.to_string()).unwrap();
    glance.run(&["md-namespace-import", "--file", file.to_str().unwrap()]);
    has(&["md-namespace-show", "OS::File"], &["\"p\"", "\"o\"", "\"t\"", "OS::Nova::Flavor"]);
}

#[test]
fn openstack_knows_namespaces_and_what_is_in_them() {
    let Some(folder) = clients("clients::openstack_metadefs") else { return };
    let gateway = Gateway::builder().start();
    let settings = vec![
        ("OS_AUTH_TYPE", "admin_token".to_owned()),
        ("OS_ENDPOINT", format!("http://{}/v2", gateway.address())),
        ("OS_TOKEN", ADMIN.token.to_owned()),
    ];
    let openstack = Tool::new(&folder, "openstack", settings);
    let metadef = |arguments: &[&str]| openstack.run(&[&["image", "metadef"], arguments].concat());

    metadef(&["namespace", "create", "--public", "--display-name", "Test", "OS::Test"]);
    assert!(metadef(&["namespace", "list"]).contains("OS::Test"));
    metadef(&["resource", "type", "association", "create", "OS::Test", "OS::Glance::Image"]);
    assert!(metadef(&["resource", "type", "association", "list", "OS::Test"]).contains("OS::Glance::Image"));
    metadef(&["property", "create", "--name", "p", "--title", "T", "--type", "string", "--schema", "{}", "OS::Test"]);
    assert!(metadef(&["property", "show", "OS::Test", "p"]).contains("string"));
    metadef(&["object", "create", "--namespace", "OS::Test", "o"]);
    assert!(metadef(&["object", "list", "OS::Test"]).contains("| o "));
    metadef(&["namespace", "set", "--protected", "--public", "OS::Test"]);
    assert!(openstack.fail(&["image", "metadef", "namespace", "delete", "OS::Test"]).contains("OS::Test"));
    metadef(&["namespace", "set", "--unprotected", "--public", "OS::Test"]);
    metadef(&["namespace", "delete", "OS::Test"]);
    assert!(!metadef(&["namespace", "list"]).contains("OS::Test"));
}
