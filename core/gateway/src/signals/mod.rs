//! The system's orders to stop.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::Signals;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::Signals;
