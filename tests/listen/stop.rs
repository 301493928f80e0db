//! A gateway that is asked to stop while clients are at work over TLS.

use crate::{Authority, Curl, curl::outcome, with_tls};
use casement_tests::{Gateway, Pattern, eventually_true};
use std::{fs, net::TcpStream};

const MIB: u64 = 1 << 20;

#[test]
fn an_upload_over_tls_comes_to_its_end_and_is_answered() {
    if !Curl::is_there("an_upload_over_tls_comes_to_its_end_and_is_answered") {
        return;
    }
    for (flag, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let gateway = with_tls(&Authority::new(), "").start();
        let [plain, tls] = gateway.urls::<2>();
        let data = Pattern::new(1, 8 * MIB).bytes();
        let file = gateway.site().folder().join("data");
        fs::write(&file, &data).unwrap();
        let id = gateway.member().create_raw("n");
        let curl = Curl::new(&format!("{tls}/v2/images/{id}/file")).trusting(&gateway).upload(&file);
        let uploading = curl.args([flag, "--limit-rate", "4M"]).spawn();
        eventually_true("the upload has begun", || gateway.member().status(&id) == "saving");
        gateway.order_to_stop();
        for url in [plain, tls] {
            let address = url.split_once("://").unwrap().1.to_owned();
            eventually_true("the door is closed", || TcpStream::connect(&address).is_err());
        }
        outcome(uploading.wait_with_output().unwrap()).expect(204, version);
        let (code, site) = gateway.ended();
        assert_eq!(code, Some(0));
        let gateway = Gateway::start(site);
        assert!(gateway.member().download(&id).expect(200).body == data);
        gateway.assert_settled();
    }
}

#[test]
fn transfers_over_tls_that_stall_are_cut_at_the_deadline() {
    if !Curl::is_there("transfers_over_tls_that_stall_are_cut_at_the_deadline") {
        return;
    }
    for flag in ["--http1.1", "--http2"] {
        let gateway = with_tls(&Authority::new(), "").server("drain_timeout_seconds = 1").start();
        let [_, tls] = gateway.urls::<2>();
        let file = gateway.site().folder().join("data");
        fs::write(&file, Pattern::new(1, 64 * MIB).bytes()).unwrap();
        let url = |id: &str| format!("{tls}/v2/images/{id}/file");
        let large = gateway.member().create_raw("large");
        Curl::new(&url(&large)).trusting(&gateway).upload(&file).args([flag]).run().expect(204, &flag[6..]);
        let id = gateway.member().create_raw("n");
        // So slow that they do not end by themselves.
        let slowly = |id: &str| Curl::new(&url(id)).trusting(&gateway).args([flag, "--limit-rate", "2K"]);
        let (uploading, downloading) = (slowly(&id).upload(&file).spawn(), slowly(&large).spawn());
        eventually_true("the upload has begun", || gateway.member().status(&id) == "saving");

        let (code, site) = gateway.terminate();
        assert_eq!(code, Some(0));
        for client in [uploading, downloading] {
            assert_ne!(outcome(client.wait_with_output().unwrap()).exit, Some(0));
        }
        let gateway = Gateway::start(site);
        let findings = gateway.unsettled();
        assert!(findings.is_empty(), "{findings:?}");
        assert_eq!(gateway.member().status(&id), "queued");
    }
}
