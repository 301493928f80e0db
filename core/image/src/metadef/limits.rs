//! What no database can hold, and what would grow without end. Glance has no such limits: what is too long for a
//! column fails there (500), and a namespace grows until the service can't show it any more.

use crate::{Error, Kind, Result, limits};
use serde_json::Value;

/// Resource types that one namespace is associated with.
pub const MAX_ASSOCIATIONS: usize = 100;
/// Resource types of the whole site. They stay when a namespace goes.
pub const MAX_RESOURCE_TYPES: usize = 10_000;
/// Bytes of the definitions of one namespace, which are shown in one document.
pub const MAX_NAMESPACE_BYTES: usize = 4 << 20;
/// Characters of a name.
const MAX_NAME: usize = 80;
/// Bytes of a text column.
const MAX_TEXT: usize = 65_535;

/// The refusal of one more of `what` than there may be.
pub fn too_many(what: &str, maximum: usize) -> Error {
    Error::new(Kind::LimitExceeded, format!("There can be at most {maximum} {what}."))
}

pub fn too_much(namespace: &str) -> Error {
    let message = format!(
        "The definitions of namespace {namespace} would take more than {MAX_NAMESPACE_BYTES} bytes; use a second namespace."
    );
    Error::new(Kind::LimitExceeded, message)
}

/// A name that others refer to: the `field` of a `what`.
pub(super) fn check_name(what: &str, field: &str, name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::invalid(format!("The name of a {what} must not be empty.")));
    }
    check_short(field, name)
}

pub(super) fn check_short(field: &str, text: &str) -> Result<()> {
    if text.chars().count() > MAX_NAME {
        return Err(Error::invalid(format!("The {field} '{text}' is too long: at most {MAX_NAME} characters.")));
    }
    limits::check_text(field, text)
}

pub(super) fn check_long(field: &str, text: &str) -> Result<()> {
    if text.len() > MAX_TEXT {
        return Err(Error::invalid(format!("The {field} is too long: at most {MAX_TEXT} bytes.")));
    }
    limits::check_text(field, text)
}

/// The texts of a definition, wherever they stand in it.
pub(super) fn check_texts(name: &str, value: &Value) -> Result<()> {
    match value {
        Value::String(text) => limits::check_text(name, text),
        Value::Array(items) => items.iter().try_for_each(|item| check_texts(name, item)),
        Value::Object(entries) => entries.iter().try_for_each(|(name, value)| check_texts(name, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}
