//! What came of the requests.

use serde::Serialize;
use std::{fs, time::Duration};

#[derive(Default)]
pub(super) struct Tally {
    bytes: u64,
    times: Vec<Duration>,
    failures: usize,
    first_failure: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    seconds: f64,
    answers: usize,
    /// Of the bodies of answers.
    bytes: u64,
    failures: usize,
    first_failure: Option<String>,
    p50: f64,
    p99: f64,
    /// Seconds of the processor that the load itself took.
    own_cpu: f64,
}

impl Tally {
    pub(super) fn answered(&mut self, time: Duration, bytes: u64) {
        self.times.push(time);
        self.bytes += bytes;
    }

    pub(super) fn failed(&mut self, text: String) {
        self.failures += 1;
        self.first_failure.get_or_insert(text);
    }

    pub(super) fn outcome(mut self, seconds: f64) -> Outcome {
        self.times.sort_unstable();
        Outcome {
            seconds,
            answers: self.times.len(),
            bytes: self.bytes,
            failures: self.failures,
            first_failure: self.first_failure,
            p50: percentile(&self.times, 50),
            p99: percentile(&self.times, 99),
            own_cpu: own_cpu(),
        }
    }
}

/// Of sorted times, in seconds: that which so many of a hundred do not exceed.
fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).map_or(0.0, Duration::as_secs_f64)
}

/// The load has one thread; Linux counts its nanoseconds (proc(5)).
fn own_cpu() -> f64 {
    let told = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|word| word.parse().ok());
    nanoseconds.map(Duration::from_nanos).unwrap_or_default().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_time_that_was_measured() {
        let times: Vec<_> = (1..=200).map(Duration::from_secs).collect();
        assert_eq!((percentile(&times, 50), percentile(&times, 99)), (100.0, 198.0));
        assert_eq!(percentile(&times[..1], 99), 1.0);
        assert_eq!(percentile(&[], 99), 0.0);
    }

    #[test]
    fn failures_are_counted_and_the_first_is_told() {
        let mut tally = Tally::default();
        tally.answered(Duration::from_secs(2), 7);
        tally.failed("first".into());
        tally.failed("second".into());
        let outcome = tally.outcome(3.0);
        assert_eq!((outcome.answers, outcome.bytes, outcome.failures), (1, 7, 2));
        assert_eq!(outcome.first_failure.as_deref(), Some("first"));
    }
}
