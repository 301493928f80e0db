//! With a real Keystone.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod callers;
mod catalog;
mod check;
mod common;
mod limits;
mod outage;
mod peer;
mod tokens;
