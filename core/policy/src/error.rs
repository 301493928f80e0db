//! What is wrong with the operators' files.

use std::fmt;

/// A rule, or the file around it, that cannot be used; told so that an operator finds the place. The name of the file
/// is for the reader of the file to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The line of the file, counted from 1. `None` for a default rule.
    pub line: Option<usize>,
    /// The rule's name; `None` where the file itself is broken, and in a file of property protections.
    pub rule: Option<String>,
    /// The character of the rule's text where the trouble is, counted from 1.
    pub position: Option<usize>,
    pub message: String,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn at(line: usize, message: impl Into<String>) -> Self {
        Self { line: Some(line), rule: None, position: None, message: message.into() }
    }

    pub(crate) fn of(line: Option<usize>, rule: &str, message: impl Into<String>) -> Self {
        Self { line, rule: Some(rule.to_owned()), position: None, message: message.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.rule, self.position) {
            (Some(rule), Some(position)) => write!(f, "rule \"{rule}\", character {position}: {}", self.message),
            (Some(rule), None) => write!(f, "rule \"{rule}\": {}", self.message),
            (None, _) => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Error {}
