//! A gateway that is asked to stop while it is at work.

use crate::{assert_serves_on, assert_uploads_now};
use casement_tests::{Gateway, Pattern, eventually_true};
use std::{
    net::TcpStream,
    time::{Duration, Instant},
};

const MIB: usize = 1 << 20;

#[test]
fn a_gateway_that_is_asked_to_stop_ends_well() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create_active("kept", b"0123456789");
    let (code, site) = gateway.terminate();
    assert_eq!(code, Some(0));
    let gateway = Gateway::start(site);
    assert_eq!(gateway.member().download(&id).expect(200).body, b"0123456789");
    assert_serves_on(&gateway);
}

#[test]
fn an_upload_under_way_comes_to_its_end_and_is_answered() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create_raw("n");
    let data = Pattern::new(1, 8 * MIB as u64).bytes();
    let mut raw = gateway.raw();
    raw.begin_upload(&id, data.len() as u64, &[]);
    raw.send(&data[..3 * MIB]);
    eventually_true("the upload has begun", || gateway.member().status(&id) == "saving");
    gateway.order_to_stop();
    eventually_true("the door is closed", || TcpStream::connect(gateway.address()).is_err());

    raw.send(&data[3 * MIB..]);
    let answer = raw.answer().unwrap().expect(204);
    assert_eq!(answer.header("Connection"), Some("close"), "{answer:?}");
    assert!(raw.is_closed());
    let (code, site) = gateway.ended();
    assert_eq!(code, Some(0));
    let gateway = Gateway::start(site);
    assert!(gateway.member().download(&id).expect(200).body == data);
    assert_serves_on(&gateway);
}

#[test]
fn an_upload_that_stalls_is_cut_at_the_deadline_and_its_image_is_queued() {
    let gateway = Gateway::builder().server("drain_timeout_seconds = 1").start();
    let id = gateway.member().create_raw("n");
    let mut raw = gateway.raw();
    raw.begin_upload(&id, 8 * MIB as u64, &[]);
    raw.send(&Pattern::new(1, 3 * MIB as u64).bytes());
    eventually_true("the upload has begun", || gateway.member().status(&id) == "saving");
    let (code, site) = gateway.terminate();
    assert_eq!(code, Some(0));
    assert!(raw.is_closed());

    let gateway = Gateway::start(site);
    let findings = gateway.unsettled();
    assert!(findings.is_empty(), "{findings:?}");
    assert_uploads_now(&gateway, &id);
}

#[test]
fn a_download_that_stalls_is_cut_at_the_deadline() {
    let gateway = Gateway::builder().server("drain_timeout_seconds = 1").start();
    let data = Pattern::new(1, 64 * MIB as u64);
    let id = gateway.member().create_raw("large");
    gateway.member().data_request(&id).stream(data.len(), data.reader()).unwrap().expect(204);
    let mut raw = gateway.raw();
    let head = raw.head("GET", &format!("/v2/images/{id}/file"), &[]);
    raw.send(&head);
    assert!(raw.read_byte().is_some());
    let (code, site) = gateway.terminate();
    assert_eq!(code, Some(0));
    assert_serves_on(&Gateway::start(site));
}

#[test]
fn connections_at_rest_do_not_delay_the_end() {
    let gateway = Gateway::builder().server("drain_timeout_seconds = 600").start();
    let mut used = gateway.raw();
    let head = used.head("GET", "/v2/images", &[]);
    used.send(&head);
    used.answer().unwrap().expect(200);
    let mut fresh = gateway.raw();
    let ordered = Instant::now();
    assert_eq!(gateway.terminate().0, Some(0));
    // Nothing came that would have to be dropped for 10 s before the connection may close.
    assert!(ordered.elapsed() < Duration::from_secs(8), "{:?}", ordered.elapsed());
    assert!(used.is_closed() && fresh.is_closed());
}
