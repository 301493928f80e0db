//! The order to stop.

use crate::crew::{assert_gone, processes, started, uploading};
use casement_tests::{Gateway, Pattern, Raw};

/// An upload of which half has come.
pub(crate) fn half(gateway: &Gateway, data: &[u8]) -> (String, Raw) {
    let id = gateway.member().create_raw("n");
    let mut upload = gateway.raw();
    upload.begin_upload(&id, data.len() as u64, &[]);
    upload.send(&data[..data.len() / 2]);
    uploading(gateway);
    (id, upload)
}

#[test]
fn all_workers_let_their_requests_end_and_are_gone_with_the_supervisor() {
    let gateway = started(2);
    let data = Pattern::new(1, 10_000_000).bytes();
    let (id, mut upload) = half(&gateway, &data);
    let workers = processes(&gateway);
    gateway.order_to_stop();
    upload.send(&data[data.len() / 2..]);
    assert_eq!(upload.answer().unwrap().status, 204);
    let (code, site) = gateway.ended();
    assert_eq!(code, Some(0));
    assert_gone(&workers);
    let gateway = Gateway::start(site);
    assert!(gateway.member().download(&id).expect(200).body == data);
    gateway.assert_settled();
}

#[test]
fn a_second_order_ends_all_at_once_and_nothing_is_lost() {
    let gateway = started(2);
    let data = Pattern::new(3, 10_000_000).bytes();
    let (id, _upload) = half(&gateway, &data);
    let workers = processes(&gateway);
    gateway.order_to_stop();
    gateway.order_to_stop();
    let (code, site) = gateway.ended();
    assert_eq!(code, Some(130));
    let gateway = Gateway::start(site);
    assert_gone(&workers);
    gateway.member().upload(&id, &data).expect(204);
    gateway.assert_settled();
}
