//! The id of a request stands in each line about it, whatever task or thread wrote it.

use casement_tests::{Gateway, eventually};
use std::fs;

#[test]
fn what_an_upload_logs_on_its_way_bears_its_request_s_id() {
    let gateway = Gateway::builder().filesystem("local", None, "default = true").start();
    let id = gateway.member().create_raw("one");
    // Data that no image owns is removed by the upload, which goes on in a task of its own, and says so.
    fs::write(gateway.folder("local").root().join(&id), b"left behind").unwrap();
    let upload = gateway.member();
    upload.data_request(&id).header("X-OpenStack-Request-ID", "req-of-the-upload").body(b"data").expect(204);
    let line = eventually("the line", || {
        let log = gateway.log().text();
        let line = log.lines().find(|line| line.contains("removing data that no image owns")).map(str::to_owned);
        line.ok_or(log)
    });
    assert!(line.contains("req-of-the-upload"), "{line}");
}
