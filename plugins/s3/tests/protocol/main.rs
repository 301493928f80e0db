//! The store against a server that keeps to a script, for better and for worse.
#![allow(clippy::unwrap_used)]

mod copies;
mod credentials;
mod fake;
mod log;
mod opening;
mod reading;
mod requests;
mod server;
mod support;
mod tls;
mod uploads;
mod web;
mod whole;
