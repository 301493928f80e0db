use super::Signal;
use crate::manager::Manager;
use std::io;
use tokio::signal::unix::{self, SignalKind, signal};

/// SIGTERM from a service manager, SIGINT from a terminal; SIGHUP to reload.
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: unix::Signal,
    interrupt: unix::Signal,
    hangup: unix::Signal,
}

impl Signals {
    /// From now on the orders end the process no longer by themselves.
    pub(crate) fn listen(_manager: &Manager) -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next order.
    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::Stop("SIGTERM"),
            _ = self.interrupt.recv() => Signal::Stop("SIGINT"),
            _ = self.hangup.recv() => Signal::Reload("SIGHUP"),
        }
    }
}
