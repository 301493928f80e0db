//! The second door of Rust plugins: the same descriptor through an `abi_stable` root module, whose recorded
//! layout covers every struct of the contract, so that the gateway can compare them all when it loads a file.

use super::CasementPlugin;
use abi_stable::{StableAbi, library::RootModule, sabi_types::VersionStrings};

/// The root module.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = CasementModuleRef, prefix_fields = CasementModulePrefix)))]
#[allow(missing_debug_implementations)]
pub struct CasementModule {
    /// The plain entry function, here for the layout of what it returns.
    #[sabi(last_prefix_field)]
    pub entry: extern "C" fn() -> *const CasementPlugin,
}

impl RootModule for CasementModuleRef {
    abi_stable::declare_root_module_statics! { CasementModuleRef }
    const BASE_NAME: &'static str = "casement_plugin";
    const NAME: &'static str = "casement_plugin";
    // The contract's version, not the crate's: plugins of an older SDK stay welcome while the contract stands.
    const VERSION_STRINGS: VersionStrings = VersionStrings::new("1.0.0");
}
