//! `casement metadefs`: namespaces in files.

use casement_tests::{Client, Gateway, Site, metadefs, skip};
use serde_json::{Map, Value, json};
use std::{fs, path::Path, sync::Arc};

const NAMESPACES: &str = "/v2/metadefs/namespaces";

fn run(site: &Site, arguments: &[&str]) -> (Option<i32>, String) {
    let config = site.config().to_str().unwrap();
    let run = site.run_arguments(&[&["metadefs"], arguments, &["--config", config]].concat());
    (run.code, run.text)
}

#[track_caller]
fn done(site: &Site, arguments: &[&str]) -> String {
    let (code, text) = run(site, arguments);
    assert_eq!(code, Some(0), "{arguments:?}\n{text}");
    text
}

fn stopped() -> Arc<Site> {
    Gateway::builder().start().kill()
}

fn write(site: &Site, name: &str, namespace: &Value) -> String {
    let path = site.folder().join(name);
    fs::write(&path, namespace.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What the service shows, without what it says of itself.
fn shown(admin: &Client, name: &str) -> Value {
    bare(admin.get(&format!("{NAMESPACES}/{name}")).expect(200).json())
}

fn bare(value: Value) -> Value {
    const OWN: [&str; 4] = ["self", "schema", "created_at", "updated_at"];
    match value {
        Value::Object(entries) => {
            let rest = entries.into_iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
            Value::Object(rest.map(|(name, value)| (name, bare(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.into_iter().map(bare).collect(),
        other => other,
    }
}

fn all_shown(admin: &Client) -> Vec<Value> {
    let list = admin.get(&format!("{NAMESPACES}?limit=1000&sort_key=namespace")).expect(200).json();
    let names = list["namespaces"].as_array().unwrap().iter().map(|one| one["namespace"].as_str().unwrap());
    names.map(|name| shown(admin, name)).collect()
}

/// What a file promises: as it says, with the service's defaults, and with the `default` of a property as text.
fn promised(file: &Path) -> Value {
    let mut namespace: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    for (name, value) in [("visibility", json!("private")), ("owner", json!("admin")), ("protected", json!(false))] {
        if namespace.get(name).is_none() {
            namespace[name] = value;
        }
    }
    as_text(&mut namespace["properties"]);
    for object in namespace["objects"].as_array_mut().into_iter().flatten() {
        as_text(&mut object["properties"]);
        object["required"] = json!([]);
    }
    let entries = namespace.as_object_mut().unwrap();
    entries.retain(|_, value| !value.is_null() && value != &json!([]) && value != &json!({}));
    namespace
}

fn as_text(properties: &mut Value) {
    for property in properties.as_object_mut().into_iter().flat_map(|all| all.values_mut()) {
        if let Some(Value::Number(number)) = property.get("default") {
            property["default"] = json!(number.to_string());
        }
    }
}

/// Lists in an order that does not depend on when something came.
fn sorted(mut namespace: Value) -> Value {
    for list in ["resource_type_associations", "objects", "tags"] {
        if let Some(items) = namespace.get_mut(list).and_then(Value::as_array_mut) {
            items.sort_by_key(|item| item["name"].to_string());
        }
    }
    namespace
}

#[test]
fn every_file_that_comes_with_glance_is_loaded_and_read_back_as_it_says() {
    let Some(folder) = metadefs() else {
        return skip("metadefs::glance_files", "CASEMENT_METADEFS names no folder with the files of Glance's wheel");
    };
    let site = stopped();
    let text = done(&site, &["load", folder.to_str().unwrap()]);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let files: Vec<_> = files.iter().filter(|file| file.extension().is_some_and(|end| end == "json")).collect();
    assert!(files.len() >= 32, "{files:?}");
    assert_eq!(text.matches(" loaded").count(), files.len(), "{text}");

    let gateway = Gateway::start(site);
    let admin = gateway.admin();
    let mut public = 0;
    for file in &files {
        let promised = promised(file);
        public += usize::from(promised["visibility"] == "public");
        let shown = shown(&admin, promised["namespace"].as_str().unwrap());
        assert_eq!(sorted(shown), sorted(promised), "{}", file.display());
    }
    // Whoever may read sees what is public.
    let list = gateway.reader().get(&format!("{NAMESPACES}?limit=1000")).expect(200).json();
    assert_eq!(list["namespaces"].as_array().unwrap().len(), public);
    assert_eq!(all_shown(&admin).len(), files.len());

    // Out of one database and into another, nothing is lost.
    let before = all_shown(&admin);
    let site = gateway.kill();
    let saved = site.folder().join("saved");
    fs::create_dir(&saved).unwrap();
    done(&site, &["export", saved.to_str().unwrap()]);
    let removed = done(&site, &["unload"]);
    assert!(removed.contains(&format!("{} namespaces", files.len())), "{removed}");
    done(&site, &["load", saved.to_str().unwrap()]);
    let gateway = Gateway::start(site);
    let after: Vec<_> = all_shown(&gateway.admin()).into_iter().map(sorted).collect();
    assert_eq!(after, before.into_iter().map(sorted).collect::<Vec<_>>());
}

#[test]
fn a_namespace_that_is_there_already_is_treated_as_the_flags_say() {
    let site = stopped();
    let old = json!({
        "namespace": "n", "description": "old", "visibility": "public", "tags": [{"name": "kept"}],
        "resource_type_associations": [{"name": "type", "prefix": "old:"}],
        "properties": {"p": {"type": "string", "title": "old"}},
        "objects": [{"name": "o", "description": "old", "properties": {}}],
    });
    let new = json!({
        "namespace": "n", "description": "new", "visibility": "public", "tags": [{"name": "added"}],
        "resource_type_associations": [{"name": "type", "prefix": "new:"}, {"name": "other"}],
        "properties": {"p": {"type": "string", "title": "new"}, "q": {"type": "string", "title": "q"}},
        "objects": [{"name": "o", "description": "new", "required": ["r"], "properties": {}}],
    });
    let (old, new) = (write(&site, "old.json", &old), write(&site, "new.json", &new));
    let mut site = site;
    for (flags, description, title, prefix, tags, word) in [
        (&[][..], "old", "old", "old:", 1, "stays as it is"),
        (&["--merge"], "old", "old", "old:", 2, "merged"),
        (&["--merge", "--prefer_new"], "new", "new", "new:", 2, "merged"),
        (&["--merge", "--overwrite"], "new", "new", "new:", 1, "overwritten"),
    ] {
        done(&site, &["unload"]);
        done(&site, &["load", &old]);
        let text = done(&site, &[&["load", &new], flags].concat());
        assert!(text.contains(word), "{flags:?}: {text}");
        let gateway = Gateway::start(site);
        let now = shown(&gateway.admin(), "n");
        assert_eq!(now["description"], description, "{flags:?}");
        assert_eq!(now["properties"]["p"]["title"], title, "{flags:?}");
        assert_eq!(now["objects"][0]["description"], description, "{flags:?}");
        assert_eq!(now["resource_type_associations"][0]["prefix"], prefix, "{flags:?}");
        assert_eq!(now["tags"].as_array().unwrap().len(), tags, "{flags:?}");
        assert_eq!(now["properties"].get("q").is_some(), !flags.is_empty(), "{flags:?}");
        site = gateway.kill();
    }
    for flags in [&["--overwrite"][..], &["--prefer-new"], &["--merge", "--prefer-new", "--overwrite"]] {
        assert_eq!(run(&site, &[&["load", &new], flags].concat()).0, Some(64), "{flags:?}");
    }
}

#[test]
fn a_file_that_makes_no_sense_is_named_and_keeps_no_other_out() {
    let site = stopped();
    let folder = site.folder().join("files");
    fs::create_dir(&folder).unwrap();
    assert_eq!(run(&site, &["load", folder.to_str().unwrap()]).0, Some(64));
    for (name, text) in [
        ("a.json", "{"),
        ("b.json", r#"{"namespace": "b", "tags": [{"name": ""}]}"#),
        ("c.json", r#"{"namespace": "c", "properties": {"p": {"type": "string", "title": "t", "typo": 1}}}"#),
        ("d.json", r#"{"namespace": "d"}"#),
        ("README", "no JSON"),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    let (code, text) = run(&site, &["load", folder.to_str().unwrap()]);
    assert_eq!(code, Some(65), "{text}");
    for part in ["a.json: error: it is not JSON", "b.json: error: ", "typo", "namespace d loaded", "3 of 4 files"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(run(&site, &["load", "/no/such/file.json"]).0, Some(64));
    let gateway = Gateway::start(site);
    assert_eq!(all_shown(&gateway.admin()).len(), 1);
}

#[test]
fn the_database_of_a_running_service_is_left_alone() {
    let gateway = Gateway::builder().start();
    let file = write(gateway.site(), "n.json", &json!({"namespace": "n"}));
    for arguments in [&["load", &file][..], &["unload"], &["export", "."]] {
        let (code, text) = run(gateway.site(), arguments);
        assert!(
            code == Some(73) && text.contains("another process has the database"),
            "{arguments:?}: {code:?} {text}"
        );
    }
    gateway.admin().get(&format!("{NAMESPACES}/n")).expect(404);
}
