//! Waiting for a share that is lost, or for a volume that the cluster has paused.

use crate::{Class, Error, Result};
use std::{
    thread,
    time::{Duration, Instant},
};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Calls until the answer is another than that the share is lost, as long as `limit` allows. The call is told whether
/// one before it was lost: then what it is about to do may have been done.
pub(crate) fn ride_out<T>(limit: Duration, mut call: impl FnMut(bool) -> Result<T>) -> Result<T> {
    let first = match call(false) {
        Err(error) if error.class().is_transient() => error,
        result => return result,
    };
    tracing::warn!(error = %first, limit_seconds = limit.as_secs(), "waiting for the store's file system");
    let started = Instant::now();
    let (mut last, mut pause) = (first, FIRST_PAUSE);
    while let Some(left) = limit.checked_sub(started.elapsed()).filter(|left| !left.is_zero()) {
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(LONGEST_PAUSE);
        match call(true) {
            // An empty mount point is what a share leaves behind until it is mounted again.
            Err(error) if error.class().is_transient() || error.class() == Class::Absent => last = error,
            result => {
                if result.is_ok() {
                    tracing::info!(after_ms = started.elapsed().as_millis(), "the store's file system is back");
                }
                return result;
            }
        }
    }
    Err(gave_up(last, limit))
}

fn gave_up(error: Error, limit: Duration) -> Error {
    if limit.is_zero() {
        return error;
    }
    let where_to_look = match error.class() {
        Class::Paused => "the cluster, and the state of the volume in it",
        _ => "the file server and the network",
    };
    let waited = format!("this has not changed in {} s: look at {where_to_look}", limit.as_secs());
    error.advice(&waited).waited_for()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn answers(classes: &[Class]) -> (Result<()>, Vec<bool>) {
        let (mut left, mut seen) = (classes.iter(), Vec::new());
        let result = ride_out(LONG, |lost| {
            seen.push(lost);
            left.next().map_or(Ok(()), |class| Err(Error::new(*class, "no")))
        });
        (result, seen)
    }

    #[test]
    fn a_loss_is_waited_out_and_the_next_call_knows_of_it() {
        assert_eq!(answers(&[]), (Ok(()), vec![false]));
        assert_eq!(answers(&[Class::Lost, Class::Paused]), (Ok(()), vec![false, true, true]));
        assert_eq!(answers(&[Class::Lost, Class::Absent]), (Ok(()), vec![false, true, true]));
    }

    #[test]
    fn any_other_failure_is_an_answer() {
        for class in [Class::NotFound, Class::Denied, Class::Full, Class::Absent] {
            assert_eq!(answers(&[class]).0.unwrap_err().class(), class);
            assert_eq!(answers(&[Class::Lost, Class::Full]).0.unwrap_err().class(), Class::Full);
        }
    }

    #[test]
    fn the_wait_has_an_end_that_names_what_was_waited_for() {
        let error = ride_out(Duration::from_millis(60), |_| -> Result<()> { Err(Error::new(Class::Lost, "gone")) });
        let error = error.unwrap_err();
        assert_eq!(error.class(), Class::Lost);
        assert!(error.message().starts_with("gone: "), "{error}");
        // Else the gateway would have the client wait as long once more, and again.
        assert!(!casement_sdk::Error::from(error).is_retryable());
    }
}
