//! The house's order, as far as a test can hold it. docs/ARCHITECTURE.md gives the reasons.
#![allow(clippy::unwrap_used)]

use crate::cargo::{Package, root, workspace};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Which rooms a room may know. A room that is not listed here is a mistake.
const ARROWS: [(&str, &[&str]); 17] = [
    ("failpoints", &[]),
    ("sdk", &[]),
    ("core/image", &[]),
    ("core/policy", &["core/image"]),
    ("core/digest", &[]),
    ("core/inspect", &[]),
    ("core/request", &[]),
    ("core/catalog", &["core/image", "failpoints"]),
    ("core/identity", &["core/image", "core/request"]),
    ("core/stores", &["core/digest", "core/image", "core/inspect", "core/request", "failpoints", "sdk"]),
    (
        "core/service",
        &["core/catalog", "core/identity", "core/image", "core/inspect", "core/policy", "core/request", "core/stores"],
    ),
    ("core/http", &["core/image", "core/request", "core/service"]),
    (
        "core/gateway",
        &[
            "core/catalog",
            "core/http",
            "core/identity",
            "core/image",
            "core/policy",
            "core/request",
            "core/service",
            "core/stores",
            "sdk",
        ],
    ),
    ("tests", &[]),
    ("tests/scripted_http", &[]),
    ("xtask", &[]),
    ("xtask/bench", &["core/digest"]),
];

/// The same for rooms of which there are many: every room below a folder.
const FAMILIES: [(&str, &[&str]); 6] = [
    ("plugins/share", &["failpoints", "sdk"]),
    ("plugins/object", &["sdk"]),
    ("plugins/", &["plugins/object", "plugins/share", "sdk"]),
    ("sdk/examples/", &["sdk"]),
    ("sdk/", &["sdk"]),
    ("tests/fixtures/", &["sdk"]),
];

fn allowed(room: &str) -> Option<&'static [&'static str]> {
    let own = ARROWS.iter().find(|(name, _)| *name == room);
    own.or_else(|| FAMILIES.iter().find(|(name, _)| room.starts_with(name))).map(|(_, rooms)| *rooms)
}

