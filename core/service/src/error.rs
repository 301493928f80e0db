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
    /// The record is not of the version that the request is meant for.
    PreconditionFailed,
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

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, Side::Client, message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, Side::Client, message)
    }

    /// Something only a moment is missing for: the same request will do shortly.
    pub(crate) fn shortly(message: impl Into<String>) -> Self {
        let mut error = Self::new(Kind::Unavailable, Side::Gateway, message);
        error.retry_after = Some(crate::SHORTLY);
        error
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

impl From<casement_image::Error> for Error {
    fn from(refusal: casement_image::Error) -> Self {
        use casement_image::Kind as Refusal;
        let kind = match refusal.kind {
            Refusal::Invalid => Kind::Invalid,
            Refusal::Forbidden => Kind::Forbidden,
            Refusal::NotFound => Kind::NotFound,
            Refusal::Conflict => Kind::Conflict,
            Refusal::LimitExceeded => Kind::LimitExceeded,
            Refusal::UnsupportedMedia => Kind::UnsupportedMedia,
            Refusal::RangeNotSatisfiable => Kind::RangeNotSatisfiable,
        };
        let mut error = Self::new(kind, Side::Client, refusal.message);
        error.generic_lead = refusal.generic_lead;
        error
    }
}

impl From<casement_identity::Error> for Error {
    fn from(error: casement_identity::Error) -> Self {
        if error.is_retryable() {
            let mut failure =
                Self::new(Kind::Unavailable, Side::Gateway, "The Keystone service is temporarily unavailable.");
            // What is wrong inside the cloud is not a stranger's to know.
            failure.cause = Some(error.to_string());
            return failure;
        }
        Self::new(Kind::Unauthenticated, Side::Client, error.to_string())
    }
}

impl From<casement_catalog::Error> for Error {
    fn from(error: casement_catalog::Error) -> Self {
        use casement_catalog::Kind as Catalog;
        let kind = match error.kind {
            Catalog::Exists | Catalog::Changed => Kind::Conflict,
            Catalog::OverLimit(_) | Catalog::TooMuch => Kind::LimitExceeded,
            Catalog::MarkerUnknown => Kind::Invalid,
            Catalog::MarkerNotVisible => Kind::Forbidden,
            Catalog::Busy | Catalog::Unavailable => Kind::Unavailable,
            Catalog::Incompatible | Catalog::Internal => Kind::Internal,
        };
        let mut failure = Self::new(kind, Side::Gateway, error.to_string());
        failure.cause = std::error::Error::source(&error).map(ToString::to_string);
        failure
    }
}

impl From<casement_stores::Error> for Error {
    fn from(error: casement_stores::Error) -> Self {
        use casement_stores::{Kind as Store, Side as From};
        let kind = match error.kind {
            // It lies where others can remove and change it.
            Store::NotFound | Store::Corrupt if error.one_object => Kind::Unavailable,
            Store::NotFound | Store::Corrupt => Kind::Internal,
            Store::Exists => Kind::Conflict,
            Store::NoSpace => Kind::LimitExceeded,
            Store::Unsupported => Kind::Invalid,
            // A store or a plugin that fails is one part of the service that is away; the others serve on.
            _ => Kind::Unavailable,
        };
        let side = match error.side {
            From::Gateway => Side::Gateway,
            From::Store => Side::Store,
            From::Plugin => Side::Plugin,
        };
        let mut failure = Self::new(kind, side, error.to_string());
        failure.retry_after = error.retry_after;
        failure
    }
}
