#![doc = include_str!("../docs.md")]

mod config;

use casement_sdk::Host;
use casement_share::{Flavour, Options, Platform, Result};

pub use config::{Config, Root};

/// Plain directories, on a disk or a share.
#[derive(Debug)]
pub struct Filesystem;

/// The store that this plugin opens.
pub type Store = casement_share::Store<Filesystem>;

/// Opens a store without a gateway around it.
///
/// # Errors
/// [`casement_sdk::Kind::Config`] for a bad value, [`casement_sdk::Kind::Unavailable`] for a root that is not there,
/// [`casement_sdk::Kind::Denied`] for one that cannot be written.
pub fn open(config: Config) -> casement_sdk::Result<Store> {
    let options = config.options()?;
    Ok(Store::new(Filesystem, Platform::new(&options)?, options)?)
}

impl Flavour for Filesystem {
    const NAME: &'static str = "filesystem";
    type Config = Config;
    type FileSystem = Platform;

    fn prepare(config: Config, _host: &Host) -> Result<(Self, Platform, Options)> {
        let options = config.options()?;
        Ok((Self, Platform::new(&options)?, options))
    }
}

casement_sdk::export_backend!(casement_sdk::Blocking<Store>);