#[test]
fn rooms_know_only_the_rooms_below_them() {
    let (packages, _) = workspace().unwrap();
    let room_of = |name: &str| packages.iter().find(|package| package.name == name).map(|package| &*package.room);
    let mut wrong = Vec::new();
    for package in &packages {
        let Some(allowed) = allowed(&package.room) else {
            wrong.push(format!("{} is a new room: give it its arrows", package.room));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|dependency| !dependency.dev) {
            match room_of(&dependency.name) {
                Some(room) if !allowed.contains(&room) => wrong.push(format!("{} -> {room}", package.room)),
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn plugins_and_their_tests_know_nothing_of_core() {
    let (packages, _) = workspace().unwrap();
    let core: Vec<_> =
        packages.iter().filter(|package| package.room.starts_with("core/")).map(|package| &package.name).collect();
    let outside =
        packages.iter().filter(|package| package.room.starts_with("plugins/") || package.room.starts_with("sdk"));
    for package in outside {
        let wrong: Vec<_> = package.dependencies.iter().filter(|dependency| core.contains(&&dependency.name)).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", package.room);
    }
}

#[test]
fn pure_rooms_have_no_runtime_and_no_way_out() {
    const OUT: [&str; 10] =
        ["tokio", "async-std", "smol", "futures-util", "hyper", "warp", "sqlx", "rustix", "socket2", "tempfile"];
    hold_out(&["core/image", "core/policy", "core/digest", "core/inspect"], &OUT);
}

#[test]
fn use_cases_know_nothing_of_http() {
    hold_out(&["core/service", "core/stores", "core/catalog"], &["warp", "hyper", "hyper-util", "http"]);
}

fn hold_out(rooms: &[&str], strangers: &[&str]) {
    let (packages, _) = workspace().unwrap();
    let inside = |package: &&Package| rooms.contains(&&*package.room);
    for package in packages.iter().filter(inside) {
        for dependency in package.dependencies.iter().filter(|dependency| !dependency.dev) {
            assert!(!strangers.contains(&&*dependency.name), "{} -> {}", package.room, dependency.name);
        }
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let decisions = fs::read_to_string(root().join("docs/decisions.md")).unwrap();
    let (_, listed) = manifest.split_once("[workspace.dependencies]").unwrap();
    let listed = listed.lines().take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once(" = "));
    let explained: Vec<_> = decisions.lines().filter_map(|line| line.strip_prefix('|')?.split('|').next()).collect();
    let explained: Vec<_> = explained.iter().flat_map(|names| names.split(',').map(str::trim)).collect();
    let wrong: Vec<_> = listed.filter(|(name, from)| !from.contains("path =") && !explained.contains(name)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_compatibility_table_names_tests_that_there_are() {
    let table = fs::read_to_string(root().join("docs/glance-compatibility.md")).unwrap();
    let named: Vec<_> = table.split('`').filter_map(|word| word.split_once("::")).collect();
    // An IPv6 address is no test.
    let named: Vec<_> = named.into_iter().filter(|(file, _)| !file.is_empty()).collect();
    assert!(named.len() > 20, "the table names its tests in another way than this test reads");
    let is_there = |(file, test): &(&str, &str)| {
        let folder = if file.starts_with("core/") { root().to_owned() } else { root().join("tests") };
        let source = fs::read_to_string(folder.join(file).with_extension("rs"));
        source.is_ok_and(|source| has_test(&source, test))
    };
    let wrong: Vec<_> = named.iter().filter(|named| !is_there(named)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Unit tests are indented, and may be asynchronous, on a clock of their own.
fn has_test(source: &str, test: &str) -> bool {
    let mut lines = source.lines().map(str::trim_start);
    let mut attribute = "";
    lines.any(|line| {
        let found = (attribute.ends_with("test]") || attribute.starts_with("#[tokio::test("))
            && line
                .trim_start_matches("async ")
                .strip_prefix("fn ")
                .is_some_and(|rest| rest.starts_with(&format!("{test}(")));
        attribute = line;
        found
    })
}

#[test]
fn unsafe_code_stays_in_its_rooms() {
    const ROOMS: [&str; 7] = [
        "sdk/src/abi",
        "sdk/src/glue",
        "sdk/src/host",
        "plugins/share/src/windows",
        "core/gateway/src/allocator/linux.rs",
        "core/gateway/src/workers/windows/calls.rs",
        "tests/fixtures/",
    ];
    // Not written out, so that this file is no finding.
    let word = concat!("un", "safe");
    let allow = concat!("allow(un", "safe_code)");
    let findings = lines_with(|line| {
        line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word) || line.contains(allow)
    });
    let wrong: Vec<_> = findings.iter().filter(|(file, _)| !ROOMS.iter().any(|room| file.starts_with(room))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn platforms_differ_only_behind_a_face() {
    const CONDITIONS: [&str; 6] = ["windows", "unix", "target_os", "target_family", "target_vendor", "target_env"];
    let findings = lines_with(|line| {
        let condition = line.split_once("cfg").is_some_and(|(_, rest)| rest.starts_with(['(', '!', '_']));
        condition && words(line).any(|word| CONDITIONS.contains(&word)) && !words(line).any(|word| word == "test")
    });
    let wrong: Vec<_> = findings.iter().filter(|(file, _)| !is_face(Path::new(file)) && !is_test(file)).collect();
    assert!(wrong.is_empty(), "move the difference to a unix.rs and a windows.rs: {wrong:#?}");
}

/// A platform's own file, or the module that chooses between such files.
fn is_face(file: &Path) -> bool {
    const PLATFORMS: [&str; 3] = ["unix.rs", "windows.rs", "linux.rs"];
    let name = file.file_name().unwrap().to_str().unwrap();
    let beside = root().join(file.parent().unwrap());
    let below = beside.join(file.file_stem().unwrap());
    let chooses = |folder: &Path| PLATFORMS.iter().any(|platform| folder.join(platform).is_file());
    PLATFORMS.contains(&name) || chooses(&below) || (matches!(name, "mod.rs" | "lib.rs") && chooses(&beside))
}

/// Tests may hold what is true of one system only; and this file names the conditions.
fn is_test(file: &str) -> bool {
    file.starts_with("tests/") || file.contains("/tests/") || file.ends_with("tests.rs") || file == "xtask/src/house.rs"
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// Lines of code, comments left out, by file and line.
fn lines_with(found: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let mut findings = Vec::new();
    for file in sources() {
        let name = file.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
        let text = fs::read_to_string(&file).unwrap();
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap();
            if found(code) {
                findings.push((name.clone(), format!("{}: {}", number + 1, line.trim())));
            }
        }
    }
    findings
}

fn sources() -> Vec<PathBuf> {
    let mut folders = ["core", "failpoints", "plugins", "sdk", "tests", "xtask"].map(|name| root().join(name)).to_vec();
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(path);
            }
        }
    }
    assert!(sources.len() > 20, "the sources are not where this test looks");
    sources
}
