#![doc = include_str!("../docs.md")]

mod answer;
mod backend;
mod client;
mod config;
mod location;
mod reader;
mod resolver;
mod rules;

pub use backend::Http;
pub use config::Config;
pub use reader::Reader;

casement_sdk::export_backend!(Http);
