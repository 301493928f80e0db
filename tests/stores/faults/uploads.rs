use super::{ID, part, stages};
use crate::common::{BOUND, Behind, REMOTE, large};
use casement_tests::{Answer, Fault, Medium, When, as_often_as_told, eventually};
use std::time::Instant;

const SLOW_DOWN: Fault = Fault::Answer(503, "Retry-After: 1\r\n", "<Error><Code>SlowDown</Code></Error>");
const BROKEN: Fault = Fault::Answer(500, "", "<Error><Code>InternalError</Code></Error>");
const FULL: Fault = Fault::Answer(507, "", "");
const TOO_LARGE: Fault = Fault::Answer(413, "", "<Error><Code>EntityTooLarge</Code></Error>");

impl Behind {
    /// Uploads a large image, and holds that it came as it went, or that the client is told and the image waits for another
    /// upload.
    #[track_caller]
    fn upload(&self, what: &str) -> (String, Answer) {
        let (member, data) = (self.member(), large(self.medium));
        let id = member.create_raw(what);
        let start = Instant::now();
        let answer = member.data_request(&id).stream(data.len(), data.reader()).unwrap();
        assert!(start.elapsed() < BOUND, "{what}: {:?}", start.elapsed());
        match answer.status {
            204 => assert!(member.download(&id).expect(200).body == data.bytes(), "{what}"),
            status => {
                assert!(matches!(status, 413 | 500..), "{what}: {answer:?}");
                assert!(!answer.message().is_empty(), "{what}: {answer:?}");
                assert_eq!(member.status(&id), "queued", "{what}: {answer:?}");
            }
        }
        (id, answer)
    }

    /// The client comes again when nothing goes wrong any more, as often as it is told to.
    #[track_caller]
    fn assert_takes_it_now(&self, what: &str, id: &str) {
        self.proxy.lift();
        let (member, data) = (self.member(), large(self.medium));
        as_often_as_told(what, || member.data_request(id).stream(data.len(), data.reader()).unwrap()).expect(204);
        assert!(member.download(id).expect(200).body == data.bytes(), "{what}");
    }
}

#[test]
fn what_goes_wrong_once_in_an_upload_is_not_noticed() {
    for medium in REMOTE {
        let Some(behind) = Behind::proxy("stores::what_goes_wrong_once_in_an_upload", medium) else { continue };
        for (stage, when) in stages(medium) {
            for fault in [Fault::Cut, Fault::CutRequest(1000), Fault::LoseAnswer, BROKEN, SLOW_DOWN] {
                let what = format!("{medium:?}, {stage}, once {fault:?}");
                behind.proxy.rule(when.times(1), fault);
                let (_, answer) = behind.upload(&what);
                assert_eq!(answer.status, 204, "{what}: {answer:?}");
                behind.proxy.lift();
            }
        }
        behind.assert_nothing_is_left();
    }
}

#[test]
fn what_stays_wrong_fails_the_upload_and_the_next_one_succeeds() {
    for medium in REMOTE {
        let Some(behind) = Behind::proxy("stores::what_stays_wrong_fails_the_upload", medium) else { continue };
        for (stage, when) in stages(medium) {
            for fault in [Fault::Cut, Fault::LoseAnswer, BROKEN] {
                let what = format!("{medium:?}, {stage}, always {fault:?}");
                behind.proxy.rule(when, fault);
                let (id, answer) = behind.upload(&what);
                // Whose last answer was lost may have been published for all that.
                if answer.status != 204 {
                    behind.assert_takes_it_now(&what, &id);
                }
                behind.proxy.lift();
            }
        }
        behind.assert_nothing_is_left();
    }
}

#[test]
fn a_server_without_space_is_said_to_be_full() {
    for medium in REMOTE {
        let Some(behind) = Behind::proxy("stores::a_server_without_space", medium) else { continue };
        let said = match medium {
            Medium::S3 => [(FULL, "is full"), (TOO_LARGE, "larger than")],
            _ => [(FULL, "no space left"), (TOO_LARGE, "no space left")],
        };
        for (fault, words) in said {
            let what = format!("{medium:?}, {fault:?}");
            behind.proxy.rule(part(medium).after(1), fault);
            let (id, answer) = behind.upload(&what);
            assert!(answer.status == 413 && answer.message().contains(words), "{what}: {answer:?}");
            behind.assert_takes_it_now(&what, &id);
        }
        behind.assert_nothing_is_left();
    }
}

