//! Servers that are killed and frozen, and gateways that are killed, in the middle of something.

use crate::{
    common::{BOUND, Behind, MIB, large},
    faults::part,
};
use casement_tests::{Gateway, Medium, Outage, Peers, Raw, When, eventually};
use std::{io::Read, thread, time::Instant};
use ureq::SendBody;

/// What of a server a test takes away.
const SERVERS: [(Medium, &str); 3] = [(Medium::S3, "s3"), (Medium::Swift, "swift"), (Medium::Swift, "swift-object")];

type Take = fn(&str) -> Outage;
const WAYS: [(&str, Take); 2] = [("killed", Peers::kill), ("frozen", Peers::freeze)];

/// An upload of which the server has a part, and the rest of its data.
fn begin(behind: &Behind, id: &str) -> (Raw, Vec<u8>) {
    let data = large(behind.medium).bytes();
    let half = data.len() / 2;
    let mut raw = behind.gateway.raw();
    raw.begin_upload(id, data.len() as u64, &[]);
    let before = behind.proxy.count(part(behind.medium));
    raw.send(&data[..half]);
    behind.proxy.wait_for(part(behind.medium), before + 1);
    (raw, data[half..].to_vec())
}

/// A server is back before all of its parts are on good terms again.
#[track_caller]
fn upload_again(gateway: &Gateway, medium: Medium, id: &str) {
    let (member, data) = (gateway.member(), large(medium));
    eventually("the store takes data again", || match member.data_request(id).stream(data.len(), data.reader()) {
        Ok(answer) if answer.status == 204 => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert!(member.download(id).expect(200).body == data.bytes());
}

#[test]
fn an_upload_to_a_server_that_is_killed_or_frozen_is_told_so_and_the_next_one_succeeds() {
    for (medium, server) in SERVERS {
        for (how, take) in WAYS {
            let Some(behind) = Behind::alone("stores::an_upload_to_a_server_that_is", medium) else { continue };
            let id = behind.member().create_raw("n");
            let (mut raw, rest) = begin(&behind, &id);
            let outage = take(server);
            let start = Instant::now();
            raw.try_send(&rest).ok();
            let answer = raw.patient(BOUND).answer().unwrap();
            assert!(answer.status >= 500 && !answer.message().is_empty(), "{server} {how}: {answer:?}");
            assert!(start.elapsed() < BOUND, "{server} {how}: {:?}", start.elapsed());
            assert_eq!(behind.member().status(&id), "queued", "{server} {how}");
            outage.end();
            upload_again(&behind.gateway, medium, &id);
            behind.assert_nothing_is_left();
        }
    }
}

#[test]
fn a_download_from_a_server_that_is_killed_or_frozen_goes_on_or_is_cut() {
    for (medium, server) in SERVERS {
        for (how, take) in WAYS {
            let Some(behind) = Behind::alone("stores::a_download_from_a_server_that_is", medium) else { continue };
            let data = large(medium).bytes();
            let id = behind.member().create_active("n", &data);
            // More than what lies in between holds, so that it goes on only when the server is back.
            let path = format!("/v2/images/{id}/file");
            let response = behind.member().request("GET", &path).open(SendBody::none()).unwrap();
            assert_eq!(response.status(), 200);
            let mut body = response.into_body().into_reader();
            let mut got = vec![0; usize::try_from(MIB).unwrap()];
            body.read_exact(&mut got).unwrap();
            let outage = take(server);
            let start = Instant::now();
            let whole = thread::scope(|scope| {
                let reading = scope.spawn(|| body.read_to_end(&mut got).is_ok());
                outage.end();
                reading.join().unwrap()
            });
            assert!(start.elapsed() < BOUND, "{server} {how}: {:?}", start.elapsed());
            assert!(if whole { got == data } else { data.starts_with(&got) }, "{server} {how}");
            eventually("it can be downloaded again", || match behind.member().download(&id) {
                answer if answer.status == 200 && answer.body == data => Ok(()),
                answer => Err(format!("{}", answer.status)),
            });
        }
    }
}

#[test]
fn a_gateway_that_is_killed_in_mid_upload_leaves_nothing_on_the_server() {
    for medium in [Medium::S3, Medium::Swift] {
        let Some(behind) = Behind::proxy("stores::a_gateway_that_is_killed", medium) else { continue };
        let id = behind.member().create_raw("n");
        let raw = begin(&behind, &id);
        // The server has the whole part when the one after it comes, or it will be there when it is asked.
        let gateway = behind.gateway.crash_and_restart();
        drop(raw);
        gateway.assert_settled();
        assert_eq!(gateway.member().status(&id), "queued");
        assert!(behind.proxy.count(When::method("DELETE")) > 0, "there was something to remove");
        upload_again(&gateway, medium, &id);
        gateway.assert_settled();
    }
}
