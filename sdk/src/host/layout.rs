//! Compares the layouts a Rust plugin recorded with the gateway's own.

use super::{LoadError, LoadErrorKind};
use crate::abi::checked::CasementModuleRef;
use abi_stable::library::{LibraryError, lib_header_from_path};
use std::path::Path;

/// `true` when every struct agrees, `false` when the plugin has no record of them (it is not Rust).
pub(super) fn check(path: &Path) -> Result<bool, LoadError> {
    let result = match lib_header_from_path(path) {
        Ok(header) => header.init_root_module::<CasementModuleRef>().map(|_| true),
        Err(LibraryError::GetSymbolError { .. }) => Ok(false),
        Err(error) => Err(error),
    };
    result.map_err(|error| {
        let full = error.to_string();
        tracing::debug!(path = %path.display(), "layout check: {full}");
        LoadError::new(
            LoadErrorKind::Layout,
            format!(
                "its structs differ from this gateway's; rebuild it with casement-sdk {}: {}",
                env!("CASEMENT_SDK_VERSION"),
                shortened(&full)
            ),
        )
    })
}

/// The checker's report runs to tens of kilobytes of type descriptions; what differs stands behind `Error:`.
fn shortened(full: &str) -> String {
    const LINES: usize = 6;
    let lines: Vec<_> = full.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let from = lines.iter().position(|line| line.starts_with("Error:")).unwrap_or(0);
    lines[from..].iter().take(LINES).copied().collect::<Vec<_>>().join(" ")
}
