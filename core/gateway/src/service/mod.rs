//! `casement service`: this program as a service of Windows' Service Control Manager (SCM).
//!
//! What needs no Windows stands beside `windows/`, and is tested everywhere.

#[cfg(any(windows, test))]
mod account;
#[cfg_attr(unix, allow(dead_code, reason = "elsewhere the command is only refused"))]
mod args;
#[cfg(any(windows, test))]
mod ended;
#[cfg(any(windows, test))]
mod event_log;

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::run;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::{Event, EventLog, exit_code, register_handler, run};

pub(crate) use args::ServiceCommand;
