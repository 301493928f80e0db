//! The HTTP face: accept loop, one file per API resource, wire formats, error bodies.

mod accept;
mod access_log;
mod actions;
mod admin;
mod api;
mod audit;
mod body;
mod caller_limits;
mod clock;
mod conditions;
mod cors;
mod credentials;
mod error;
mod error_body;
mod exchange;
mod face;
mod failure;
mod forwarded;
mod healthcheck;
mod http2;
mod image_data;
mod images;
mod info;
mod json_body;
mod layer;
mod listen;
mod locations;
mod members;
mod metadefs;
mod options;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;
mod proxy_protocol;
mod purpose;
mod reply;
mod request;
mod schemas;
mod socket;
mod stores;
mod tags;
mod tasks;
mod tls;
mod traffic;
mod versions;
mod write_timeout;

pub use accept::{Bound, Drained, Server};
pub use admin::{Admin, Phase};
pub use audit::{Audit, AuditEntry, Outcome};
pub use caller_limits::CallerLimits;
pub use cors::Cors;
pub use error::Error;
pub use face::Face;
pub use listen::Listen;
pub use options::{Options, is_http_url};
pub use tls::{Certificates, Clients, Tls, TlsVersion};
