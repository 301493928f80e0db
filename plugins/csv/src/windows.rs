//! Windows itself.

use crate::{Csv, System};
use casement_share::{ClusApi, Win32};

/// The store of this machine.
pub(crate) type Flavour = Csv<Windows>;

#[derive(Debug)]
pub enum Windows {}

impl System for Windows {
    type Api = Win32;
    type Cluster = ClusApi;

    fn api() -> Win32 {
        Win32
    }

    fn cluster() -> ClusApi {
        ClusApi::load()
    }
}
