//! The system's orders to a process.

mod orders;

pub(crate) use orders::{Orders, reload};

/// An order; its name is for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Stop(&'static str),
    Reload(&'static str),
}

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::Signals;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::Signals;
