//! What an operator bounds about a record, and what no database can hold.

use crate::{Error, Image, Kind, Result};

/// How much a project may hang on one image. `None` is without bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    pub tags: Option<usize>,
    pub properties: Option<usize>,
    pub members: Option<usize>,
    pub locations: Option<usize>,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { tags: Some(128), properties: Some(128), members: Some(128), locations: Some(10) }
    }
}

/// Names that the service itself gives to properties.
pub(crate) const RESERVED_NAMESPACE: &str = "os_glance";

impl Quotas {
    pub(crate) fn check_tags(&self, attempted: usize) -> Result<()> {
        check(attempted, self.tags, "tags")
    }

    pub fn check_locations(&self, attempted: usize) -> Result<()> {
        check(attempted, self.locations, "locations")
    }

    /// The service's own properties are not counted.
    pub(crate) fn check_properties(&self, image: &Image) -> Result<()> {
        let own = |name: &&String| !name.starts_with(RESERVED_NAMESPACE);
        check(image.properties.keys().filter(own).count(), self.properties, "properties")
    }
}

fn check(attempted: usize, maximum: Option<usize>, what: &str) -> Result<()> {
    match maximum {
        Some(maximum) if attempted > maximum => Err(Error::new(
            Kind::LimitExceeded,
            format!(
                "The limit has been exceeded on the number of allowed image {what}. Attempted: {attempted}, Maximum: {maximum}"
            ),
        )),
        _ => Ok(()),
    }
}

/// The name of a property that a client gives.
pub(crate) fn check_property_name(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::invalid("The name of a custom property must not be empty."));
    }
    if name.chars().count() > 255 {
        return Err(Error::invalid("Custom property should not be greater than 255 characters."));
    }
    match unstorable(name) {
        Some(what) => Err(Error::invalid(format!("Property names can't contain {what}."))),
        None => Ok(()),
    }
}

/// A text that the field or property `name` is to hold.
pub(crate) fn check_text(name: &str, text: &str) -> Result<()> {
    match unstorable(text) {
        Some("4 byte unicode") => {
            Err(Error::invalid(format!("{} can't contain 4 byte unicode characters.", title(name))))
        }
        Some(what) => Err(Error::invalid(format!("{} can't contain {what}.", title(name)))),
        None => Ok(()),
    }
}

pub(crate) fn check_tag_text(tag: &str) -> Result<()> {
    match unstorable(tag) {
        Some(what) => Err(Error::invalid(format!("Param values can't contain {what}."))),
        None => Ok(()),
    }
}

/// MySQL's `utf8` holds three bytes a character, and PostgreSQL's text no NUL. One rule for all databases, so
/// that a record can move from one to another.
fn unstorable(text: &str) -> Option<&'static str> {
    if text.bytes().any(|byte| byte >= 0xf0) {
        return Some("4 byte unicode");
    }
    text.contains('\0').then_some("NUL characters")
}

/// Python's `str.title`, which Glance applies to the field's name.
fn title(name: &str) -> String {
    let mut inside = false;
    let mut out = String::with_capacity(name.len());
    for character in name.chars() {
        match inside {
            true => out.extend(character.to_lowercase()),
            false => out.extend(character.to_uppercase()),
        }
        inside = character.is_alphabetic();
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_text_that_some_database_cannot_hold_is_refused_by_name() {
        for (name, text, message) in [
            ("name", "\u{1f600}", "Name can't contain 4 byte unicode characters."),
            ("os_distro", "\u{1f600}", "Os_Distro can't contain 4 byte unicode characters."),
            ("foo", "a\0b", "Foo can't contain NUL characters."),
        ] {
            assert_eq!(check_text(name, text).unwrap_err().message, message);
        }
        assert_eq!(check_text("name", "ünï\u{ffff}"), Ok(()));
        assert_eq!(
            check_property_name("k\u{1f600}").unwrap_err().message,
            "Property names can't contain 4 byte unicode."
        );
        assert_eq!(check_tag_text("\u{1f600}").unwrap_err().message, "Param values can't contain 4 byte unicode.");
    }

    #[test]
    fn no_quota_means_no_bound() {
        let unbounded = Quotas { tags: None, properties: None, members: None, locations: None };
        assert_eq!(unbounded.check_tags(100_000), Ok(()));
        assert_eq!(Quotas::default().check_tags(128), Ok(()));
        assert_eq!(
            Quotas::default().check_tags(129).unwrap_err().message,
            "The limit has been exceeded on the number of allowed image tags. Attempted: 129, Maximum: 128"
        );
    }
}
