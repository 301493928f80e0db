#![doc = include_str!("../docs.md")]

mod backend;
mod body;
mod bucket;
mod client;
mod config;
mod copy;
mod credentials;
mod digest;
mod endpoint;
mod error;
mod failure;
mod keys;
mod lister;
mod location;
mod multipart;
mod object;
mod presign;
mod read_ahead;
mod reader;
mod small;
mod staged;
mod tls;
mod token;
mod writer;

pub use backend::S3;
pub use config::{Checksum, Config, CredentialsFrom, UrlFormat};
pub use lister::Lister;
pub use reader::Reader;
pub use writer::Writer;

casement_sdk::export_backend!(S3);
