//! Workers that die, and a supervisor that does.

use crate::{
    crew::{PATIENCE, assert_gone, builder, kill, killed, process_of, processes, started, uploading, wait_for},
    end::half,
};
use casement_tests::{Pattern, as_often_as_told};
use std::fs;

const DATA: &[u8] = b"0123456789";

#[test]
fn the_upload_of_a_worker_that_dies_is_taken_back_at_once_and_another_worker_comes() {
    let gateway = started(2);
    let (member, data) = (gateway.member(), Pattern::new(1, 10_000_000).bytes());
    let (id, mut upload) = half(&gateway, &data);
    kill(&gateway, uploading(&gateway));
    // Whoever connects meanwhile is served by the other one.
    member.create_active("m", DATA);
    assert!(upload.is_closed());
    // Its lease would last for a minute; it is not waited for.
    assert!(gateway.log().wait_for("transfer recovered", PATIENCE / 3).is_some());
    as_often_as_told("the upload", || member.upload(&id, &data)).expect(204);
    assert!(member.download(&id).expect(200).body == data);
    wait_for(&gateway, 2);
    gateway.assert_settled();
}

#[test]
fn when_all_workers_die_clients_wait_for_the_next_ones() {
    let gateway = started(2);
    [1, 2].into_iter().for_each(|worker| kill(&gateway, worker));
    gateway.member().create_active("n", DATA);
    wait_for(&gateway, 2);
    gateway.assert_settled();
}

#[test]
fn a_worker_that_dies_again_and_again_is_started_at_longer_and_longer_intervals() {
    let gateway = started(2);
    for (last, pause) in (2..).zip(["100ms", "200ms", "400ms"]) {
        // The place of the last one is always the same; the other worker goes on.
        kill(&gateway, last);
        let told = format!("worker {last} has died: {}; another worker is started in {pause}", killed());
        assert!(gateway.log().wait_for(&told, PATIENCE).is_some(), "{told}: {}", gateway.log().text());
    }
    wait_for(&gateway, 2);
    let deaths = "casement_worker_deaths_total{worker=\"supervisor\"} 3";
    assert!(gateway.watcher().get("/metrics").expect(200).text().contains(deaths));
}

#[test]
fn no_worker_outlives_a_supervisor_that_was_killed_and_the_next_one_finds_all() {
    let gateway = started(3);
    let (member, data) = (gateway.member(), Pattern::new(2, 10_000_000).bytes());
    let (whole, half) = (member.create_active("whole", DATA), member.create_raw("half"));
    let mut upload = gateway.raw();
    upload.begin_upload(&half, data.len() as u64, &[]);
    upload.send(&data[..5_000_000]);
    uploading(&gateway);
    let workers = processes(&gateway);
    // The next start waits for the last of them.
    let gateway = gateway.crash_and_restart();
    assert_gone(&workers);
    let member = gateway.member();
    assert_eq!(member.download(&whole).expect(200).body, DATA);
    member.upload(&half, &data).expect(204);
    gateway.assert_settled();
}

#[test]
fn a_first_worker_that_cannot_serve_ends_the_start_with_its_reason() {
    let run = builder(2).more("[policy]\nfile = \"nothing.yaml\"").serve_and_fail();
    assert!(run.code == Some(78) && run.text.contains("nothing.yaml"), "{run:?}");
    let nowhere = "plugin = \"filesystem\"\nroot = '/nowhere/at/all'\nrequired = true";
    let run = builder(2).store("gone", nowhere).serve_and_fail();
    assert!(run.code == Some(69) && run.text.contains("gone"), "{run:?}");
}

#[test]
fn a_worker_that_is_started_anew_goes_by_the_configuration_in_force_not_by_what_the_file_says_now() {
    let gateway = started(2);
    let file = gateway.site().config();
    fs::write(file, "this is none").unwrap();
    kill(&gateway, 1);
    process_of(&gateway, 3);
    wait_for(&gateway, 2);
    for _ in 0..8 {
        gateway.member().create_active("n", DATA);
    }
}
