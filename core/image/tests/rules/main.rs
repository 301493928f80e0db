//! The rules of the image record, held against what Glance 33 answers.
#![allow(clippy::unwrap_used)]

mod common;
mod create;
mod fuzz;
mod list;
mod locations;
mod metadef;
mod patch;
mod schema;
mod view;
