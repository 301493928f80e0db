use super::ID;
use crate::common::{BOUND, Behind, MIB, REMOTE, large};
use casement_tests::{Client, Fault, When};
use std::{io::Read, time::Instant};
use ureq::SendBody;

/// What comes of an image's data; an error is an end before the end.
fn read(member: &Client, id: &str) -> std::io::Result<Vec<u8>> {
    let response = member.request("GET", &format!("/v2/images/{id}/file")).open(SendBody::none()).unwrap();
    assert_eq!(response.status(), 200);
    let mut data = Vec::new();
    response.into_body().into_reader().read_to_end(&mut data).map(|_| data)
}

#[test]
fn a_download_that_breaks_off_goes_on_where_it_was() {
    for medium in REMOTE {
        let Some(behind) = Behind::proxy("stores::a_download_that_breaks_off", medium) else { continue };
        let data = large(medium).bytes();
        let id = behind.member().create_active("n", &data);
        for fault in [
            Fault::Cut,
            Fault::LoseAnswer,
            Fault::CutAnswer(0),
            Fault::CutAnswer(MIB + 1),
            Fault::HoldAnswer(MIB + 1),
            Fault::Answer(503, "Retry-After: 1\r\n", ""),
        ] {
            behind.proxy.rule(When::method("GET").path(ID).times(1), fault.clone());
            assert!(read(&behind.member(), &id).unwrap() == data, "{medium:?}, {fault:?}");
            behind.proxy.lift();
        }
        behind.assert_nothing_is_left();
    }
}

#[test]
fn a_download_that_cannot_go_on_is_cut_and_never_ends_as_if_it_were_whole() {
    for medium in REMOTE {
        let Some(behind) = Behind::proxy("stores::a_download_that_cannot_go_on", medium) else { continue };
        let data = large(medium).bytes();
        let id = behind.member().create_active("n", &data);
        for fault in [Fault::CutAnswer(0), Fault::HoldAnswer(0), Fault::Answer(500, "", ""), Fault::Answer(412, "", "")]
        {
            // The first answer breaks off; what comes then is always the same.
            behind.proxy.rule(When::method("GET").path(ID).times(1), Fault::CutAnswer(MIB + 1));
            behind.proxy.rule(When::method("GET").path(ID), fault.clone());
            let start = Instant::now();
            let got = read(&behind.member(), &id);
            assert!(start.elapsed() < BOUND, "{medium:?}, {fault:?}: {:?}", start.elapsed());
            assert!(got.is_err(), "{medium:?}, {fault:?}: {} bytes", got.unwrap().len());
            behind.proxy.lift();
            assert!(read(&behind.member(), &id).unwrap() == data, "{medium:?}, {fault:?}");
        }
        behind.assert_nothing_is_left();
    }
}

#[test]
fn data_that_is_replaced_in_mid_download_is_not_mixed_with_the_old() {
    for medium in REMOTE {
        let Some(behind) = Behind::proxy("stores::data_that_is_replaced", medium) else { continue };
        let data = large(medium).bytes();
        let id = behind.member().create_active("n", &data);
        behind.proxy.rule(When::method("GET").path(ID).times(1), Fault::HoldAnswer(MIB + 1));
        let before = behind.proxy.count(When::method("GET").path(ID));
        let other = vec![b'x'; data.len()];
        std::thread::scope(|scope| {
            let reading = scope.spawn(|| read(&behind.member(), &id));
            behind.proxy.wait_for(When::method("GET").path(ID), before + 1);
            behind.gateway.store("local").put(&id, &other);
            let got = reading.join().unwrap();
            assert!(got.is_err() || got.is_ok_and(|got| got == data), "{medium:?}");
        });
    }
}
