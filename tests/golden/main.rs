//! What Glance 33 answered to the scripts in `scripts/`, recorded in `answers/`, is what the gateway answers: status,
//! headers that clients read, and body. Where it means to differ, `differences.json` says how, in the words of
//! docs/glance-compatibility.md.
//!
//! The scripts hold Glance's observed behaviour call by call, but for import, staging and the image cache, which are not
//! served. `record/record.py` records the answers anew.
#![allow(clippy::unwrap_used)]

mod differences;
mod mask;
mod replay;
mod script;

use differences::Differences;
use script::Script;
use std::{collections::BTreeSet, fs, path::PathBuf};

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// Replays a script, and holds every answer against Glance's.
#[track_caller]
fn hold(name: &str) {
    let script = Script::load(name);
    let Some(answers) = replay::replay(&script) else { return };
    let differences = Differences::load();
    let mut findings = Vec::new();
    for ((step, glance), ours) in script.steps.iter().zip(script.answers()).zip(answers) {
        let expected = differences.applied(&format!("{name}: {}", step.at()), glance);
        let (expected, ours) = (step.in_order(expected), step.in_order(ours));
        findings.extend(differences::between(&format!("{name}: {}", step.at()), &expected, &ours));
    }
    assert!(
        findings.is_empty(),
        "{} findings, as lines for differences.json:\n{}",
        findings.len(),
        findings.join("\n")
    );
}

#[test]
fn actions() {
    hold("actions");
}

#[test]
fn after_a_refusal() {
    hold("after_a_refusal");
}

#[test]
fn create() {
    hold("create");
}

#[test]
fn data() {
    hold("data");
}

#[test]
fn delete() {
    hold("delete");
}

#[test]
fn formats() {
    hold("formats");
}

#[test]
fn info() {
    hold("info");
}

#[test]
fn info_detail() {
    hold("info_detail");
}

#[test]
fn list() {
    hold("list");
}

#[test]
fn locations() {
    hold("locations");
}

#[test]
fn members() {
    hold("members");
}

#[test]
fn metadefs() {
    hold("metadefs");
}

#[test]
fn one_store() {
    hold("one_store");
}

#[test]
fn patch() {
    hold("patch");
}

#[test]
fn patch_locations() {
    hold("patch_locations");
}

#[test]
fn routes() {
    hold("routes");
}

#[test]
fn schemas() {
    hold("schemas");
}

#[test]
fn show() {
    hold("show");
}

#[test]
fn stores() {
    hold("stores");
}

#[test]
fn tags() {
    hold("tags");
}

#[test]
fn tasks() {
    hold("tasks");
}

#[test]
fn versions() {
    hold("versions");
}

#[test]
fn every_script_is_held_and_every_intended_difference_is_explained_and_is_one() {
    let source = fs::read_to_string(folder().join("main.rs")).unwrap();
    let names: BTreeSet<String> = fs::read_dir(folder().join("scripts"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let differences = Differences::load();
    let mut findings: Vec<String> = differences.unexplained();
    let mut used = BTreeSet::new();
    for name in names {
        if !source.contains(&format!("hold(\"{name}\")")) {
            findings.push(format!("no test replays the script {name}"));
        }
        let script = Script::load(&name);
        for (step, glance) in script.steps.iter().zip(script.answers()) {
            used.extend(differences.that_change(&format!("{name}: {}", step.at()), &glance));
        }
    }
    findings.extend(differences.all_but(&used));
    assert!(findings.is_empty(), "{findings:#?}");
}
