//! Starts that must fail: what is in the way is said, and what is there is left alone.

use crate::assert_serves_on;
use casement_tests::{Builder, Gateway, Runner, have_tool, skip};
use std::{fs, net::TcpListener, process::Command};

fn builder() -> Builder {
    Gateway::builder().filesystem("local", None, "default = true")
}

#[test]
fn an_address_in_use_is_told_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let builder = builder();
    let text = builder.config().replace("127.0.0.1:0", &address);
    let run = builder.serve_text_and_fail(&text);
    assert_eq!(run.code, Some(75), "{}", run.text);
    assert!(run.text.contains(&format!("cannot listen on {address}")), "{}", run.text);
    assert!(run.text.contains("stop it, or take another port"), "{}", run.text);
}

#[test]
fn a_second_service_on_the_same_data_does_not_start_and_the_first_goes_on() {
    let gateway = builder().start();
    let id = gateway.member().create_active("kept", b"0123456789");
    let run = gateway.command(&["serve"]);
    assert_eq!(run.code, Some(73), "{}", run.text);
    assert!(
        run.text.contains("another process has the database") && run.text.contains("stop it first"),
        "{}",
        run.text
    );
    assert_eq!(gateway.member().download(&id).expect(200).body, b"0123456789");
    assert_serves_on(&gateway);
    // Before a reload it is the service itself that has it.
    let run = gateway.command(&["check", "--tolerate-temporary"]);
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert!(run.text.contains("warning  catalog") && run.text.contains("another process has"), "{}", run.text);
    assert_eq!(gateway.command(&["check"]).code, Some(73));
}

#[test]
fn data_of_a_newer_version_is_refused_and_left_alone() {
    if !have_tool("python3") {
        return skip(
            "bad_input::data_of_a_newer_version",
            "python3 is not installed: nothing writes the newer version",
        );
    }
    let (_, site) = builder().start().terminate();
    let database = site.folder().join("catalog.sqlite");
    let script = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as db: db.execute('UPDATE casement_schema SET version = 99')";
    let done = Command::new("python3").args(["-c", script]).arg(&database).status().unwrap();
    assert!(done.success());
    let before = fs::read(&database).unwrap();
    for command in ["serve", "check"] {
        let config = Runner::chosen().path(site.config());
        let run = site.run_arguments(&[command, "--config", &config]);
        assert_eq!(run.code, Some(73), "{}", run.text);
        assert!(run.text.contains("its schema has version 99"), "{}", run.text);
        assert!(run.text.contains("start the Casement that wrote it"), "{}", run.text);
    }
    assert!(fs::read(&database).unwrap() == before);
}

#[test]
fn a_secret_that_cannot_be_read_is_told_by_its_file_and_its_key() {
    let keystone = |file: &str| {
        format!(
            "mode = \"keystone\"\n[identity.keystone]\nauth_url = \"http://127.0.0.1:9\"\nusername = \"glance\"\n\
             project_name = \"service\"\npassword_file = \"{file}\"\n"
        )
    };
    for (file, reason) in [("absent", "absent"), (".", ""), ("empty", "is empty")] {
        let builder = builder().identity(&keystone(file)).file("empty", "\n");
        let run = builder.serve_and_fail();
        assert_eq!(run.code, Some(78), "{}", run.text);
        assert!(run.text.contains("identity.keystone.password_file"), "{}", run.text);
        assert!(run.text.contains(reason), "{}", run.text);
    }
}
