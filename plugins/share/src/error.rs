//! The one error of this library.

use casement_sdk::Kind;
use std::fmt;

/// `Result` with this library's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a failure means for what was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// There is nothing under this name.
    NotFound,
    /// The name is taken.
    Exists,
    /// What should be a directory is something else.
    NotADirectory,
    /// This account may not.
    Denied,
    /// The server does not take this account: whoever tries again by itself may lock it out.
    Login,
    /// The file system takes no writes.
    ReadOnly,
    /// There is no room, or a quota is used up.
    Full,
    /// Somebody else (a virus scanner, a backup) has the file open in a way that forbids this for now.
    Held,
    /// The connection to the share is lost; handles are dead, and the share may come back.
    Lost,
    /// The cluster holds I/O on the volume back.
    Paused,
    /// What is mounted at the root is not what the store was opened on.
    Absent,
    /// The share came back without what had been written to it.
    Forgotten,
    /// The file system cannot do this.
    Unsupported,
    /// The configuration is wrong.
    Config,
    /// What is there is not what was written.
    Corrupt,
    /// Somebody else ended this operation.
    Cancelled,
    /// The gateway broke the contract.
    Misuse,
    /// Anything else.
    Other,
}

impl Class {
    /// Whether the same may work again by itself after a while, with handles opened anew.
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Lost | Self::Paused)
    }

    fn kind(self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Exists => Kind::Exists,
            Self::Denied | Self::Login | Self::ReadOnly => Kind::Denied,
            Self::Full => Kind::NoSpace,
            Self::Held | Self::Lost | Self::Paused | Self::Absent | Self::Forgotten => Kind::Unavailable,
            Self::Unsupported => Kind::Unsupported,
            Self::Config => Kind::Config,
            Self::Corrupt => Kind::Corrupt,
            Self::Cancelled => Kind::Cancelled,
            Self::Misuse => Kind::Misuse,
            Self::NotADirectory | Self::Other => Kind::Internal,
        }
    }
}

/// A failure: what it means, and a text for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    class: Class,
    message: String,
    /// The wait for it is over: whoever asks again at once only doubles it.
    waited_for: bool,
}

impl Error {
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), waited_for: false }
    }

    pub fn class(&self) -> Class {
        self.class
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    /// Puts what was being done in front of the text.
    #[must_use]
    pub fn context(mut self, doing: &str) -> Self {
        self.message = format!("{doing}: {}", self.message);
        self
    }

    /// Says at the end what to do about it.
    #[must_use]
    pub fn advice(mut self, advice: &str) -> Self {
        self.message = format!("{}: {advice}", self.message);
        self
    }

    #[must_use]
    pub(crate) fn waited_for(mut self) -> Self {
        self.waited_for = true;
        self
    }

    #[must_use]
    pub(crate) fn with_class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    /// What opening a store fails with. What an administrator may mend where it lies is worth another try.
    pub(crate) fn at_open(self) -> casement_sdk::Error {
        let may_be_mended = matches!(self.class, Class::Denied | Class::ReadOnly | Class::Full);
        let told = casement_sdk::Error::from(self);
        if may_be_mended { told.with_retryable(true) } else { told }
    }

    pub(crate) fn not_found(key: &str) -> Self {
        Self::new(Class::NotFound, format!("no object `{key}`"))
    }

    pub(crate) fn exists(key: &str) -> Self {
        Self::new(Class::Exists, format!("there already is an object `{key}`"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<Error> for casement_sdk::Error {
    fn from(error: Error) -> Self {
        let told = Self::new(error.class.kind(), error.message);
        if error.waited_for { told.with_retryable(false) } else { told }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_mended_where_a_store_lies_is_worth_another_try_and_a_refused_login_is_not() {
        let tried_again = |class| Error::new(class, "text").at_open().is_retryable();
        for class in [Class::Denied, Class::ReadOnly, Class::Full, Class::Lost, Class::Absent] {
            assert!(tried_again(class), "{class:?}");
        }
        for class in [Class::Login, Class::Config, Class::Unsupported] {
            assert!(!tried_again(class), "{class:?}");
        }
    }
}