#[test]
fn a_clock_that_is_wrong_and_a_bucket_in_another_region_are_told_and_set_right() {
    const SKEWED: Fault = Fault::Answer(403, "", "<Error><Code>RequestTimeTooSkewed</Code></Error>");
    const ELSEWHERE: Fault = Fault::Answer(
        400,
        "x-amz-bucket-region: eu-west-9\r\n",
        "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-9</Region></Error>",
    );
    let Some(behind) = Behind::proxy("stores::a_clock_that_is_wrong", Medium::S3) else { return };
    for (fault, words) in [(SKEWED, "the clocks differ too much"), (ELSEWHERE, "set region_name")] {
        behind.proxy.rule(When::always(), fault);
        let (id, answer) = behind.upload(words);
        assert!(answer.status >= 500, "{words}: {answer:?}");
        eventually("the log tells what to do", || {
            let log = behind.gateway.log().text();
            if log.contains(words) { Ok(()) } else { Err(log) }
        });
        behind.assert_takes_it_now(words, &id);
    }
    behind.assert_nothing_is_left();
}

#[test]
fn a_part_that_arrived_as_another_is_never_published() {
    for medium in REMOTE {
        let Some(behind) = Behind::proxy("stores::a_part_that_arrived_as_another", medium) else { continue };
        let what = format!("{medium:?}");
        behind.proxy.rule(part(medium), Fault::ETag("\"00000000000000000000000000000000\""));
        let (id, answer) = behind.upload(&what);
        assert!(answer.status >= 500, "{what}: {answer:?}");
        assert!(!behind.gateway.store("local").holds(&id), "{what}");
        behind.assert_takes_it_now(&what, &id);
        behind.assert_nothing_is_left();
    }
}

#[test]
fn a_server_that_stands_still_fails_the_upload_in_bounded_time() {
    for medium in REMOTE {
        let Some(behind) = Behind::proxy("stores::a_server_that_stands_still", medium) else { continue };
        let what = format!("{medium:?}");
        behind.proxy.rule(part(medium).after(1), Fault::HoldRequest(1000));
        let (id, answer) = behind.upload(&what);
        assert!(answer.status >= 500, "{what}: {answer:?}");
        behind.assert_takes_it_now(&what, &id);
        behind.assert_nothing_is_left();
    }
}

#[test]
fn a_client_that_goes_away_leaves_nothing() {
    for medium in REMOTE {
        let Some(behind) = Behind::proxy("stores::a_client_that_goes_away", medium) else { continue };
        let data = large(medium).bytes();
        let id = behind.member().create_raw("left");
        let mut raw = behind.gateway.raw();
        raw.begin_upload(&id, data.len() as u64, &[]);
        raw.send(&data[..data.len() - 1]);
        behind.proxy.wait_for(part(medium), 2);
        drop(raw);
        behind.gateway.assert_settled();
        assert_eq!(behind.member().status(&id), "queued");
        behind.assert_takes_it_now(&format!("{medium:?}"), &id);
        behind.gateway.assert_settled();
    }
}

#[test]
fn a_small_image_that_a_server_may_have_taken_is_there_or_not() {
    for medium in REMOTE {
        let Some(behind) = Behind::proxy("stores::a_small_image_that_a_server_may_have_taken", medium) else {
            continue;
        };
        for fault in [Fault::Cut, Fault::CutRequest(3), Fault::LoseAnswer, BROKEN, SLOW_DOWN] {
            let id = behind.member().create_raw("small");
            behind.proxy.rule(When::method("PUT").path(ID).times(1), fault.clone());
            behind.member().upload(&id, b"0123456789").expect(204);
            assert_eq!(behind.member().download(&id).expect(200).body, b"0123456789", "{medium:?} {fault:?}");
            behind.proxy.lift();
        }
        behind.assert_nothing_is_left();
    }
}
