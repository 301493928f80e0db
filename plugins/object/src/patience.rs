//! How long something that failed is tried again.

use casement_sdk::{Error, Result};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The pause before the second try; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How often and how long something is tried that the gateway cannot try again, because it happens in the middle of a
/// transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Tries in all, at least one.
    pub tries: u32,
    /// No further try begins after this time.
    pub total: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { tries: 5, total: Duration::from_secs(20) }
    }
}

impl Patience {
    pub(crate) fn begin(self) -> Tries {
        Tries { patience: self, started: Instant::now(), made: 1 }
    }

    /// Calls until the answer is good, or is an error that another try does not help, or patience is at its end.
    ///
    /// # Errors
    /// The last answer's, no more retryable: the gateway need not have the client wait once more for the same.
    pub async fn attempt<T, F>(self, what: &str, mut call: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let mut tries = self.begin();
        loop {
            match call().await {
                Ok(answer) => return Ok(answer),
                Err(error) => tries.pause(what, error).await?,
            }
        }
    }
}

/// The tries of one thing.
#[derive(Debug)]
pub(crate) struct Tries {
    patience: Patience,
    started: Instant,
    made: u32,
}

impl Tries {
    /// Waits before the next try, as long as the store asked for, or answers the error where there is none.
    pub(crate) async fn pause(&mut self, what: &str, error: Error) -> Result<()> {
        if !error.is_retryable() {
            return Err(error);
        }
        let doubled = FIRST_PAUSE.saturating_mul(1 << (self.made - 1).min(16)).min(LONGEST_PAUSE);
        let pause = Duration::from_millis(error.retry_after_ms()).max(doubled);
        if self.made >= self.patience.tries || self.started.elapsed() + pause > self.patience.total {
            return Err(error.context(&format!("{what}, {} tries", self.made)).with_retryable(false));
        }
        tracing::debug!(what, %error, tries = self.made, "trying again");
        self.made += 1;
        sleep(pause).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use casement_sdk::Kind;
    use std::cell::Cell;

    const PATIENCE: Patience = Patience { tries: 3, total: Duration::from_secs(10) };

    async fn attempt(error: impl Fn(u32) -> Option<Error>) -> (Result<()>, u32, Duration) {
        let (started, calls) = (Instant::now(), Cell::new(0));
        let result = PATIENCE
            .attempt("sending a part", || {
                calls.set(calls.get() + 1);
                let answer = error(calls.get()).map_or(Ok(()), Err);
                async { answer }
            })
            .await;
        (result, calls.get(), started.elapsed())
    }

    fn busy() -> Error {
        Error::new(Kind::Unavailable, "busy")
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_succeed_is_tried_again() {
        let (result, calls, _) = attempt(|call| (call < 3).then(busy)).await;
        assert_eq!((result, calls), (Ok(()), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn the_store_says_how_long_to_wait() {
        let (_, _, took) = attempt(|call| (call == 1).then(|| busy().with_retry_after_ms(4_000))).await;
        assert_eq!(took, Duration::from_secs(4));
        let (result, calls, _) = attempt(|_| Some(busy().with_retry_after_ms(11_000))).await;
        assert_eq!((result.unwrap_err().kind(), calls), (Kind::Unavailable, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_is_an_end() {
        let (result, calls, _) = attempt(|_| Some(busy())).await;
        let error = result.unwrap_err();
        assert_eq!((calls, error.is_retryable()), (3, false));
        assert_eq!(error.message(), "sending a part, 3 tries: busy");
        let (result, calls, _) = attempt(|_| Some(Error::new(Kind::NoSpace, "full"))).await;
        assert_eq!((result.unwrap_err().kind(), calls), (Kind::NoSpace, 1));
    }
}
