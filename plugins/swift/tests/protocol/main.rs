//! The store against a Swift that does as its script says, for better and for worse.
#![allow(clippy::unwrap_used)]

mod delete;
mod login;
mod read;
mod server;
mod support;
mod tls;
mod write;
