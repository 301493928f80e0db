//! Plugin files that are replaced while workers serve.

use crate::crew::{builder, processes, wait_for};
use casement_tests::{Gateway, Run, plugin_file, renew_plugin};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

/// A gateway with plugin files of its own, and the one of its store.
fn started(workers: usize) -> (Gateway, PathBuf) {
    let mut builder = builder(workers);
    let file = plugin_file(&builder.plugin_folder(), "casement_filesystem");
    let gateway = builder.start();
    wait_for(&gateway, workers);
    (gateway, file)
}

fn reload(gateway: &Gateway) -> Run {
    gateway.command(&["plugin", "reload"])
}

/// The version of the plugin that each worker has in use.
fn versions(gateway: &Gateway) -> BTreeMap<String, String> {
    let metrics = gateway.watcher().get("/metrics").expect(200).text();
    let in_use = metrics.lines().filter(|line| line.starts_with("casement_plugin_info{") && line.ends_with(" 1"));
    let label = |line: &str, name: &str| {
        let (_, value) = line.split_once(&format!("{name}=\"")).unwrap();
        value.split('"').next().unwrap().to_owned()
    };
    in_use.map(|line| (label(line, "worker"), label(line, "version"))).collect()
}

#[test]
fn every_worker_takes_a_file_that_was_replaced_and_no_request_fails() {
    const RELOADS: usize = 4;
    let (gateway, file) = started(3);
    let workers = processes(&gateway);
    let mut seen = BTreeSet::from_iter(versions(&gateway).into_values());
    gateway.under_load(|| {
        for _ in 0..RELOADS {
            renew_plugin(&file);
            reload(&gateway).assert_done("for local");
            let versions = versions(&gateway);
            assert_eq!(versions.len(), 3, "{versions:?}");
            seen.extend(versions.into_values());
        }
    });
    // Each time it was one version for all of them.
    assert_eq!(seen.len(), 1 + RELOADS, "{seen:?}");
    assert_eq!(processes(&gateway), workers);
}

#[test]
fn a_broken_file_is_refused_and_no_worker_takes_it() {
    let (gateway, file) = started(3);
    let (workers, before) = (processes(&gateway), versions(&gateway));
    let sound = fs::read(&file).unwrap();
    fs::write(&file, &sound[..sound.len() / 2]).unwrap();
    let run = reload(&gateway);
    assert!(run.code == Some(69) && run.text.matches("copy it again").count() == 1, "{run:?}");
    assert_eq!((processes(&gateway), versions(&gateway)), (workers, before));
    for _ in 0..8 {
        gateway.member().create_active("n", b"0123456789");
    }
    fs::write(&file, &sound).unwrap();
    reload(&gateway).assert_done("unchanged");
    gateway.assert_settled();
}
