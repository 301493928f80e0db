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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_structs_are_recorded_under_the_contracts_version_whatever_the_sdks_is() {
        let (package, version) = <CasementPlugin as StableAbi>::LAYOUT.package_and_version();
        let version = version.parsed().unwrap();
        assert_eq!((package.as_str(), version.major), ("casement-sdk", super::super::CASEMENT_ABI_MAJOR.into()));
    }
}
