//! Writes `configs/schema.json` and `configs/casement.toml` from the structs.
#![allow(clippy::unwrap_used)]

use super::shape::schema;
use serde_json::Value;
use std::{env, fmt::Write as _, fs, path::Path};

const HEAD: &str = "\
Configuration of the Casement image service.

Every key is here, with its default. Lines that start with `#` and a key are not in force; the others must be set.
Relative paths start at the folder of this file. `CASEMENT__SERVER__LISTEN` in the environment sets `server.listen`, and
so on for every key; a value that is no text is written there as here.

This file is written from the program's source: `UPDATE=1 cargo test -p casement reference`.
";

const FURTHER: &str = "\
A further store can read image data from web servers, by the URLs that are given as locations of images:

    [[plugins]]
    path = \"casement_http_store\"

    [stores.web]
    plugin = \"http\"
    allowed_schemes = [\"https\"]
    allowed_hosts = [\"images.example.org\"]

On the nodes of a Windows failover cluster a store can lie on Cluster Shared Volumes:

    [[plugins]]
    path = \"casement_csv\"

    [stores.cluster]
    plugin = \"csv\"
    volumes = [\"Volume1\", \"Volume2\"]
    folder = \"images\"

Or in a bucket of an S3-compatible object store:

    [[plugins]]
    path = \"casement_s3\"

    [stores.bucket]
    plugin = \"s3\"
    host = \"https://s3.example.com\"
    bucket = \"images\"
    access_key = \"casement\"
    secret_key_file = \"s3.secret\"

Or in an account of OpenStack Swift:

    [[plugins]]
    path = \"casement_swift\"

    [stores.objects]
    plugin = \"swift\"
    auth_url = \"https://keystone.example.org:5000\"
    username = \"glance\"
    project_name = \"service\"
    key_file = \"swift.key\"
    container = \"glance\"

Their keys: docs/operators/configuration.md.
";

fn configs(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs").join(name)
}

fn assert_current(name: &str, expected: &str) {
    let file = configs(name);
    if env::var_os("UPDATE").is_some() {
        fs::write(&file, expected).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found.replace("\r\n", "\n") == expected,
        "configs/{name} is not what the source says; run `UPDATE=1 cargo test -p casement reference`"
    );
}

#[test]
fn schema_file_is_current() {
    assert_current("schema.json", &format!("{:#}\n", schema()));
}

#[test]
fn reference_file_is_current() {
    assert_current("casement.toml", &reference());
}

fn reference() -> String {
    let mut out = String::new();
    comment(&mut out, HEAD);
    table(&mut out, &schema(), "");
    out.push('\n');
    comment(&mut out, FURTHER);
    out
}

/// First the keys of a table, then the tables in it, as TOML wants it.
fn table(out: &mut String, schema: &Value, path: &str) {
    let properties = || schema["properties"].as_object().into_iter().flatten();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for (key, property) in properties().filter(|(_, property)| section(property).is_none()) {
        let set = required.contains(&Value::from(key.as_str()));
        entry(out, key, property, set);
    }
    if path == "stores.local" {
        out.push_str("\n# The plugin's own key: the directory that holds the image data.\n");
        out.push_str("root = \"../data/images\"\n");
    }
    for (key, property) in properties() {
        let Some((inner, header)) = section(property) else { continue };
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let (path, header) = match header {
            Header::Map => (format!("{path}.local"), format!("[{path}.local]")),
            Header::List => (path.clone(), format!("[[{path}]]")),
            Header::Table => (path.clone(), format!("[{path}]")),
        };
        out.push('\n');
        comment(out, property["description"].as_str().unwrap_or_default());
        // A token in a mode without tokens, or a made-up hash, is no example to leave in force.
        let off = if path == "identity.tokens" { "#" } else { "" };
        let mut body = String::new();
        table(&mut body, inner, &path);
        writeln!(out, "{off}{header}").unwrap();
        for line in body.lines() {
            let off = if line.is_empty() || line.starts_with('#') { "" } else { off };
            writeln!(out, "{off}{line}").unwrap();
        }
    }
}

enum Header {
    Table,
    List,
    Map,
}

/// Whether a property is a table of its own, and of what kind.
fn section(property: &Value) -> Option<(&Value, Header)> {
    if property["properties"].is_object() {
        Some((property, Header::Table))
    } else if property["items"]["properties"].is_object() {
        Some((&property["items"], Header::List))
    } else if property["additionalProperties"]["properties"].is_object() {
        Some((&property["additionalProperties"], Header::Map))
    } else {
        None
    }
}

fn entry(out: &mut String, key: &str, property: &Value, set: bool) {
    out.push('\n');
    comment(out, property["description"].as_str().unwrap_or_default());
    for choice in property["oneOf"].as_array().into_iter().flatten() {
        if let Some(text) = choice["description"].as_str() {
            comment(out, &format!("{}: {text}", choice["const"]));
        }
    }
    let default = &property["default"];
    let value = if default.is_null() { &property["examples"][0] } else { default };
    assert!(!value.is_null(), "`{key}` has neither a default nor an example");
    if !set && default.is_null() {
        comment(out, "Not set by default. For example:");
    }
    let off = if set { "" } else { "#" };
    // A JSON text, number, list of them: all are written alike in TOML.
    writeln!(out, "{off}{key} = {}", value.to_string().replace("\",\"", "\", \"")).unwrap();
}

fn comment(out: &mut String, text: &str) {
    for line in text.trim_end().lines() {
        out.push_str(format!("# {line}").trim_end());
        out.push('\n');
    }
}

#[test]
fn reference_file_loads_as_it_is_and_with_every_key_in_force() {
    let text = reference();
    let all: String = text.lines().fold(String::new(), |all, line| {
        let key = line.strip_prefix('#').filter(|rest| !rest.is_empty() && !rest.starts_with(' '));
        all + key.unwrap_or(line) + "\n"
    });
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("as-it-is.toml", text), ("all.toml", all)] {
        let file = folder.path().join(name);
        fs::write(&file, &text).unwrap();
        if let Err(err) = super::load::load_with(&file, Default::default()) {
            panic!("{err}\n{text}");
        }
    }
}
