//! The store against servers that keep to a script, for better and for worse.
#![allow(clippy::unwrap_used)]

mod config;
mod conformance;
mod reach;
mod read;
mod stat;
mod support;
mod tls;
