//! What is held for every store that misbehaves.

use casement_tests::{Answer, Client, Gateway};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Far above the limits of the bad store, far below those of an operator's patience.
const BOUND: Duration = Duration::from_secs(20);
pub(crate) const DATA: &[u8] = b"0123456789";

/// Runs a request that has to do with the bad store; it must end in time, and the good store serves meanwhile.
#[track_caller]
pub(crate) fn in_bounded_time(gateway: &Gateway, what: &str, request: impl FnOnce(&Client) -> Answer + Send) -> Answer {
    let client = gateway.member().with_deadline(BOUND);
    let started = Instant::now();
    let answer = thread::scope(|scope| {
        let running = scope.spawn(|| request(&client));
        assert_good_store_serves(gateway, what);
        running.join().unwrap_or_else(|_| panic!("{what}: no answer in {:?}", started.elapsed()))
    });
    assert!(started.elapsed() < BOUND, "{what} took {:?}", started.elapsed());
    answer
}

#[track_caller]
pub(crate) fn assert_good_store_serves(gateway: &Gateway, what: &str) {
    let member = gateway.member().with_deadline(BOUND);
    let id = member.create_raw("good");
    member.data_request(&id).header("X-Image-Meta-Store", "good").body(DATA).expect(204);
    assert_eq!(member.download(&id).expect(200).body, DATA, "{what}");
    member.delete(&format!("/v2/images/{id}")).expect(204);
}

#[track_caller]
pub(crate) fn upload_to_bad(client: &Client, id: &str) -> Answer {
    client.data_request(id).header("X-Image-Meta-Store", "bad").body(DATA)
}

/// A refusal that is the server's fault and says so in words.
#[track_caller]
pub(crate) fn assert_clear(answer: &Answer, what: &str) {
    assert!(matches!(answer.status, 410 | 500 | 503), "{what}: {answer:?}");
    assert!(!answer.message().is_empty(), "{what}: {answer:?}");
}

/// The image that the bad store did not take can go to the good one.
#[track_caller]
pub(crate) fn assert_usable(gateway: &Gateway, id: &str, what: &str) {
    let member = gateway.member().with_deadline(BOUND);
    assert_eq!(member.status(id), "queued", "{what}");
    member.data_request(id).header("X-Image-Meta-Store", "good").body(DATA).expect(204);
    assert_eq!(member.download(id).expect(200).body, DATA, "{what}");
    gateway.assert_settled();
}
