//! The one error of the contract: a kind that the gateway can act on, a text that a person can act on.

use std::{error::Error as StdError, fmt};

/// What went wrong, in the few classes the gateway tells apart. HTTP statuses in parentheses are what a
/// client of the gateway sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// There is no object under this key, or no staged write under this token (404).
    NotFound,
    /// The key is taken: an object is never replaced (409).
    Exists,
    /// The store refused these credentials or this access (503; the operator must act).
    Denied,
    /// The store is full, or over a quota (413).
    NoSpace,
    /// The backend cannot do this at all (501 or 400).
    Unsupported,
    /// The configuration of the store is wrong; only an answer of `open`.
    Config,
    /// The store cannot be reached now (503 with Retry-After).
    Unavailable,
    /// The store did not answer in time (503 with Retry-After).
    Timeout,
    /// What the store holds is not what was written (500, and the object is left for inspection).
    Corrupt,
    /// The gateway asked for the end of this operation.
    Cancelled,
    /// The backend's code panicked; the panic was contained.
    Panicked,
    /// The contract was broken: two operations at once on a handle, or one after its end.
    Misuse,
    /// Anything else, and every code this build does not know.
    Internal,
}

/// An error of a backend, on either side of the boundary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    message: String,
    retryable: bool,
    retry_after_ms: u64,
    one_object: bool,
}

/// `Result` with the contract's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with a text that tells a person what to do. [`Kind::Unavailable`] and [`Kind::Timeout`] are
    /// retryable from the start, every other kind is not.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let retryable = matches!(kind, Kind::Unavailable | Kind::Timeout);
        Self { kind, message: message.into(), retryable, retry_after_ms: 0, one_object: false }
    }

    /// No object under `key`.
    pub fn not_found(key: &str) -> Self {
        Self::new(Kind::NotFound, format!("no object `{key}`"))
    }

    /// There is an object under `key` already.
    pub fn exists(key: &str) -> Self {
        Self::new(Kind::Exists, format!("there is an object `{key}` already"))
    }

    /// The backend has no such ability.
    pub fn unsupported(what: &str) -> Self {
        Self::new(Kind::Unsupported, format!("this backend does not support {what}"))
    }

    /// Says whether the same call may succeed when it is simply made again.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.retryable = retryable;
        self
    }

    /// Asks for a pause before the next try, in milliseconds; makes the error retryable.
    #[must_use]
    pub fn with_retry_after_ms(mut self, milliseconds: u64) -> Self {
        self.retryable = true;
        self.retry_after_ms = milliseconds;
        self
    }

    /// Says that the failure concerns this object alone, as where each object lies on a server of its own. The gateway
    /// then goes on using the store, however many such failures there are.
    #[must_use]
    pub fn of_one_object(mut self) -> Self {
        self.one_object = true;
        self
    }

    /// Puts what was being done in front of the text: `"while flushing: No space left on device"`.
    #[must_use]
    pub fn context(mut self, doing: &str) -> Self {
        self.message = format!("{doing}: {}", self.message);
        self
    }

    /// The class of the error.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The text for a person.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether the same call may succeed when it is made again.
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }

    /// Whether the failure says nothing of the store as a whole.
    pub fn is_of_one_object(&self) -> bool {
        self.one_object
    }

    /// The pause the store asked for before the next try, in milliseconds; 0 when it named none.
    pub fn retry_after_ms(&self) -> u64 {
        self.retry_after_ms
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {}

impl From<std::io::Error> for Error {
    /// Maps what the operating system says to a kind. The text keeps the whole chain.
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let kind = match error.kind() {
            Io::NotFound => Kind::NotFound,
            Io::AlreadyExists => Kind::Exists,
            Io::PermissionDenied | Io::ReadOnlyFilesystem => Kind::Denied,
            Io::StorageFull | Io::QuotaExceeded | Io::FileTooLarge => Kind::NoSpace,
            Io::TimedOut => Kind::Timeout,
            Io::HostUnreachable
            | Io::NetworkUnreachable
            | Io::NetworkDown
            | Io::ConnectionReset
            | Io::ConnectionAborted
            | Io::ConnectionRefused
            | Io::NotConnected
            | Io::StaleNetworkFileHandle
            | Io::ResourceBusy
            | Io::Interrupted
            | Io::WouldBlock => Kind::Unavailable,
            Io::Unsupported => Kind::Unsupported,
            _ => Kind::Internal,
        };
        Self::new(kind, error.to_string())
    }
}
