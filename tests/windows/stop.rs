//! The console's order to stop.

use casement_tests::{Gateway, Pattern, Runner, eventually_true};
use std::time::Duration;

#[test]
fn the_key_that_stops_a_program_lets_an_upload_come_to_its_end() {
    let Some(builder) = crate::builder("windows::stop") else { return };
    let gateway = builder.start();
    let data = Pattern::new(1, 4 << 20).bytes();
    let id = gateway.member().create_raw("n");
    let mut raw = gateway.raw();
    raw.begin_upload(&id, data.len() as u64, &[]);
    raw.send(&data[..1 << 20]);
    eventually_true("the upload has begun", || gateway.member().status(&id) == "saving");
    gateway.order_to_stop();
    // What can be sent to a process of one's own choice differs.
    let order = if Runner::chosen() == Runner::Wine { "Ctrl-C" } else { "Ctrl-Break" };
    assert!(gateway.log().wait_for(order, Duration::from_secs(5)).is_some(), "{}", gateway.log().text());

    raw.send(&data[1 << 20..]);
    raw.answer().unwrap().expect(204);
    let (code, site) = gateway.ended();
    assert_eq!(code, Some(0));
    let gateway = Gateway::start(site);
    assert!(gateway.member().download(&id).expect(200).body == data);
    gateway.assert_settled();
}
