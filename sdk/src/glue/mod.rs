//! An author's traits as the tables of the contract: runtime, panics, logging, buffers.
//!
//! Public only for [`export_backend!`](crate::export_backend).
#![allow(unsafe_code)]

mod backend;
mod blocking;
mod descriptor;
mod logging;
mod operation;
mod runtime;
mod scope;
mod services;
mod streams;
#[cfg(test)]
pub(crate) mod tests;

pub use blocking::Blocking;
pub use descriptor::{Published, enter};
use scope::Scope;
pub use scope::{in_this_operation, request_id};
pub use services::Host;

#[doc(hidden)]
#[cfg(feature = "layout-check")]
pub use abi_stable as __abi_stable;

/// Makes a plugin of a crate of type `cdylib`: the one line of glue an author writes.
///
/// ```text
/// casement_sdk::export_backend!(MyBackend);
/// casement_sdk::export_backend!(casement_sdk::Blocking<MyBlockingBackend>);
/// ```
#[macro_export]
macro_rules! export_backend {
    ($backend:ty) => {
        const _: () = {
            static PUBLISHED: ::std::sync::OnceLock<$crate::glue::Published> = ::std::sync::OnceLock::new();

            #[unsafe(no_mangle)]
            pub extern "C" fn casement_plugin_entry_v1() -> *const $crate::abi::CasementPlugin {
                $crate::glue::enter::<$backend>(&PUBLISHED, env!("CARGO_PKG_VERSION"))
            }
            $crate::__export_checked!(casement_plugin_entry_v1);
        };
    };
}

/// What `#[export_root_module]` expands to, without its `::abi_stable`, which an author does not depend on.
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "layout-check")]
macro_rules! __export_checked {
    ($entry:ident) => {
        use $crate::glue::__abi_stable::library as checked;

        fn module() -> $crate::abi::checked::CasementModuleRef {
            use $crate::glue::__abi_stable::prefix_type::PrefixTypeTrait;
            $crate::abi::checked::CasementModule { entry: $entry }.leak_into_prefix()
        }

        extern "C" fn erased() -> checked::RootModuleResult {
            checked::__call_root_module_loader(module)
        }

        #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
        pub static ROOT_MODULE: checked::LibHeader = unsafe {
            checked::LibHeader::from_constructor::<$crate::abi::checked::CasementModuleRef>(
                erased,
                checked::CheckTypeLayout::Yes,
            )
        };
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "layout-check"))]
macro_rules! __export_checked {
    ($entry:ident) => {};
}
