#![doc = include_str!("../docs.md")]

mod account;
mod answer;
mod auth;
mod backend;
mod client;
mod config;
mod containers;
mod copy;
mod delete;
mod http;
mod limits;
mod lister;
mod listing;
mod location;
mod manifest;
mod names;
mod projects;
mod reader;
mod staged;
mod turns;
mod writer;

pub use backend::Swift;
pub use config::{AuthVersion, Config};
pub use lister::Lister;
pub use reader::{Data, Object};
pub use writer::Writer;

casement_sdk::export_backend!(Swift);
