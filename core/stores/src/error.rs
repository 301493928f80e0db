//! The one error of the stores: the contract's kind, whose fault it is, and which store it concerns.

use std::{fmt, time::Duration};

pub use casement_sdk::Kind;

/// Where the cause lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The gateway itself refused: the breaker is open, the store is read-only, a deadline passed.
    Gateway,
    /// The medium behind the plugin.
    Store,
    /// The plugin's code: a panic, an answer outside the contract.
    Plugin,
}

#[derive(Debug, Clone)]
pub struct Error {
    pub kind: Kind,
    pub side: Side,
    /// The store's id.
    pub store: String,
    pub message: String,
    pub retryable: bool,
    pub retry_after: Option<Duration>,
    /// Says nothing of the store as a whole.
    pub one_object: bool,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(store: &str, side: Side, kind: Kind, message: impl Into<String>) -> Self {
        let retryable = matches!(kind, Kind::Unavailable | Kind::Timeout);
        Self {
            kind,
            side,
            store: store.to_owned(),
            message: message.into(),
            retryable,
            retry_after: None,
            one_object: false,
        }
    }

    /// What a backend answered.
    pub fn of_backend(store: &str, error: casement_sdk::Error) -> Self {
        let side = match error.kind() {
            Kind::Panicked | Kind::Misuse => Side::Plugin,
            _ => Side::Store,
        };
        let pause = error.retry_after_ms();
        Self {
            kind: error.kind(),
            side,
            store: store.to_owned(),
            message: error.message().to_owned(),
            retryable: error.is_retryable(),
            retry_after: (pause > 0).then(|| Duration::from_millis(pause)),
            one_object: error.is_of_one_object(),
        }
    }

    /// Whether the store or its plugin is at fault, as opposed to an ordinary answer such as "no such object".
    pub fn is_failure(&self) -> bool {
        !self.one_object
            && !matches!(self.kind, Kind::NotFound | Kind::Exists | Kind::NoSpace | Kind::Unsupported | Kind::Cancelled)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "store `{}`: {}", self.store, self.message)
    }
}

impl std::error::Error for Error {}
