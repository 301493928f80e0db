//! A thread that finishes, now and then, what deletes had to leave.

use crate::{Dir, FileSystem, Result, root::Root};
use std::{
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

const INTERVAL: Duration = Duration::from_secs(60);

/// Sweeps now, and again until it is dropped.
#[derive(Debug)]
pub(crate) struct Sweeper {
    _stop: Sender<()>,
}

impl Sweeper {
    pub(crate) fn start<F: FileSystem>(roots: &[Arc<Root<F>>]) -> Result<Self> {
        let (stop, stopped) = channel();
        let roots = roots.to_vec();
        roots.iter().for_each(|root| sweep_or_tell(root));
        let run = move || {
            while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                roots.iter().for_each(|root| sweep_or_tell(root));
            }
        };
        let started = thread::Builder::new().name("sweeper".into()).spawn(run);
        started.map(|_| Self { _stop: stop }).map_err(|error| {
            crate::Error::new(crate::Class::Other, format!("cannot start the thread that sweeps: {error}"))
        })
    }
}

fn sweep_or_tell<F: FileSystem>(root: &Root<F>) {
    if let Err(error) = sweep(root) {
        tracing::debug!(root = root.path, %error, "not swept");
    }
}

pub(crate) fn sweep<F: FileSystem>(root: &Root<F>) -> Result<()> {
    let dir = root.verified()?;
    dir.sweep()?;
    root.condemned.carry_out(&dir)
}
