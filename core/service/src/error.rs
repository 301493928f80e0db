//! The one error of the use cases: what class it is of, on whose side the cause lies, and what to tell the client.

use std::{fmt, time::Duration};

/// The classes that the HTTP face tells apart, one status each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Unauthenticated,
    Invalid,
    Forbidden,
    NotFound,
    Conflict,
    /// The image went away during the request, or the store takes no data.
    Gone,
    LimitExceeded,
    UnsupportedMedia,
    RangeNotSatisfiable,
    /// The client sent nothing for too long.
    Stalled,
    Unavailable,
    NotImplemented,
    Internal,
}

/// Where the cause lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    Client,
    Gateway,
    Store,
    Plugin,
}

#[derive(Debug, Clone)]
pub struct Error {
    pub kind: Kind,
    pub side: Side,
    /// What the client is told.
    pub message: String,
    /// The message follows the generic sentence of its status, as where Glance passed it as `detail`.
    pub generic_lead: bool,
    pub retry_after: Option<Duration>,
    /// What the log is told beyond the message.
    pub cause: Option<String>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(kind: Kind, side: Side, message: impl Into<String>) -> Self {
        Self { kind, side, message: message.into(), generic_lead: false, retry_after: None, cause: None }
    }

    /// Whether the same request may succeed when it is sent again.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, Kind::Unavailable | Kind::Stalled)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Some(cause) => write!(f, "{} ({cause})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Error {}
