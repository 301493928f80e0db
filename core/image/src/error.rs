//! Why a request about an image is refused, in the classes that a client can tell apart.

use std::fmt;

/// The classes. The HTTP face maps each to one status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request itself is wrong.
    Invalid,
    /// The caller may not do this.
    Forbidden,
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// The thing exists but is not in a state that allows this.
    Conflict,
    /// A quota or size limit is exceeded.
    LimitExceeded,
    /// The data or the body is of a kind that is not accepted.
    UnsupportedMedia,
    /// No byte of the requested range exists.
    RangeNotSatisfiable,
}

/// A refusal. `message` is what Glance would say, because clients parse it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    pub kind: Kind,
    pub message: String,
    /// Glance puts the status's generic sentence before some messages (it passed them as `detail`).
    pub generic_lead: bool,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), generic_lead: false }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }

    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, message)
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    /// Marks the message as one that follows the generic sentence of its status.
    #[must_use]
    pub(crate) fn with_generic_lead(mut self) -> Self {
        self.generic_lead = true;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
