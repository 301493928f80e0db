//! Why a plugin file was not accepted.

use std::fmt;

/// The classes of [`LoadError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadErrorKind {
    /// The system cannot open the file as a library.
    Open,
    /// The file is a library, but not a usable Casement plugin.
    NotAPlugin,
    /// The plugin speaks another version of the contract.
    Version,
    /// The plugin was built with structs that differ from the gateway's.
    Layout,
    /// The plugin has no layout record, and the operator did not allow that.
    NeedsCAbi,
    /// A panic in the plugin would end the process, and the operator did not allow that.
    NeedsUnwind,
}

/// A plugin file that was not accepted, with a text that says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    kind: LoadErrorKind,
    message: String,
}

impl LoadError {
    pub(super) fn new(kind: LoadErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The class of the error.
    pub fn kind(&self) -> LoadErrorKind {
        self.kind
    }

    /// The text for a person. It does not name the file.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LoadError {}
