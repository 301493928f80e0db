//! The rules of `POST /v2/images`, in the order in which Glance applies them. The service asks the policy
//! between [`check_body`] and [`build`].

use crate::{Error, Image, ImageId, Quotas, Result, Status, Visibility, assign::assign, limits, schema::Schemas};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;

/// Refused before anything else is looked at.
const DISALLOWED: [&str; 7] = ["direct_url", "self", "file", "schema", "stores", "os_hash_algo", "os_hash_value"];
/// Refused only of a caller who may create images at all.
const READ_ONLY: [&str; 6] = ["created_at", "updated_at", "status", "checksum", "size", "virtual_size"];
const RESERVED: [&str; 3] = ["location", "deleted", "deleted_at"];

/// What the request does not say.
#[derive(Debug, Clone)]
pub struct Defaults {
    /// A fresh one is made when this and the body name none.
    pub id: Option<ImageId>,
    /// The caller's project.
    pub owner: Option<String>,
    pub now: OffsetDateTime,
    pub quotas: Quotas,
}

/// The checks that need no caller.
pub fn check_body<'a>(body: &'a Value, schemas: &Schemas) -> Result<&'a Map<String, Value>> {
    let Value::Object(entries) = body else {
        return Err(Error::invalid("The request body must be a JSON object that describes one image."));
    };
    refuse_any(entries, &DISALLOWED, "read-only")?;
    schemas.validate_image(body)?;
    for name in entries.keys().filter(|name| !is_base(name)) {
        limits::check_property_name(name)?;
        if RESERVED.contains(&name.as_str()) || name.starts_with(limits::RESERVED_NAMESPACE) {
            return Err(Error::forbidden(format!("Attribute '{name}' is reserved.")).with_generic_lead());
        }
    }
    Ok(entries)
}

/// The project that is to own the image: the one the body names, else the caller's. An admin may name none.
pub fn wanted_owner<'a>(body: &'a Map<String, Value>, project: Option<&'a str>) -> Option<&'a str> {
    body.get("owner").map_or(project, Value::as_str)
}

/// The visibility the body asks for; the policy has a say in some.
pub fn wanted_visibility(body: &Map<String, Value>) -> Option<Visibility> {
    body.get("visibility")?.as_str()?.parse().ok()
}

/// The additional properties that the body names.
pub fn additional_properties(body: &Map<String, Value>) -> impl Iterator<Item = &str> {
    body.keys().map(String::as_str).filter(|name| !is_base(name) && *name != "locations")
}

/// Makes the image of a body that [`check_body`] let pass.
pub fn build(body: &Map<String, Value>, defaults: Defaults) -> Result<Image> {
    let quotas = defaults.quotas;
    let tags = body.get("tags").and_then(Value::as_array).map_or(0, Vec::len);
    quotas.check_tags(tags)?;
    refuse_any(body, &READ_ONLY, "read-only")?;
    refuse_any(body, &["locations"], "reserved")?;

    let named = body.get("id").and_then(Value::as_str).and_then(ImageId::parse);
    let mut image = blank(named.or(defaults.id).unwrap_or_else(ImageId::random), defaults.owner, defaults.now);
    for (name, value) in body.iter().filter(|(name, _)| *name != "id") {
        // Counted at the end, so that the refusal tells the whole number.
        assign(&mut image, name, value, &Quotas { properties: None, ..quotas })?;
    }
    quotas.check_properties(&image)?;
    Ok(image)
}

fn is_base(name: &str) -> bool {
    crate::assign::is_field(name) || READ_ONLY.contains(&name) || name == "id"
}

fn refuse_any(body: &Map<String, Value>, names: &[&str], why: &str) -> Result<()> {
    match names.iter().find(|name| body.contains_key(**name)) {
        Some(name) => Err(Error::forbidden(format!("Attribute '{name}' is {why}."))),
        None => Ok(()),
    }
}

fn blank(id: ImageId, owner: Option<String>, now: OffsetDateTime) -> Image {
    Image {
        id,
        name: None,
        status: Status::Queued,
        visibility: Visibility::Shared,
        protected: false,
        os_hidden: false,
        checksum: None,
        os_hash_algo: None,
        os_hash_value: None,
        owner,
        size: None,
        virtual_size: None,
        container_format: None,
        disk_format: None,
        min_ram: 0,
        min_disk: 0,
        created_at: now,
        updated_at: now,
        tags: BTreeSet::new(),
        properties: BTreeMap::new(),
        locations: Vec::new(),
    }
}
