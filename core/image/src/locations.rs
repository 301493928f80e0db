//! The rules by which clients change where an image's data lies. What a location leads to is asked by the service, in
//! between.

use crate::{Error, Image, Kind, Location, Result, Status, python, scheme_of};
use serde_json::{Map, Value};

/// One change of the list of locations, by PATCH.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LocationChange<'a> {
    /// `at` is a position, or `-` for the end.
    Add {
        at: &'a str,
        value: &'a Value,
    },
    Replace(&'a [Value]),
    Remove {
        at: &'a str,
    },
}

/// Schemes that name what is the service's own: whoever could register them could read any file, or use credentials of
/// the configuration. Glance takes `swift` and its kin with the user and key that stand in them; here the store's own
/// would be used.
const RESTRICTED: [&str; 6] = ["file", "filesystem", "swift", "swift+config", "swift+http", "swift+https"];

impl LocationChange<'_> {
    /// The policy that has a say in it.
    pub fn action(&self) -> &'static str {
        match self {
            Self::Add { .. } | Self::Replace(_) => "set_image_location",
            Self::Remove { .. } => "delete_image_location",
        }
    }

    /// How many locations the change names.
    pub fn count(&self) -> usize {
        match self {
            Self::Add { .. } | Self::Remove { .. } => 1,
            Self::Replace(values) => values.len(),
        }
    }

    /// Refused to everybody, whoever asks.
    pub fn check_not_emptying(&self) -> Result<()> {
        match self {
            Self::Replace([]) => Err(Error::forbidden("Cannot set locations to empty list.").with_generic_lead()),
            _ => Ok(()),
        }
    }

    /// Whether the image takes such a change now. What is not shown cannot be changed.
    pub fn check_allowed(&self, image: &Image, shown: bool) -> Result<()> {
        let (verb, statuses): (_, &[Status]) = match self {
            Self::Add { .. } => ("add", &[Status::Active, Status::Queued]),
            Self::Replace(_) => ("replace", &[Status::Active, Status::Queued]),
            Self::Remove { .. } => ("remove", &[Status::Active]),
        };
        if !shown {
            let verb = if verb == "replace" { "update" } else { verb };
            let message = format!("It's not allowed to {verb} locations if locations are invisible.");
            return Err(Error::forbidden(message));
        }
        if !statuses.contains(&image.status) {
            let message = format!("It's not allowed to {verb} locations if image status is {}.", image.status);
            return Err(Error::conflict(message));
        }
        Ok(())
    }
}

/// The URL that a client gives, unless its scheme is none that clients may use.
pub fn check_scheme(url: &str) -> Result<String> {
    scheme_of(url).filter(|scheme| !RESTRICTED.contains(&scheme.as_str())).ok_or_else(invalid_location)
}

pub fn invalid_location() -> Error {
    Error::invalid("Invalid location")
}

/// What a client says of one location; it has passed the schema.
pub fn wanted(value: &Value) -> Result<Location> {
    let url = value.get("url").and_then(Value::as_str).unwrap_or_default().to_owned();
    let metadata = value.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
    check_metadata("", &Value::Object(metadata.clone()))?;
    Ok(Location { url, metadata })
}

fn check_metadata(key: &str, value: &Value) -> Result<()> {
    match value {
        Value::String(_) => Ok(()),
        Value::Object(entries) => entries.iter().try_for_each(|(key, value)| check_metadata(key, value)),
        Value::Array(items) => {
            items.iter().enumerate().try_for_each(|(at, item)| check_metadata(&format!("{key}[{at}]"), item))
        }
        _ => Err(Error::invalid(format!(
            "The image metadata key {key} has an invalid type. Only objects, lists and text are supported."
        ))),
    }
}

/// Where a location is to be added in a list of `len`; beyond its end is at its end.
pub fn position_to_add(at: &str, len: usize) -> Result<usize> {
    position(at, len).map(|at| at.min(len)).ok_or_else(|| Error::invalid("Invalid position for adding a location."))
}

/// Which location of an image is to be removed.
pub fn position_to_remove(at: &str, image: &Image) -> Result<usize> {
    let len = image.locations.len();
    if len == 1 {
        return Err(Error::forbidden("Cannot remove last location in the image."));
    }
    let place = position(at, len.saturating_sub(1)).filter(|at| *at < len);
    place.ok_or_else(|| Error::invalid("Invalid position for removing a location."))
}

fn position(at: &str, last: usize) -> Option<usize> {
    match at {
        "-" => Some(last),
        _ if at.is_empty() || !at.bytes().all(|byte| byte.is_ascii_digit()) => None,
        // Beyond what a number can be is beyond the end.
        _ => Some(at.parse().unwrap_or(usize::MAX)),
    }
}

