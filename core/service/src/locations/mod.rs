//! Where an image's data lies, as clients see and change it.

mod arrange;
mod examine;
mod patch;
#[cfg(test)]
mod tests;

pub(crate) use examine::Examined;

use crate::{Error, Kind, Side};

/// A refusal for what a client gave as a location.
fn invalid(message: impl Into<String>) -> Error {
    Error::new(Kind::Invalid, Side::Client, message)
}
