//! How soon a worker is started anew.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(30);
/// One that has served so long did not die of how it was started.
const LONG_LIFE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct BackOff {
    deaths: u32,
}

impl BackOff {
    /// The pause after the death of one that has served so long.
    pub(super) fn pause(&mut self, served: Duration) -> Duration {
        if served >= LONG_LIFE {
            self.deaths = 0;
        }
        let pause = FIRST.saturating_mul(2_u32.saturating_pow(self.deaths)).min(LONGEST);
        self.deaths = self.deaths.saturating_add(1);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_after_a_long_life() {
        let mut back_off = BackOff::default();
        let pauses: Vec<_> = (0..12).map(|_| back_off.pause(Duration::ZERO).as_millis()).collect();
        assert_eq!(pauses[..4], [100, 200, 400, 800]);
        assert_eq!(pauses[9..], [30_000; 3]);
        assert_eq!(back_off.pause(LONG_LIFE), FIRST);
        assert_eq!(back_off.pause(Duration::ZERO), FIRST * 2);
    }
}
