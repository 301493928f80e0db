//! From a file to a [`Plugin`].

#[cfg(feature = "layout-check")]
use super::layout;
use super::{LoadError, LoadErrorKind, Plugin, system, tables::Tables};
use crate::abi::CasementPlugin;
use std::{mem, path::Path};

const ENTRY: &[u8] = b"casement_plugin_entry_v1\0";

/// What the operator allows a plugin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// Accept a plugin without a layout record: one written in C, C++, Go or C#.
    pub allow_c_abi: bool,
    /// Accept a Rust plugin in which a panic ends the whole process.
    pub allow_abort: bool,
}

/// Plugin files.
#[derive(Debug)]
pub struct Library;

impl Library {
    /// Opens a plugin file and checks it: the entry symbol, the layout of every struct, the version, the
    /// descriptor. The file stays loaded until the process ends, also when a check fails.
    ///
    /// `path` should be absolute; who may write to it is the caller's to judge.
    ///
    /// # Errors
    /// See [`LoadErrorKind`].
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Plugin, LoadError> {
        let library = system::open(path).map_err(|error| LoadError::new(LoadErrorKind::Open, chain_text(&error)))?;
        // SAFETY: the contract gives the symbol this type.
        let entry = unsafe { library.get::<unsafe extern "C" fn() -> *const CasementPlugin>(ENTRY) }
            .map(|symbol| *symbol)
            .map_err(|_| {
                LoadError::new(
                    LoadErrorKind::NotAPlugin,
                    "it exports no `casement_plugin_entry_v1`: this is no plugin, or one for another major version",
                )
            })?;
        // Threads, thread-locals and buffers of a plugin outlive any scope we could name: never unload.
        mem::forget(library);

        let layout_checked = layout_checked(path)?;
        if !layout_checked && !options.allow_c_abi {
            return Err(LoadError::new(
                LoadErrorKind::NeedsCAbi,
                "it carries no layout record, as plugins not written in Rust do; set `abi = \"c\"` if you trust it",
            ));
        }
        // SAFETY: the symbol is the entry function; the layout, where there is a record of it, is ours.
        let tables = unsafe { Tables::read(entry()) }?;
        let plugin = Plugin::new(tables, layout_checked);
        if !options.accept_panics_of(&plugin) {
            return Err(LoadError::new(
                LoadErrorKind::NeedsUnwind,
                "it was built with `panic = \"abort\"`, so one bug in it would end the gateway; \
                 rebuild it with `panic = \"unwind\"`, or set `allow_abort = true`",
            ));
        }
        Ok(plugin)
    }
}

impl OpenOptions {
    /// A plugin without a layout record is not written in Rust, and knows no panics.
    fn accept_panics_of(&self, plugin: &Plugin) -> bool {
        !plugin.layout_checked() || plugin.unwinds() || self.allow_abort
    }
}

#[cfg(feature = "layout-check")]
fn layout_checked(path: &Path) -> Result<bool, LoadError> {
    layout::check(path)
}

#[cfg(not(feature = "layout-check"))]
fn layout_checked(_: &Path) -> Result<bool, LoadError> {
    Ok(false)
}

/// An error with its causes, which is where libloading keeps what the system said.
fn chain_text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        abi::CASEMENT_PLUGIN_UNWINDS,
        glue::{Published, tests::Slow},
    };

    fn plugin(unwinds: bool, layout_checked: bool) -> Plugin {
        let published = Published::new::<Slow>("1.0.0");
        // SAFETY: as live as `published`.
        let mut descriptor = unsafe { *published.descriptor() };
        assert_eq!(descriptor.flags, CASEMENT_PLUGIN_UNWINDS);
        descriptor.flags = if unwinds { CASEMENT_PLUGIN_UNWINDS } else { 0 };
        // SAFETY: a whole descriptor.
        Plugin::new(unsafe { Tables::read(&raw const descriptor) }.unwrap(), layout_checked)
    }

    #[test]
    fn a_rust_plugin_whose_panics_abort_is_taken_only_when_the_operator_says_so() {
        let (strict, lenient) = (OpenOptions::default(), OpenOptions { allow_abort: true, ..OpenOptions::default() });
        assert!(strict.accept_panics_of(&plugin(true, true)));
        assert!(!strict.accept_panics_of(&plugin(false, true)));
        assert!(lenient.accept_panics_of(&plugin(false, true)));
        assert!(strict.accept_panics_of(&plugin(false, false)), "C knows no panics");
    }
}
