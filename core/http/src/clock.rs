//! What the clocks of a connection have in common.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::time::{Instant, Sleep, sleep_until};

pub(crate) type Clock = Pin<Box<Sleep>>;

pub(crate) fn has_passed(clock: &mut Option<Clock>, context: &mut Context<'_>) -> bool {
    clock.as_mut().is_some_and(|clock| clock.as_mut().poll(context).is_ready())
}

pub(crate) fn timed_out<T>(what: &str) -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, what)))
}

/// A clock for deadlines of which each is mostly later than the one before. All threads share the runtime's timers, so one
/// is set when it has to be earlier, or has run out too early, and not for each request.
#[derive(Debug, Default)]
pub(crate) struct LazyClock(Option<Clock>);

impl LazyClock {
    /// Whether it is `deadline`; else whoever polls is woken then, or before.
    pub(crate) fn has_passed(&mut self, deadline: Instant, context: &mut Context<'_>) -> bool {
        let clock = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if deadline < clock.deadline() {
            clock.as_mut().reset(deadline);
        }
        while clock.as_mut().poll(context).is_ready() {
            if clock.deadline() >= deadline {
                return true;
            }
            clock.as_mut().reset(deadline);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{future::poll_fn, time::Duration};

    const FIRST: Duration = Duration::from_secs(75);

    /// A clock that was looked at once, for a deadline of its own, and when that was.
    async fn begun() -> (LazyClock, Instant) {
        let (mut clock, now) = (LazyClock::default(), Instant::now());
        assert!(!poll_fn(|context| Poll::Ready(clock.has_passed(now + FIRST, context))).await);
        (clock, now)
    }

    async fn passed(mut clock: LazyClock, deadline: Instant) -> Instant {
        poll_fn(|context| if clock.has_passed(deadline, context) { Poll::Ready(()) } else { Poll::Pending }).await;
        Instant::now()
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_passes_at_its_own_time_whether_it_became_later_or_earlier() {
        for wait in [FIRST, FIRST * 3, FIRST / 3] {
            let (clock, began) = begun().await;
            assert_eq!(passed(clock, began + wait).await, began + wait);
        }
    }
}
