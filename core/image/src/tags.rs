//! `PUT` and `DELETE /v2/images/{id}/tags/{tag}`.

use crate::{Error, Image, Kind, Quotas, Result, limits, schema::Schemas};
use serde_json::Value;

/// Whether a text can be a tag. Needs no image, so it comes before looking for one.
pub fn check(tag: &str, schemas: &Schemas) -> Result<()> {
    schemas.validate_property("tags", Value::Array(vec![tag.into()]))?;
    limits::check_tag_text(tag)
}

/// Adds a tag; one that is there already is no error, and changes nothing. Tells whether it changed anything.
pub fn add(image: &mut Image, tag: &str, quotas: &Quotas) -> Result<bool> {
    if image.tags.contains(tag) {
        return Ok(false);
    }
    quotas.check_tags(image.tags.len() + 1).map_err(|error| {
        Error::new(error.kind, format!("Image tag limit exceeded for image {}: {error}:", image.id))
    })?;
    Ok(image.tags.insert(tag.to_owned()))
}

/// Removes a tag.
pub fn remove(image: &mut Image, tag: &str) -> Result<()> {
    match image.tags.remove(tag) {
        true => Ok(()),
        false => Err(Error::new(Kind::NotFound, "The resource could not be found.")),
    }
}
