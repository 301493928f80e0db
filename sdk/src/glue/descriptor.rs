//! The descriptor of one backend.

use super::{backend, logging, streams};
use crate::{
    Backend,
    abi::{
        CASEMENT_ABI_MAJOR, CASEMENT_ABI_MINOR, CASEMENT_PLUGIN_UNWINDS, CasementFile, CasementPlacement,
        CasementPlugin, CasementPresign, CasementStr, FILE, PLACEMENT, PRESIGN,
    },
};
use std::{
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
    sync::OnceLock,
};

const BUILT_WITH: &str = concat!("casement-sdk ", env!("CASEMENT_SDK_VERSION"), ", ", env!("CASEMENT_RUSTC"));

/// A descriptor and the text it lends.
#[derive(Debug)]
pub struct Published {
    descriptor: CasementPlugin,
    _config_schema: String,
}

impl Published {
    /// The descriptor of `B`, with the schema made from its configuration.
    pub fn new<B: Backend>(version: &'static str) -> Self {
        let config_schema = schemars::schema_for!(B::Config).to_value().to_string();
        let descriptor = CasementPlugin {
            size: size_of::<CasementPlugin>() as u32,
            abi_major: CASEMENT_ABI_MAJOR,
            abi_minor: CASEMENT_ABI_MINOR,
            flags: if cfg!(panic = "unwind") { CASEMENT_PLUGIN_UNWINDS } else { 0 },
            reserved: 0,
            capabilities: B::CAPABILITIES.bits(),
            name: CasementStr::new(B::NAME),
            version: CasementStr::new(version),
            built_with: CasementStr::new(BUILT_WITH),
            config_schema: CasementStr::new(&config_schema),
            open: Some(backend::open::<B>),
            backend: &const { backend::table::<B>() },
            writer: &const { streams::writer_table::<B::Writer>() },
            reader: &const { streams::reader_table::<B::Reader>() },
            lister: &const { streams::lister_table::<B::Lister>() },
            query: Some(query::<B>),
        };
        Self { descriptor, _config_schema: config_schema }
    }

    /// The descriptor, valid as long as `self`.
    pub fn descriptor(&self) -> *const CasementPlugin {
        &raw const self.descriptor
    }
}

/// The body of a plugin file's entry function. Null where the schema cannot be made.
pub fn enter<B: Backend>(published: &'static OnceLock<Published>, version: &'static str) -> *const CasementPlugin {
    logging::this_is_a_plugin_file();
    catch_unwind(AssertUnwindSafe(|| published.get_or_init(|| Published::new::<B>(version)).descriptor()))
        .unwrap_or(ptr::null())
}

/// The extension tables, of which every backend has all: what its author left out answers so.
unsafe extern "C" fn query<B: Backend>(name: CasementStr) -> *const c_void {
    // SAFETY: the contract of the call: the name is lent for its duration.
    match unsafe { name.as_str() } {
        Ok(PRESIGN) => {
            let table: &'static CasementPresign = &const { backend::presign_table::<B>() };
            ptr::from_ref(table).cast()
        }
        Ok(PLACEMENT) => {
            let table: &'static CasementPlacement = &const { backend::placement_table::<B>() };
            ptr::from_ref(table).cast()
        }
        Ok(FILE) => {
            let table: &'static CasementFile = &const { backend::file_table::<B>() };
            ptr::from_ref(table).cast()
        }
        _ => ptr::null(),
    }
}
