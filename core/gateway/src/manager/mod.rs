//! Who runs this service: systemd, or Windows' Service Control Manager. Where nobody does, what is told goes nowhere.
//!
//! Each platform's `Manager` is cheap to clone, and its calls neither fail nor wait: a service does not end because
//! somebody does not want to hear of it.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{Manager, sockets};

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::{Manager, sockets};

use std::{fmt, time::Duration};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How long one step of a start may take: opening the database, opening the stores, settling what was left.
const STEP: Duration = Duration::from_secs(90);

impl Manager {
    /// For ever: tells a manager that watches the service that it lives, as long as its health is told in time. This is a
    /// task, so a runtime that does not turn any more tells nothing either.
    pub(crate) async fn watch<E: fmt::Display>(self, health: impl AsyncFn() -> Result<(), E>) {
        let Some(patience) = self.patience() else { return };
        // Twice in that time, as sd_watchdog_enabled(3) advises.
        let pause = patience / 2;
        let mut beats = interval(pause);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            beats.tick().await;
            match timeout(pause, health()).await {
                Ok(Ok(())) => self.lives(),
                Ok(Err(error)) => tracing::warn!(%error, "the service manager is not told that the service lives"),
                Err(late) => tracing::warn!(error = %late, "the service manager is not told that the service lives"),
            }
        }
    }
}
