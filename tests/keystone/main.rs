//! With a real Keystone.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod peer;
