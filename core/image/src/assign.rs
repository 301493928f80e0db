//! Setting one field of an image from a client's value, for create and for patch.

use crate::{Error, Image, Quotas, Result, Status, limits, python};
use serde_json::Value;

/// Fields that a client may set.
const FIELDS: [&str; 10] = [
    "name",
    "disk_format",
    "container_format",
    "visibility",
    "protected",
    "os_hidden",
    "owner",
    "min_ram",
    "min_disk",
    "tags",
];

pub(crate) fn is_field(name: &str) -> bool {
    FIELDS.contains(&name)
}

/// Sets the field or custom property `name`. The value has passed the schema.
pub(crate) fn assign(image: &mut Image, name: &str, value: &Value, quotas: &Quotas) -> Result<()> {
    match name {
        "name" => image.name = text(name, value)?,
        "owner" => image.owner = text(name, value)?,
        "disk_format" => image.disk_format = format(image, name, value)?,
        "container_format" => image.container_format = format(image, name, value)?,
        "visibility" => {
            if let Some(visibility) = value.as_str().and_then(|text| text.parse().ok()) {
                image.visibility = visibility;
            }
        }
        "protected" => image.protected = value.as_bool().unwrap_or(image.protected),
        "os_hidden" => image.os_hidden = value.as_bool().unwrap_or(image.os_hidden),
        "min_ram" => image.min_ram = whole(name, value)?,
        "min_disk" => image.min_disk = whole(name, value)?,
        "tags" => {
            let tags: Vec<&str> = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            // As sent, twins included: Glance counts before it makes a set of them.
            quotas.check_tags(tags.len())?;
            tags.iter().try_for_each(|tag| limits::check_tag_text(tag))?;
            image.tags = tags.into_iter().map(str::to_owned).collect();
        }
        _ => {
            limits::check_property_name(name)?;
            let text = match value {
                // Where the operator's schema has other types than text.
                Value::Bool(_) | Value::Number(_) => value.to_string(),
                _ => text(name, value)?.unwrap_or_default(),
            };
            if image.properties.insert(name.to_owned(), text).is_none() {
                quotas.check_properties(image)?;
            }
        }
    }
    Ok(())
}

fn text(name: &str, value: &Value) -> Result<Option<String>> {
    let text = value.as_str();
    text.map_or(Ok(()), |text| limits::check_text(name, text))?;
    Ok(text.map(str::to_owned))
}

/// A format says what the data is, so it stays once there is data.
fn format(image: &Image, name: &str, value: &Value) -> Result<Option<String>> {
    if !matches!(image.status, Status::Queued | Status::Importing) {
        return Err(Error::forbidden(format!("Attribute {name} can be only replaced for a queued image.")));
    }
    text(name, value)
}

/// Databases hold these as signed 32-bit numbers.
fn whole(name: &str, value: &Value) -> Result<u32> {
    const MAXIMUM: u32 = i32::MAX as u32;
    // A JSON number such as 2.0 is an integer too, and 1e30 is one that fits nowhere.
    let number = value.as_f64().unwrap_or_default();
    if number < 0.0 {
        let value = python::repr(value);
        return Err(Error::invalid(format!(
            "Invalid value '{value}' for parameter '{name}': Cannot be a negative value"
        )));
    }
    if number > f64::from(MAXIMUM) {
        return Err(Error::invalid(format!("'{name}' value out of range, must not exceed {MAXIMUM}.")));
    }
    Ok(number as u32)
}
