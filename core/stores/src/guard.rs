//! What stands around every call of a backend, so that backends can stay naive: a deadline, a circuit breaker,
//! retries of what may be repeated, and metrics. The limit on calls in flight is the SDK's, which sees when a call that
//! was given up here is really over.

use crate::{
    config::Limits,
    error::{Error, Kind, Result, Side},
    figures::{Call, Figures},
};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep, timeout};

/// The pause before the second try; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct Guard {
    store: String,
    limits: Limits,
    breaker: Mutex<Breaker>,
    figures: Figures,
}

/// Refuses calls for a while after a row of failures.
#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    /// Refuse until then; past it one call at a time goes through as a probe.
    open_until: Option<Instant>,
}

impl Guard {
    pub(crate) fn new(store: &str, limits: Limits) -> Self {
        Self { store: store.to_owned(), limits, breaker: Mutex::default(), figures: Figures::of(store) }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether calls are refused for the time being.
    pub(crate) fn is_open(&self) -> bool {
        self.breaker().open_until.is_some()
    }

    /// One call that must not be repeated.
    pub(crate) async fn call<T>(
        &self,
        what: Call,
        deadline: Duration,
        call: impl Future<Output = casement_sdk::Result<T>>,
    ) -> Result<T> {
        self.admit(what)?;
        self.step(what, deadline, call).await
    }

    /// One step of a transfer that was admitted before: it has a deadline, and is never refused.
    pub(crate) async fn step<T>(
        &self,
        what: Call,
        deadline: Duration,
        step: impl Future<Output = casement_sdk::Result<T>>,
    ) -> Result<T> {
        let started = Instant::now();
        let result = match timeout(deadline, step).await {
            Ok(answer) => answer.map_err(|error| Error::of_backend(&self.store, error)),
            Err(_) => Err(Error::new(
                &self.store,
                Side::Gateway,
                Kind::Timeout,
                format!("{what} was not answered within {} s", deadline.as_secs_f32()),
            )),
        };
        self.record(what, &result, started.elapsed());
        result
    }

    /// A call that may be made again when the store says that another try may help.
    pub(crate) async fn repeatable<T, F>(&self, what: Call, deadline: Duration, call: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = casement_sdk::Result<T>>,
    {
        let mut pause = FIRST_PAUSE;
        let mut tries_left = self.limits.tries.max(1);
        loop {
            tries_left -= 1;
            match self.call(what, deadline, call()).await {
                // A backend that let a whole deadline pass would make the client wait once more for nothing.
                Err(error) if error.retryable && error.side != Side::Gateway && tries_left > 0 => {
                    tracing::debug!(store = self.store, %what, %error, "trying again");
                    self.figures.retried();
                    sleep(error.retry_after.unwrap_or(pause).min(self.limits.call)).await;
                    pause *= 2;
                }
                result => return result,
            }
        }
    }

    fn breaker(&self) -> std::sync::MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self, what: Call) -> Result<()> {
        let mut breaker = self.breaker();
        let Some(until) = breaker.open_until else { return Ok(()) };
        let now = Instant::now();
        if now >= until {
            // This call is the probe; the others go on being refused until it has an answer.
            breaker.open_until = Some(now + self.limits.breaker_pause);
            return Ok(());
        }
        self.figures.refused();
        let mut error = Error::new(
            &self.store,
            Side::Gateway,
            Kind::Unavailable,
            format!("{what} refused: the last {} calls failed", breaker.failures),
        );
        error.retry_after = Some(until - now);
        Err(error)
    }

    fn record<T>(&self, what: Call, result: &Result<T>, took: Duration) {
        let failed = result.as_ref().err().is_some_and(Error::is_failure);
        self.figures.called(what, took, result.as_ref().err().map(|error| error.kind));
        let mut breaker = self.breaker();
        if !failed {
            if breaker.open_until.is_some() {
                self.figures.breaker(false);
            }
            *breaker = Breaker::default();
            return;
        }
        breaker.failures = breaker.failures.saturating_add(1);
        if breaker.failures >= self.limits.breaker_failures.max(1) {
            if breaker.open_until.is_none() {
                tracing::warn!(store = self.store, failures = breaker.failures, "store does not answer: breaker opens");
                self.figures.breaker(true);
            }
            breaker.open_until = Some(Instant::now() + self.limits.breaker_pause);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn guard() -> Guard {
        let limits = Limits { breaker_failures: 2, tries: 3, ..Limits::default() };
        Guard::new("s", limits)
    }

    fn unavailable<T>() -> casement_sdk::Result<T> {
        Err(casement_sdk::Error::new(Kind::Unavailable, "away"))
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_never_answers_ends_at_its_deadline() {
        let error = guard()
            .call(Call::Stat, Duration::from_secs(1), std::future::pending::<casement_sdk::Result<()>>())
            .await
            .unwrap_err();
        assert_eq!((error.kind, error.side), (Kind::Timeout, Side::Gateway));
    }

    #[tokio::test(start_paused = true)]
    async fn a_repeatable_call_is_tried_again_and_a_plain_one_is_not() {
        let guard = Guard::new("s", Limits::default());
        let calls = AtomicU32::new(0);
        let answer = guard
            .repeatable(Call::Stat, Duration::from_secs(1), || async {
                if calls.fetch_add(1, Ordering::Relaxed) < 2 { unavailable() } else { Ok(7) }
            })
            .await;
        assert_eq!((answer.unwrap(), calls.into_inner()), (7, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn the_breaker_opens_after_a_row_of_failures_lets_one_probe_through_and_closes_on_success() {
        let guard = guard();
        for _ in 0..2 {
            guard.call(Call::Stat, Duration::from_secs(1), async { unavailable::<()>() }).await.unwrap_err();
        }
        let refused = guard.call(Call::Stat, Duration::from_secs(1), async { Ok(()) }).await.unwrap_err();
        assert_eq!(refused.side, Side::Gateway);
        assert!(refused.retry_after.unwrap() <= guard.limits.breaker_pause);

        tokio::time::advance(guard.limits.breaker_pause).await;
        guard.call(Call::Stat, Duration::from_secs(1), async { Ok(()) }).await.unwrap();
        guard.call(Call::Stat, Duration::from_secs(1), async { Ok(()) }).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn ordinary_answers_do_not_open_the_breaker() {
        let guard = guard();
        for _ in 0..10 {
            let missing = async { Err::<(), _>(casement_sdk::Error::not_found("k")) };
            assert_eq!(guard.call(Call::Stat, Duration::from_secs(1), missing).await.unwrap_err().kind, Kind::NotFound);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn failures_of_single_objects_do_not_open_the_breaker() {
        let guard = guard();
        for _ in 0..10 {
            let away = async { unavailable::<()>().map_err(casement_sdk::Error::of_one_object) };
            let error = guard.call(Call::Stat, Duration::from_secs(1), away).await.unwrap_err();
            assert_eq!((error.kind, error.side), (Kind::Unavailable, Side::Store));
        }
    }
}
