//! Stores: the plugin host, the registry of stores, and the way of the data: in ([`ingest`]), out ([`serve`]).

mod body;
pub mod config;
mod digest;
mod error;
mod figures;
mod guard;
pub mod host;
pub mod ingest;
mod opening;
mod reconfigure;
mod registry;
mod reload;
pub mod serve;
mod store;
#[cfg(test)]
mod testing;
mod trial;

pub use body::{BodyError, BodyStream};
pub use casement_digest::Multihash;
pub use casement_sdk::{Capabilities, Stat, Usage, WriteOptions};
pub use digest::DigestThreads;
pub use error::{Error, Kind, Result, Side};
pub use registry::{StartError, Stores};
pub use reload::{Outcome, Reloaded};
pub use store::{Health, StagedWrite, Store, StoreState};
