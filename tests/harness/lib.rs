//! What every black-box suite needs: a gateway process on a folder of its own, HTTP clients for its callers,
//! a look into the folders of its stores, and data that is made rather than kept.
#![allow(clippy::unwrap_used)]

mod answer;
mod builder;
mod client;
mod depot;
mod gateway;
mod kept;
mod keystone;
mod load;
mod log;
mod medium;
mod pattern;
mod peers;
mod proxy;
mod raw;
mod reload;
mod runner;
mod service;
#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;
mod tools;
mod wait;

pub use answer::Answer;
pub use builder::{ADMIN, Builder, Caller, MEMBER, OTHER, READER, SERVICE, STRANGER};
pub use client::{Client, Request};
pub use depot::Depot;
pub use gateway::{Gateway, Run, Site};
pub use kept::{Bucket, Container, Kept, Login, Projects, StoreFolder};
pub use keystone::Keystone;
pub use log::Log;
pub use medium::Medium;
pub use pattern::{Pattern, md5_hex, sha512_hex};
pub use peers::{Outage, Peers, Turn, peer, peer_alone};
pub use proxy::{Fault, Proxy, When};
pub use raw::Raw;
pub use reload::{plugin_file, renew_plugin};
pub use runner::Runner;
pub use service::Service;
pub use tools::{client_tools, deb, dist, fixtures, have_tool, metadefs, run_by, skip};
pub use wait::{as_often_as_told, eventually, eventually_true};
