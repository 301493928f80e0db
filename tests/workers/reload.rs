//! Workers are replaced one by one.

use crate::crew::{builder, processes, started, transferring, wait_for};
use casement_tests::Pattern;
use std::fs;

const DATA: &[u8] = b"0123456789";
const SMALL: &str = "[images]\nsize_cap_bytes = 5\n";

#[test]
fn what_has_changed_holds_for_all_workers_and_each_is_named() {
    let gateway = started(2);
    let member = gateway.member();
    let id = member.create_raw("n");
    let run = gateway.reload(|text| text + SMALL);
    run.assert_done("images.size_cap_bytes: changed");
    run.assert_done("worker 1: replaced by worker 3");
    run.assert_done("worker 2: replaced by worker 4");
    for _ in 0..8 {
        member.upload(&id, DATA).expect(413);
    }
    gateway.reload(|text| text.replace(SMALL, "")).assert_done("worker 4: replaced by worker 6");
    member.upload(&id, DATA).expect(204);
    wait_for(&gateway, 2);
    gateway.assert_settled();
}

#[test]
fn no_request_fails_while_the_workers_are_replaced() {
    let gateway = started(2);
    gateway.under_load(|| {
        for _ in 0..4 {
            gateway.reload(|text| text).assert_done("replaced by");
        }
    });
    wait_for(&gateway, 2);
}

#[test]
fn an_upload_and_a_download_go_on_across_a_reload() {
    // A stop would let them go on for no time at all; who retires has no deadline.
    let gateway = builder(2).server("drain_timeout_seconds = 0").server("body_idle_timeout_seconds = 60").start();
    wait_for(&gateway, 2);
    let (member, data) = (gateway.member(), Pattern::new(1, 20_000_000).bytes());
    let (there, id) = (member.create_active("there", &data), member.create_raw("n"));
    let mut upload = gateway.raw();
    upload.begin_upload(&id, data.len() as u64, &[]);
    upload.send(&data[..5_000_000]);
    let mut download = gateway.raw();
    let head = download.head("GET", &format!("/v2/images/{there}/file"), &[]);
    download.send(&head);
    transferring(&gateway, "upload");
    transferring(&gateway, "download");

    gateway.reload(|text| text).assert_done("replaced");
    gateway.reload(|text| text).assert_done("replaced");
    member.create_active("meanwhile", DATA);

    upload.send(&data[5_000_000..]);
    assert_eq!(upload.answer().unwrap().status, 204);
    assert!(download.answer().unwrap().body == data);
    assert!(member.download(&id).expect(200).body == data);
    wait_for(&gateway, 2);
    gateway.assert_settled();
}

#[test]
fn a_configuration_that_cannot_be_used_leaves_the_workers_and_says_why() {
    let gateway = started(2);
    let (workers, good) = (processes(&gateway), fs::read_to_string(gateway.site().config()).unwrap());
    let nowhere = "[stores.more]\nplugin = \"filesystem\"\nroot = '/nowhere/at/all'\n";
    for (text, words) in [
        (good.clone() + "[images]\nsize_cap_byte = 5\n", "did you mean `size_cap_bytes`"),
        (good.clone() + SMALL + "[policy]\nfile = \"nothing.yaml\"\n", "nothing.yaml"),
        (good.clone() + SMALL + nowhere, "store `more`"),
        (good.clone() + SMALL + "[[plugins]]\npath = \"casement_nothing\"\n", "casement_nothing"),
    ] {
        let run = gateway.reload(|_| text);
        assert!(run.code == Some(78) && run.text.contains(words), "{words}: {run:?}");
        gateway.member().create_active("n", DATA);
    }
    wait_for(&gateway, 2);
    assert_eq!(processes(&gateway), workers);
    gateway.assert_settled();
}

#[test]
fn keys_that_one_process_reads_once_change_too_and_those_of_the_supervisor_are_named() {
    let gateway = started(2);
    let run = gateway.reload(|text| {
        let text = text.replace("header_timeout_seconds = 2", "header_timeout_seconds = 3");
        text.replace("workers = 2", "workers = 3")
    });
    run.assert_done("server.header_timeout_seconds: changed");
    run.assert_done("server.workers: waits for a restart");
    wait_for(&gateway, 2);
}
