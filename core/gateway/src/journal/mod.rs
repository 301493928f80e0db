//! Standard error, as whoever keeps the log wants it.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::stderr;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::stderr;
