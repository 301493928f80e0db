//! The backend on real directories, and on small file systems of its own where the machine lets us mount.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod config;
mod copy;
mod list;
mod read;
mod root;
mod space;
mod stage;
mod support;
