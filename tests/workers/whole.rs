//! To its clients, and to those who look at it, it is one service.

use crate::{
    crew::{builder, kill, process_of, started, uploading},
    end::half,
};
use casement_tests::{Pattern, eventually_true};
use serde_json::Value;
use std::{collections::BTreeSet, thread};

const DATA: &[u8] = b"0123456789";

#[test]
fn many_clients_write_through_all_workers_side_by_side() {
    let gateway = started(4);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let member = gateway.member();
                for _ in 0..20 {
                    let id = member.create_active("n", DATA);
                    assert_eq!(member.download(&id).expect(200).body, DATA);
                }
            });
        }
    });
    assert_eq!(gateway.images().len(), 160);
    gateway.assert_settled();
}

#[test]
fn figures_are_those_of_all_workers_each_family_once() {
    let gateway = started(3);
    let member = gateway.member();
    for _ in 0..12 {
        member.create_raw("n");
    }
    let mut metrics = String::new();
    eventually_true("all requests are counted", || {
        metrics = gateway.watcher().get("/metrics").expect(200).text();
        let counted = metrics.lines().filter(|line| line.starts_with("casement_http_requests_total{"));
        let created = counted.filter(|line| line.contains("method=\"POST\"") && line.contains("status=\"201\""));
        created.map(|line| line.rsplit(' ').next().unwrap().parse::<u32>().unwrap()).sum::<u32>() == 12
    });
    let types: Vec<_> = metrics.lines().filter(|line| line.starts_with("# TYPE ")).collect();
    assert_eq!(types.len(), types.iter().collect::<BTreeSet<_>>().len(), "{metrics}");
    let up: BTreeSet<_> = metrics.lines().filter(|line| line.starts_with("process_start_time_seconds{")).collect();
    assert_eq!(up.len(), 4, "{metrics}");
}

#[test]
fn health_is_that_of_all_workers() {
    let gateway = started(2);
    let watcher = gateway.watcher();
    watcher.get("/health/live").expect(200);
    watcher.get("/health/ready").expect(200);
    let stores = watcher.get("/health/stores").expect(200).json();
    let stores: Vec<_> = stores["stores"].as_array().unwrap().iter().collect();
    let of = |key: &str| stores.iter().map(|store| store[key].clone()).collect::<Vec<Value>>();
    assert_eq!((of("id"), of("worker")), (vec!["local".into(), "local".into()], vec![1.into(), 2.into()]));
    assert_eq!(gateway.command(&["health"]).code, Some(0));
}

#[test]
fn data_is_not_swept_away_from_under_a_worker_by_one_that_starts() {
    let gateway = started(2);
    let data = Pattern::new(1, 10_000_000).bytes();
    let (_, mut upload) = half(&gateway, &data);
    let other = 3 - uploading(&gateway);
    kill(&gateway, other);
    process_of(&gateway, 3);
    upload.send(&data[5_000_000..]);
    assert_eq!(upload.answer().unwrap().status, 204);
    gateway.assert_settled();
}

#[test]
fn a_plugin_file_that_is_as_it_was_is_looked_at_by_all_workers_and_told_once() {
    let gateway = started(2);
    let run = gateway.command(&["plugin", "reload"]);
    assert_eq!((run.code, run.text.matches("casement_filesystem: unchanged").count()), (Some(0), 1), "{run:?}");
}

#[test]
fn two_services_do_not_come_to_one_database() {
    let gateway = started(2);
    let run = gateway.command(&["serve"]);
    assert!(run.code == Some(73) && run.text.contains("stop it first"), "{run:?}");
    gateway.member().create_active("n", DATA);
}

#[test]
fn a_number_of_workers_that_makes_no_sense_is_refused() {
    for wrong in ["0", "65", "\"many\""] {
        let run = builder(2).server(&format!("workers = {wrong}")).check();
        assert!(run.code == Some(78) && run.text.contains("server.workers"), "{run:?}");
    }
}
