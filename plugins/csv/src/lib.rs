#![doc = include_str!("../docs.md")]

mod config;
mod control;
mod csvfs;
mod flavour;
mod roots;
mod state;
#[cfg(test)]
mod tests;
mod volumes;
mod watch;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

pub use config::{Config, Volume, WeightedVolume};
pub use csvfs::CsvFs;
pub use flavour::{Csv, System};
pub use volumes::Volumes;

/// The store that this plugin opens.
pub type Store = casement_share::Store<platform::Flavour>;

casement_sdk::export_backend!(casement_sdk::Blocking<Store>);
