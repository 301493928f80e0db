//! The store against a real server, that of `s3` in the file that `CASEMENT_PEERS` names.
#![allow(clippy::unwrap_used)]

mod copies;
mod objects;
mod opening;
mod stages;
mod support;
mod urls;
