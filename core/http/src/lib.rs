//! The HTTP face: accept loop, one file per API resource, wire formats, error bodies.

mod accept;
mod access_log;
mod actions;
mod admin;
mod api;
mod audit;
mod body;
mod conditions;
mod cors;
mod credentials;
mod error_body;
mod face;
mod failure;
mod healthcheck;
mod image_data;
mod images;
mod info;
mod json_body;
mod layer;
mod locations;
mod members;
mod metadefs;
mod options;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;
mod purpose;
mod reply;
mod request;
mod schemas;
mod socket;
mod stores;
mod tags;
mod tasks;
mod traffic;
mod versions;

pub use accept::{Bound, Drained, Error, Server};
pub use admin::{Admin, Phase};
pub use audit::{Audit, AuditEntry, Outcome};
pub use cors::Cors;
pub use face::Face;
pub use options::{Options, is_http_url};
