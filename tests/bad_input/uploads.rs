//! Uploads that break, or that are not what they said.

use crate::{assert_serves_on, assert_uploads_now};
use casement_tests::{Gateway, Pattern, Raw, eventually_true};
use std::io::Read;

const MIB: u64 = 1 << 20;

fn send_part(raw: &mut Raw, data: &Pattern, start: u64, len: u64) {
    let mut bytes = Vec::new();
    data.part(start, len).read_to_end(&mut bytes).unwrap();
    raw.send(&bytes);
}

/// Begins an upload of `data` and sends its first `len` bytes; gives the connection when the gateway is at it.
fn begin(gateway: &Gateway, id: &str, data: &Pattern, len: u64) -> Raw {
    let mut raw = gateway.raw();
    raw.begin_upload(id, data.len(), &[]);
    send_part(&mut raw, data, 0, len);
    eventually_true("the upload has begun", || gateway.member().status(id) == "saving");
    raw
}

#[test]
fn a_connection_that_breaks_in_mid_upload_leaves_the_image_queued() {
    let gateway = Gateway::builder().start();
    let data = Pattern::new(1, 8 * MIB);
    for len in [0, 1, MIB, 5 * MIB + 1] {
        let id = gateway.member().create_raw("n");
        drop(begin(&gateway, &id, &data, len));
        eventually_true("the image is queued again", || gateway.member().status(&id) == "queued");
        assert_uploads_now(&gateway, &id);
    }
}

#[test]
fn a_body_that_ends_before_its_length_is_not_taken_for_the_whole() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create_raw("n");
    let mut raw = begin(&gateway, &id, &Pattern::new(1, 8 * MIB), 3 * MIB);
    raw.finish();
    if let Some(answer) = raw.answer() {
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    eventually_true("the image is queued again", || gateway.member().status(&id) == "queued");
    assert_uploads_now(&gateway, &id);
}

#[test]
fn what_follows_the_length_is_no_part_of_the_body() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create_raw("n");
    let mut raw = gateway.raw();
    raw.begin_upload(&id, 10, &[]);
    raw.send(b"0123456789 and more than was said\r\n\r\n");
    raw.answer().unwrap().expect(204);
    if let Some(answer) = raw.answer() {
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    assert_eq!(gateway.member().download(&id).expect(200).body, b"0123456789");
    assert_serves_on(&gateway);
}

#[test]
fn a_chunked_body_that_is_cut_or_malformed_is_not_taken() {
    let gateway = Gateway::builder().start();
    for (what, body) in [
        ("cut in a chunk", "a\r\n01234"),
        ("no last chunk", "a\r\n0123456789\r\n"),
        ("no chunk size", "zz\r\n0123456789\r\n0\r\n\r\n"),
    ] {
        let id = gateway.member().create_raw(what);
        let mut raw = gateway.raw();
        let headers = ["Content-Type: application/octet-stream", "Transfer-Encoding: chunked"];
        let head = raw.head("PUT", &format!("/v2/images/{id}/file"), &headers);
        raw.send(&head);
        raw.send(body.as_bytes());
        raw.finish();
        if let Some(answer) = raw.answer() {
            assert_eq!(answer.status, 400, "{what}: {answer:?}");
        }
        eventually_true(what, || gateway.member().status(&id) == "queued");
        assert_uploads_now(&gateway, &id);
    }
}

#[test]
fn the_announced_image_size_must_be_the_size() {
    let gateway = Gateway::builder().start();
    let data = Pattern::new(1, 3 * MIB);
    for (announced, message) in [
        ("5", "Size exceeds: expected 5 bytes, got …"),
        ("3145729", "Size mismatch: expected 3145729 bytes, got 3145728 bytes"),
        ("99999999999999999999999", "Invalid or missing image size in request headers."),
        ("-1", "Invalid or missing image size in request headers."),
    ] {
        let id = gateway.member().create_raw("n");
        let mut raw = gateway.raw();
        raw.begin_upload(&id, data.len(), &[&format!("x-openstack-image-size: {announced}")]);
        // The gateway may have seen enough before all is sent.
        raw.try_send(&data.bytes()).ok();
        raw.answer().unwrap().refused(announced, 400, message);
        assert_uploads_now(&gateway, &id);
    }
}

#[test]
fn a_client_that_falls_silent_in_mid_upload_is_let_go() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create_raw("n");
    let mut raw = begin(&gateway, &id, &Pattern::new(1, 8 * MIB), 3 * MIB);
    assert_eq!(raw.answer().map(|answer| answer.status), Some(408));
    assert!(raw.is_closed());
    eventually_true("the image is queued again", || gateway.member().status(&id) == "queued");
    assert_uploads_now(&gateway, &id);
}

#[test]
fn an_image_takes_one_upload_at_a_time() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let data = Pattern::new(1, 4 * MIB);
    let id = member.create_raw("n");
    let mut first = begin(&gateway, &id, &data, MIB);
    let message = "Image status transition from saving to saving is not allowed";
    member.upload(&id, b"second").refused("second", 409, message);
    send_part(&mut first, &data, MIB, 3 * MIB);
    first.answer().unwrap().expect(204);
    assert!(member.download(&id).expect(200).body == data.bytes());
    assert_serves_on(&gateway);
}

#[test]
fn a_large_upload_to_an_active_image_is_refused_and_its_data_stays() {
    let gateway = Gateway::builder().start();
    let data = Pattern::new(1, 16 * MIB);
    let id = gateway.member().create_active("n", b"0123456789");
    let mut raw = gateway.raw();
    raw.begin_upload(&id, data.len(), &[]);
    raw.try_send(&data.bytes()).ok();
    raw.answer().unwrap().expect(409);
    assert_eq!(gateway.member().download(&id).expect(200).body, b"0123456789");
    assert_serves_on(&gateway);
}

#[test]
fn uploads_without_a_target_are_refused() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create_raw("n");
    let request = member.data_request(&id).header("X-Image-Meta-Store", "../local");
    request.body(b"x").refused("unknown store", 400, "Store for identifier ../local not found");
    assert_uploads_now(&gateway, &id);
    member.delete(&format!("/v2/images/{id}")).expect(204);
    member.upload(&id, b"x").refused("deleted", 404, &format!("No image found with ID {id}"));
    assert_serves_on(&gateway);
}

#[test]
fn an_image_that_is_deleted_in_mid_upload_leaves_nothing() {
    let gateway = Gateway::builder().start();
    let data = Pattern::new(1, 8 * MIB);
    for sent in [0, MIB, 8 * MIB - 1] {
        let id = gateway.member().create_raw("n");
        let mut raw = begin(&gateway, &id, &data, sent);
        gateway.member().delete(&format!("/v2/images/{id}")).expect(204);
        let mut rest = Vec::new();
        data.part(sent, data.len() - sent).read_to_end(&mut rest).unwrap();
        raw.try_send(&rest).ok();
        let answer = raw.answer().unwrap();
        answer.refused("deleted", 410, &format!("Image {id} could not be found after upload. …"));
        assert_serves_on(&gateway);
    }
}
