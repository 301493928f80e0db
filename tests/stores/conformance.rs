//! What every backend must do, on the servers that there are.

use casement_conformance::{Selection, Target, run};
use casement_sdk::host::OpenOptions;
use casement_tests::{Bucket, Container, Login, Projects, Runner, dist, peer};
use std::fs;
use tempfile::TempDir;

/// What SeaweedFS does to names that no image has, whoever asks: it takes `\` for `/`, makes one of several `/`, and refuses
/// `..` and NUL.
const OF_SEAWEEDFS: [&str; 4] =
    ["keys::what_urls_escape", "keys::slashes", "keys::way_out_of_the_store", "keys::control_characters"];

/// Runs all that is selected of what the plugin says it can do.
#[track_caller]
fn assert_conforms(plugin: &str, keys: &str, selection: &Selection, excused: &[&str]) {
    let file = dist().join("plugins").join(format!("{plugin}{}", Runner::chosen().dll_suffix()));
    let target = Target::load(&file, &OpenOptions::default()).unwrap();
    let keys: toml::Table = toml::from_str(keys).unwrap();
    let serde_json::Value::Object(config) = serde_json::to_value(keys).unwrap() else { unreachable!() };
    let report = run(&target.with_config(config), selection);
    println!("{report}");
    let failed = report.failures().map(|outcome| outcome.name).filter(|name| !excused.contains(name));
    assert_eq!(failed.collect::<Vec<_>>(), Vec::<&str>::new());
}

fn file(folder: &TempDir, secret: &str) -> String {
    let file = folder.path().join("secret");
    fs::write(&file, secret).unwrap();
    file.display().to_string()
}

#[test]
fn filesystem() {
    let folder = TempDir::new().unwrap();
    assert_conforms(
        "casement_filesystem",
        &format!("root = '{}'", folder.path().display()),
        &Selection::default(),
        &[],
    );
}

#[test]
fn s3() {
    let Some((s3, _turn)) = peer("stores::conformance::s3", "s3") else { return };
    let (bucket, folder) = (Bucket::create(s3), TempDir::new().unwrap());
    let keys = bucket.keys(&file(&folder, bucket.secret()));
    assert_conforms("casement_s3", &format!("{keys}large_object_chunk_size = 5"), &Selection::default(), &OF_SEAWEEDFS);
}

#[test]
fn swift_with_its_own_login() {
    swift("stores::conformance::swift_with_its_own_login", "swift", Login::TempAuth);
}

#[test]
fn swift_with_keystone() {
    swift("stores::conformance::swift_with_keystone", "swift_keystone", Login::Keystone);
}

fn swift(test: &str, name: &str, login: Login) {
    let Some((swift, _turn)) = peer(test, name) else { return };
    conforms(&Container::create(swift, login), "");
}

#[test]
fn swift_with_accounts_of_projects() {
    for (name, login) in [("swift", Login::TempAuth), ("swift_keystone", Login::Keystone)] {
        let Some((swift, _turn)) = peer("stores::conformance::swift_with_accounts_of_projects", name) else { continue };
        conforms(Projects::create(swift, login, &[]).own(), "multi_tenant = true\n");
    }
}

fn conforms(container: &Container, lines: &str) {
    let folder = TempDir::new().unwrap();
    let keys = container.keys(&file(&folder, container.secret()));
    let keys = format!("{keys}{lines}segment_size = 1048576");
    assert_conforms("casement_swift", &keys, &Selection::default(), &[]);
}
