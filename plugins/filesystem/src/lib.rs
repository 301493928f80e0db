#![doc = include_str!("../docs.md")]

mod backend;
mod config;
mod lister;
mod location;
mod platform;
mod reader;
mod writer;

pub use backend::Filesystem;
pub use config::Config;
pub use lister::Lister;
pub use reader::Reader;
pub use writer::Writer;

casement_sdk::export_backend!(casement_sdk::Blocking<Filesystem>);
