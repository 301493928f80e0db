//! The commands that look at a service, beside one that runs and without one.

use casement_tests::{Gateway, Site};
use serde_json::Value;
use std::sync::Arc;

fn start() -> Gateway {
    Gateway::builder().filesystem("local", None, "default = true").start()
}

/// A command on the data of a service that has ended.
fn alone(site: &Arc<Site>, arguments: &[&str]) -> casement_tests::Run {
    site.run_arguments(&[arguments, &["--config", site.config().to_str().unwrap()]].concat())
}

#[test]
fn a_service_says_that_it_is_well_as_long_as_it_runs() {
    let gateway = start();
    let run = gateway.command(&["health"]);
    assert_eq!((run.code, run.text.trim()), (Some(0), "healthy"));
    let (_, site) = gateway.terminate();
    let run = alone(&site, &["health"]);
    assert_eq!(run.code, Some(75), "{}", run.text);
    assert!(run.text.contains("no running service"), "{}", run.text);
}

#[test]
fn stores_are_listed_and_tried_out_and_nothing_is_left_in_them() {
    let gateway = start();
    let run = gateway.command(&["store", "list", "--json"]);
    assert_eq!(run.code, Some(0), "{}", run.text);
    let line: Value = serde_json::from_str(run.text.lines().next().unwrap()).unwrap();
    assert_eq!((&line["id"], &line["default"], &line["unavailable"]), (&"local".into(), &true.into(), &Value::Null));
    assert!(line["free_bytes"].as_u64().is_some_and(|free| free > 0), "{line}");
    let run = gateway.command(&["store", "check", "local"]);
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert!(run.text.contains("ok       local: an object was written, read and removed"), "{}", run.text);
    gateway.assert_settled();
    let run = gateway.command(&["store", "check", "remote"]);
    assert_eq!(run.code, Some(64), "{}", run.text);
    assert!(run.text.contains("no store `remote`; there are local"), "{}", run.text);
}

#[test]
fn a_store_that_cannot_be_used_is_told_by_list_and_check() {
    let builder = Gateway::builder().filesystem("local", None, "default = true");
    let absent = builder.folder().join("absent").display().to_string();
    let lines = format!("plugin = \"filesystem\"\nrequired = true\nroot = '{absent}'");
    let builder = builder.store("far", &lines);
    let text = builder.config();
    let site = Arc::new(builder.site(&text));
    let run = alone(&site, &["store", "list"]);
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert!(run.text.contains("far (filesystem)\n  unavailable  ") && run.text.contains(&absent), "{}", run.text);
    let run = alone(&site, &["store", "check"]);
    assert_eq!(run.code, Some(69), "{}", run.text);
    assert!(run.text.contains("error    far: ") && run.text.contains("ok       local: "), "{}", run.text);
}

#[test]
fn a_backup_of_a_database_in_use_is_one_that_a_service_can_start_on() {
    let gateway = start();
    let id = gateway.member().create_active("kept", b"0123456789");
    let copy = gateway.site().folder().join("copy.sqlite");
    let run = gateway.command(&["db", "backup", copy.to_str().unwrap()]);
    assert_eq!(run.code, Some(0), "{}", run.text);
    let run = gateway.command(&["db", "backup", copy.to_str().unwrap()]);
    assert_eq!(run.code, Some(64), "{}", run.text);
    for (command, says) in [("check", "is sound"), ("version", "this program serves")] {
        let run = gateway.command(&["db", command]);
        assert_eq!(run.code, Some(0), "{}", run.text);
        assert!(run.text.contains(says), "{}", run.text);
    }
    let run = gateway.command(&["db", "upgrade"]);
    assert_eq!(run.code, Some(73), "{}", run.text);

    let (_, site) = gateway.terminate();
    std::fs::rename(&copy, site.folder().join("catalog.sqlite")).unwrap();
    let run = alone(&site, &["db", "upgrade"]);
    assert!(run.code == Some(0) && run.text.contains("already"), "{}", run.text);
    let gateway = Gateway::start(site);
    assert_eq!(gateway.member().download(&id).expect(200).body, b"0123456789");
    gateway.assert_settled();
}

#[test]
fn what_is_in_force_is_shown_as_a_configuration_without_secrets() {
    let identity = "mode = \"keystone\"\n[identity.keystone]\nauth_url = \"http://127.0.0.1:9\"\nusername = \"glance\"\n\
                    project_name = \"service\"\npassword = \"s3cret-pass-word\"\n";
    let builder = Gateway::builder().identity(identity).filesystem("local", None, "default = true");
    let run = builder.command(&["config", "show"]);
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert!(!run.text.contains("s3cret"), "{}", run.text);
    let shown: toml::Table = toml::from_str(&run.text).unwrap();
    assert_eq!(shown["server"]["header_timeout_seconds"].as_integer(), Some(2), "{}", run.text);
    assert_eq!(shown["stores"]["local"]["plugin"].as_str(), Some("filesystem"), "{}", run.text);
    assert_eq!(shown["identity"]["keystone"]["username"].as_str(), Some("glance"), "{}", run.text);
}
