//! What clients, disks and operators get wrong. Every time: a clear answer, no byte lost or left over, and the
//! next request is served.
#![allow(clippy::unwrap_used)]

mod bodies;
mod config;
mod connections;
mod hung_mount;
mod identity;
mod imports;
mod log_file;
mod plugin_files;
mod start;
mod stop;
mod storage;
#[cfg(unix)]
mod unix;
mod uploads;

use casement_tests::{Gateway, Pattern};

/// Holds that nothing is in between or left over, and that data still goes in and comes out.
#[track_caller]
fn assert_serves_on(gateway: &Gateway) {
    gateway.assert_settled();
    let data = Pattern::new(99, 300_000).bytes();
    let id = gateway.member().create_active("after all", &data);
    assert!(gateway.member().download(&id).expect(200).body == data);
    gateway.member().delete(&format!("/v2/images/{id}")).expect(204);
    gateway.assert_settled();
}

/// Holds that the image can still take its data.
#[track_caller]
fn assert_uploads_now(gateway: &Gateway, id: &str) {
    assert_eq!(gateway.member().status(id), "queued");
    gateway.member().upload(id, b"0123456789").expect(204);
    assert_eq!(gateway.member().download(id).expect(200).body, b"0123456789");
    assert_serves_on(gateway);
}
