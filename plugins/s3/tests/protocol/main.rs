//! The store against a server that keeps to a script, for better and for worse.
#![allow(clippy::unwrap_used)]

mod copies;
mod fake;
mod opening;
mod reading;
mod requests;
mod server;
mod support;
mod tls;
mod uploads;
mod whole;
