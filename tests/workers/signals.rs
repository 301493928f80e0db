//! What signals to workers do, and what Linux tells of their files.

use crate::{
    crew::{PATIENCE, builder, process_of, processes, started, uploading, wait_for},
    end::half,
    system::signal,
};
use casement_tests::{Pattern, Runner, as_often_as_told, eventually_true, skip};
use rustix::process::Signal;
use std::fs;

const DATA: &[u8] = b"0123456789";

/// Whether the gateway's system has signals, of which a test is to hold what they do.
fn has_signals(test: &str) -> bool {
    let has = !Runner::chosen().is_windows();
    if !has {
        skip(&format!("workers::{test}"), "Windows has no signals");
    }
    has
}

#[test]
fn every_worker_holds_the_lock_of_the_database_that_its_supervisor_took() {
    if !has_signals("signals::lock") {
        return;
    }
    let gateway = started(2);
    for worker in processes(&gateway) {
        let files = fs::read_dir(format!("/proc/{worker}/fd")).unwrap().map(|file| file.unwrap().path());
        let names = files.filter_map(|file| fs::read_link(file).ok());
        // A lock of flock(2) is let go of when the last descriptor of this opening of the file is closed.
        assert_eq!(names.filter(|name| name.ends_with("catalog.sqlite.lock")).count(), 1);
    }
}

#[test]
fn a_service_manager_that_tells_every_process_to_stop_tells_none_twice() {
    if !has_signals("signals::stop_all") {
        return;
    }
    let gateway = started(2);
    let data = Pattern::new(2, 10_000_000).bytes();
    let (_, mut upload) = half(&gateway, &data);
    gateway.order_to_stop();
    processes(&gateway).into_iter().for_each(|worker| signal(worker, Signal::TERM));
    upload.send(&data[data.len() / 2..]);
    assert_eq!(upload.answer().unwrap().status, 204);
    assert_eq!(gateway.ended().0, Some(0));
}

#[test]
fn one_worker_that_is_told_to_stop_ends_and_is_replaced() {
    if !has_signals("signals::stop_one") {
        return;
    }
    let gateway = started(2);
    signal(processes(&gateway)[0], Signal::TERM);
    // Until then there are two as well.
    let died = gateway.log().wait_for("has died: exit status: 0", PATIENCE);
    assert!(died.is_some(), "{}", gateway.log().text());
    wait_for(&gateway, 2);
}

#[test]
fn a_hangup_replaces_the_workers_too() {
    if !has_signals("signals::hangup") {
        return;
    }
    let gateway = started(2);
    signal(gateway.id(), Signal::HUP);
    assert!(gateway.log().wait_for("reload: worker 2: replaced by worker 4", PATIENCE).is_some());
    wait_for(&gateway, 2);
    // A worker has nothing to do with it.
    signal(processes(&gateway)[0], Signal::HUP);
    gateway.member().create_active("n", DATA);
    wait_for(&gateway, 2);
}

#[test]
fn one_worker_that_answers_is_enough_to_live_and_not_to_be_ready() {
    if !has_signals("signals::silent") {
        return;
    }
    let gateway = started(2);
    let watcher = gateway.watcher();
    signal(process_of(&gateway, 1), Signal::STOP);
    assert_eq!(gateway.command(&["health"]).code, Some(0));
    let answer = watcher.get("/health/ready").expect(503).text();
    assert!(answer.contains("worker 1: it does not answer"), "{answer}");
    signal(process_of(&gateway, 1), Signal::CONT);
    watcher.get("/health/ready").expect(200);
    assert_eq!(processes(&gateway).len(), 2);
}

#[test]
fn a_worker_that_hangs_is_ended_its_upload_is_taken_back_and_another_worker_comes() {
    if !has_signals("signals::hangs") {
        return;
    }
    let gateway = started(2);
    let (member, data) = (gateway.member(), Pattern::new(4, 10_000_000).bytes());
    let (id, mut upload) = half(&gateway, &data);
    let hung = uploading(&gateway);
    signal(process_of(&gateway, hung), Signal::STOP);
    member.create_active("m", DATA);
    // It has 30 seconds to answer, and that is the time which is waited here.
    let told = format!("worker {hung} has died: it did not answer any more, and was ended");
    assert!(gateway.log().wait_for(&told, PATIENCE).is_some(), "{}", gateway.log().text());
    assert!(upload.is_closed());
    assert!(gateway.log().wait_for("transfer recovered", PATIENCE / 3).is_some());
    as_often_as_told("the upload", || member.upload(&id, &data)).expect(204);
    wait_for(&gateway, 2);
    gateway.assert_settled();
}

#[test]
fn a_supervisor_that_hangs_refuses_nobody_for_asking_too_often_and_the_log_tells() {
    if !has_signals("signals::limits") {
        return;
    }
    let gateway = builder(2).more("[server.caller_limits]\nrequests_per_second = 1\nrequest_burst = 1\n").start();
    wait_for(&gateway, 2);
    signal(gateway.id(), Signal::STOP);
    for _ in 0..4 {
        gateway.member().get("/v2/images").expect(200);
    }
    assert!(gateway.log().wait_for("server.caller_limits do not hold meanwhile", PATIENCE).is_some());
    signal(gateway.id(), Signal::CONT);
    eventually_true("the limit holds again", || gateway.member().get("/v2/images").status == 429);
}
