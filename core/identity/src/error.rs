//! The one error of this room.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request comes from nobody whom we know: the client's side.
    Unauthenticated,
    /// Keystone cannot say now who it is: Keystone's side.
    Unavailable,
    /// What the operator set cannot be used.
    Configuration,
}

/// What is wrong, for the log and the operator. It holds no token and no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    pub kind: Kind,
    message: String,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn unauthenticated(message: impl Into<String>) -> Self {
        Self { kind: Kind::Unauthenticated, message: message.into() }
    }

    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self { kind: Kind::Unavailable, message: message.into() }
    }

    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self { kind: Kind::Configuration, message: message.into() }
    }

    /// Whether the same request may succeed when it is sent again.
    pub fn is_retryable(&self) -> bool {
        self.kind == Kind::Unavailable
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
