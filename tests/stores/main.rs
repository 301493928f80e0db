//! Stores on real servers: the conformance of each backend, whole gateways on each, and what happens when a server dies,
//! freezes, or answers what nobody wants to hear.
#![allow(clippy::unwrap_used)]

mod common;
mod conformance;
mod faults;
mod outages;
mod projects;
mod servers;
mod setup;
mod several;
mod sizes;
mod virtual_host;
