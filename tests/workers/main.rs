//! Several processes that are one service (`server.workers`).
#![allow(clippy::unwrap_used)]

mod crew;
mod death;
mod end;
mod limits;
mod logs;
mod plugins;
mod reload;
#[cfg(unix)]
mod signals;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod system;
mod whole;
