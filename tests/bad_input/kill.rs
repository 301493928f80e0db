//! A gateway that is killed in mid-upload, at moments that matter.

use crate::{assert_serves_on, assert_uploads_now};
use casement_tests::{Gateway, Pattern, eventually_true};

const MIB: usize = 1 << 20;

#[test]
fn a_killed_gateway_comes_back_with_the_image_queued_and_nothing_left_over() {
    let mut gateway = Gateway::builder().start();
    let kept = gateway.member().create_active("kept", b"0123456789");
    let data = Pattern::new(1, 16 * MIB as u64).bytes();
    for sent in [0, 1, MIB, 9 * MIB + 17, data.len() - 1] {
        let id = gateway.member().create_raw("n");
        let mut raw = gateway.raw();
        raw.begin_upload(&id, data.len() as u64, &[]);
        raw.send(&data[..sent]);
        eventually_true("the upload has begun", || gateway.member().status(&id) == "saving");
        gateway = gateway.crash_and_restart();
        let findings = gateway.unsettled();
        assert!(findings.is_empty(), "recovery comes before the first request: {findings:?}");
        assert_uploads_now(&gateway, &id);
        assert_eq!(gateway.member().download(&kept).expect(200).body, b"0123456789");
    }
}

#[test]
fn a_gateway_killed_around_the_commit_has_the_image_whole_or_not_at_all() {
    let mut gateway = Gateway::builder().start();
    let data = Pattern::new(1, 2 * MIB as u64).bytes();
    for _ in 0..10 {
        let id = gateway.member().create_raw("n");
        let mut raw = gateway.raw();
        raw.begin_upload(&id, data.len() as u64, &[]);
        raw.send(&data);
        gateway = gateway.crash_and_restart();
        let findings = gateway.unsettled();
        assert!(findings.is_empty(), "{findings:?}");
        match gateway.member().status(&id).as_str() {
            "active" => assert!(gateway.member().download(&id).expect(200).body == data),
            "queued" => assert_uploads_now(&gateway, &id),
            other => panic!("{other}"),
        }
    }
    assert_serves_on(&gateway);
}
