//! systemd's notify protocol, sd_notify(3), and the sockets that it opens, sd_listen_fds(3).

use super::STEP;
use crate::telemetry::FurtherLayer;
use listenfd::ListenFd;
use sd_notify::NotifyState;
use std::{io, net::TcpListener, time::Duration};

#[derive(Debug, Clone)]
pub(crate) struct Manager {
    /// How long the manager waits for a sign of life; nothing where it does not wait.
    patience: Option<Duration>,
}

impl Manager {
    /// Who started this process, as its environment tells.
    pub(crate) fn of_process() -> Self {
        Self { patience: sd_notify::watchdog_enabled().filter(|patience| !patience.is_zero()) }
    }

    /// For a worker: whoever manages the service has to do with its supervisor alone.
    pub(crate) fn of_worker(_service: Option<String>) -> Self {
        Self { patience: None }
    }

    /// The journal goes by no such name.
    pub(crate) fn service(&self) -> Option<String> {
        None
    }

    /// The start is at this step, and may take a while longer.
    pub(crate) fn starting(&self, step: &str) {
        notify(&[NotifyState::Status(step), extend(STEP)]);
    }

    /// The service serves: for the first time, or with what was loaded anew.
    pub(crate) fn ready(&self) {
        notify(&[NotifyState::Ready, NotifyState::Status("serving")]);
    }

    /// Something is loaded anew; `ready` tells its end.
    pub(crate) fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => notify(&[NotifyState::Reloading, now, NotifyState::Status("reloading")]),
            // A reload without its time is taken for a broken one.
            Err(error) => tracing::debug!(%error, "the service manager is not told of a reload"),
        }
    }

    /// The service ends, within this time.
    pub(crate) fn stopping(&self, why: &str, within: Duration) {
        notify(&[NotifyState::Stopping, NotifyState::Status(why), extend(within)]);
    }

    /// Tells what the log can't tell.
    pub(crate) fn complain(&self, text: &str) {
        eprintln!("{text}");
    }

    pub(crate) fn has_standard_error(&self) -> bool {
        true
    }

    /// The journal has what goes to standard error.
    pub(crate) fn further_log(&self) -> Option<FurtherLayer> {
        None
    }

    pub(super) fn patience(&self) -> Option<Duration> {
        self.patience
    }

    pub(super) fn lives(&self) {
        notify(&[NotifyState::Watchdog]);
    }
}

fn extend(by: Duration) -> NotifyState<'static> {
    NotifyState::ExtendTimeoutUsec(u32::try_from(by.as_micros()).unwrap_or(u32::MAX))
}

fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, ?state, "the service manager cannot be told");
    }
}

/// The sockets that were opened for this process, to be served in place of addresses of its own. To be asked once, before
/// there are threads: what tells of them is taken out of the environment.
///
/// # Errors
/// When one of them is not a TCP socket.
pub(crate) fn sockets() -> io::Result<Vec<TcpListener>> {
    let mut passed = ListenFd::from_env();
    let sockets = (0..passed.len()).filter_map(|at| passed.take_tcp_listener(at).transpose());
    sockets.collect()
}
