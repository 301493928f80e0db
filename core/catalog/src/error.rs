//! Why the catalog could not do what it was asked.

use crate::Exceeded;
use std::fmt;

/// What a caller can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An image of that id exists, or existed; or something of that name does.
    Exists,
    /// Somebody changed it since the caller read it; read again and decide anew.
    Changed,
    /// There would be more than may be.
    TooMuch,
    /// The project would have more than it may.
    OverLimit(Exceeded),
    /// The list's marker is no image.
    MarkerUnknown,
    /// The list's marker is an image that the caller may not know of.
    MarkerNotVisible,
    /// Somebody else holds the database.
    Busy,
    /// The database can't be reached: path, permission, disk full, closed.
    Unavailable,
    /// The database is of a version or a shape that this program does not serve.
    Incompatible,
    /// The database answered what it should never answer.
    Internal,
}

/// A failure of the catalog.
#[derive(Debug)]
pub struct Error {
    pub kind: Kind,
    /// For a person, with what to do about it.
    pub message: String,
    /// Whether the same call may succeed when it is made again later.
    pub retryable: bool,
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retryable: matches!(kind, Kind::Busy | Kind::Unavailable), source: None }
    }

    pub(crate) fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
