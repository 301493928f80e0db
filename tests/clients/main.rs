//! The clients that operators use, on disk images as they use them.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod commands;
mod disk;
mod glance;
mod metadefs;
mod openstack;