pub fn check_no_duplicate(locations: &[Location], new: &Location) -> Result<()> {
    if locations.contains(new) {
        return Err(Error::invalid(format!("The location {} already exists", new.url)));
    }
    Ok(())
}

/// Whether the new list has the URLs of the old one, and so changes nothing but metadata and order. An image that has
/// data keeps it: another URL might lead to other data.
pub fn check_same_urls(image: &Image, wanted: &[Location]) -> Result<bool> {
    let sorted = |locations: &[Location]| {
        let mut urls: Vec<String> = locations.iter().map(|location| location.url.clone()).collect();
        urls.sort();
        urls
    };
    match sorted(&image.locations) == sorted(wanted) {
        true => Ok(true),
        false if image.locations.is_empty() => Ok(false),
        false => {
            let original: Vec<Value> = image.locations.iter().map(|location| location.url.clone().into()).collect();
            let original = python::repr(&Value::Array(original));
            Err(Error::invalid(format!("Original locations is not empty: {original}")))
        }
    }
}

/// What a client says of the data at the locations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validation(Map<String, Value>);

impl Validation {
    /// Gathers the `validation_data` of all locations and holds it against the image. `algorithm` is the one that this
    /// service computes.
    pub fn of(image: &Image, locations: &[Value], algorithm: &str) -> Result<Self> {
        let mut said = Map::new();
        for (key, value) in
            locations.iter().filter_map(|location| location.get("validation_data")?.as_object()).flatten()
        {
            if said.get(key).is_some_and(|before| before != value) {
                return Err(Error::conflict(format!("Conflicting values for {key}")));
            }
            said.insert(key.clone(), value.clone());
        }
        let mut new = Map::new();
        for (key, value) in said {
            match recorded(image, &key) {
                Some(known) if Some(known) == value.as_str() => {}
                Some(known) if !known.is_empty() => {
                    return Err(Error::conflict(format!("{key} is already set with a different value")));
                }
                _ => {
                    new.insert(key, value);
                }
            }
        }
        let new = Self(new);
        if !new.0.is_empty() {
            new.check(image, algorithm)?;
        }
        Ok(new)
    }

    fn check(&self, image: &Image, algorithm: &str) -> Result<()> {
        if image.status != Status::Queued {
            let names: Vec<&str> = self.0.keys().map(String::as_str).collect();
            let names = names.join(", ");
            return Err(Error::conflict(format!(
                "New value(s) for {names} may only be provided when image status is 'queued'"
            )));
        }
        if let Some(checksum) = self.text("checksum") {
            let bytes = hex_bytes("checksum", checksum, Kind::Conflict)?;
            if bytes != 16 {
                let message = format!("checksum ({checksum}) is not the correct size for md5 (should be 16 bytes)");
                return Err(Error::conflict(message));
            }
        }
        let got = self.text("os_hash_algo").unwrap_or("None");
        if got != algorithm {
            return Err(Error::conflict(format!("os_hash_algo must be {algorithm}, not {got}")));
        }
        let value = self.text("os_hash_value").unwrap_or_default();
        let want = digest_len(algorithm);
        if hex_bytes("os_hash_value", value, Kind::Conflict)? != want {
            return Err(Error::conflict(format!(
                "os_hash_value ({value}) is not the correct size for {algorithm} (should be {want} bytes)"
            )));
        }
        Ok(())
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str)
    }

    /// A queued image that has got a location is active, with what was said of its data.
    pub fn activate(&self, image: &mut Image) -> Result<()> {
        if image.status != Status::Queued {
            return Ok(());
        }
        let owned = |key: &str, before: Option<String>| self.text(key).map(str::to_owned).or(before);
        image.checksum = owned("checksum", image.checksum.take());
        image.os_hash_algo = owned("os_hash_algo", image.os_hash_algo.take());
        image.os_hash_value = owned("os_hash_value", image.os_hash_value.take());
        image.check_transition(Status::Active).map_err(|error| Error::invalid(error.message))?;
        image.status = Status::Active;
        Ok(())
    }
}

fn recorded<'a>(image: &'a Image, key: &str) -> Option<&'a str> {
    match key {
        "checksum" => image.checksum.as_deref(),
        "os_hash_algo" => image.os_hash_algo.as_deref(),
        "os_hash_value" => image.os_hash_value.as_deref(),
        _ => None,
    }
}

/// How many bytes a text of hex digits stands for.
pub(crate) fn hex_bytes(name: &str, text: &str, kind: Kind) -> Result<usize> {
    if text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(text.len() / 2);
    }
    Err(Error::new(kind, format!("{name} ({text}) is not a valid hexadecimal value")))
}

/// Bytes of a digest, by the names that the API knows.
pub(crate) fn digest_len(algorithm: &str) -> usize {
    match algorithm {
        "md5" => 16,
        "sha1" => 20,
        "sha256" => 32,
        "sha384" => 48,
        _ => 64,
    }
}
