//! The backend on real directories, and on Linux on small file systems of its own where the machine lets us mount.

#![allow(clippy::unwrap_used)]

mod config;
mod copy;
mod list;
#[cfg(unix)]
mod mount;
mod read;
mod root;
#[cfg(unix)]
mod space;
mod stage;
mod support;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;
