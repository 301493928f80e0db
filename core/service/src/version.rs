//! Versions of a record, against lost updates: a client says which one it has read, and is refused when another came.

use crate::{Error, Kind, Result, Side};
use bytes::Bytes;
use casement_image::{Image, ImageId};

/// An image's record as its caller sees it, and which version of it this is.
#[derive(Debug, Clone)]
pub struct Record {
    pub id: ImageId,
    pub json: Bytes,
    /// Some text without quotes or blanks; another one after each change.
    pub version: String,
}

/// The versions that a request is meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// Whatever version there is.
    Any,
    OneOf(Vec<String>),
}

impl Precondition {
    pub(crate) fn check(precondition: Option<&Self>, image: &Image) -> Result<()> {
        match precondition {
            Some(Self::OneOf(versions)) if !versions.contains(&of(image)) => Err(Error::new(
                Kind::PreconditionFailed,
                Side::Client,
                format!("Image {} is not the version that the request is meant for; read it again.", image.id),
            )),
            _ => Ok(()),
        }
    }
}

/// Every change of an image gives it a later `updated_at`.
pub(crate) fn of(image: &Image) -> String {
    format!("{:x}", image.updated_at.unix_timestamp_nanos() / 1000)
}
