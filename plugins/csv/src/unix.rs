//! Systems that have no cluster shared volumes. The plugin is there all the same, so that a configuration can be checked
//! anywhere.

use crate::Config;
use casement_sdk::Host;
use casement_share::{Class, Error, Options, Platform, Result};

/// A store that cannot be opened.
#[derive(Debug)]
pub enum Flavour {}

impl casement_share::Flavour for Flavour {
    const NAME: &'static str = "csv";
    type Config = Config;
    type FileSystem = Platform;

    fn prepare(_: Config, _: &Host) -> Result<(Self, Platform, Options)> {
        let message =
            "csv needs Windows: Cluster Shared Volumes are there on the nodes of a Windows failover cluster only";
        Err(Error::new(Class::Unsupported, message))
    }
}
