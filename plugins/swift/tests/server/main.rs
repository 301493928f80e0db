//! The store on a real Swift: with its own authentication, and with Keystone.
//!
//! `CASEMENT_PEERS` names a file that says where they are; without one the tests are skipped, and say so.
#![allow(clippy::unwrap_used)]

mod containers;
mod copy;
mod foreign;
mod front;
mod login;
mod many;
mod projects;
mod stage;
mod support;
mod write;
