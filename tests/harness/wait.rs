use crate::Answer;
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

/// Far above what recovery takes, which looks for what is to be settled every 20 s.
const DEADLINE: Duration = Duration::from_secs(60);
pub(crate) const PAUSE: Duration = Duration::from_millis(20);

/// Asks for a condition that no event tells of, until it answers. Panics with the last complaint when it
/// does not come true in time.
#[track_caller]
pub fn eventually<T>(what: &str, mut condition: impl FnMut() -> Result<T, String>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        match condition() {
            Ok(value) => return value,
            Err(complaint) if Instant::now() >= end => {
                panic!("not within {DEADLINE:?}: {what}: {complaint}")
            }
            Err(_) => sleep(PAUSE),
        }
    }
}

/// [`eventually`] for conditions that have nothing more to say than yes or no.
#[track_caller]
pub fn eventually_true(what: &str, mut condition: impl FnMut() -> bool) {
    eventually(what, || if condition() { Ok(()) } else { Err("still not".into()) });
}

/// The answer to a request that is made again as often as the gateway says to come again.
#[track_caller]
pub fn as_often_as_told(what: &str, mut request: impl FnMut() -> Answer) -> Answer {
    eventually(what, || match request() {
        answer if answer.status == 503 && answer.header("Retry-After").is_some() => Err(format!("{answer:?}")),
        answer => Ok(answer),
    })
}
