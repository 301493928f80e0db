//! What is wrong with a rule.

use std::fmt;

/// A rule that cannot be used, told so that an operator finds the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The rule's name.
    pub rule: String,
    /// The character of its text where the trouble is, counted from 1.
    pub position: Option<usize>,
    pub message: String,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(f, "policy rule \"{}\", character {position}: {}", self.rule, self.message),
            None => write!(f, "policy rule \"{}\": {}", self.rule, self.message),
        }
    }
}

impl std::error::Error for Error {}
