//! The JSON schemas as they are served, and the check of a client's image against them in Glance's words.

mod check;

use crate::Result;
use check::validate_object;
use serde_json::{Map, Value};
use std::sync::LazyLock;

pub(crate) use check::validate;

/// The formats that images may have: Glance's `[image_format] container_formats` and `disk_formats`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatNames {
    pub container: Vec<String>,
    pub disk: Vec<String>,
}

impl Default for FormatNames {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            container: names(&["ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"]),
            disk: names(&["ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"]),
        }
    }
}

/// Every schema, by its name under `/v2/schemas/`.
#[derive(Debug, Clone)]
pub struct Schemas(Vec<(&'static str, Value)>);

impl Default for Schemas {
    fn default() -> Self {
        Self::new(&FormatNames::default())
    }
}

/// As Glance serves them by default.
static DOCUMENTS: LazyLock<Vec<(&'static str, Value)>> = LazyLock::new(|| {
    [
        ("image", include_str!("schemas/image.json")),
        ("images", include_str!("schemas/images.json")),
        ("member", include_str!("schemas/member.json")),
        ("members", include_str!("schemas/members.json")),
        ("task", include_str!("schemas/task.json")),
        ("tasks", include_str!("schemas/tasks.json")),
        ("metadefs/namespace", include_str!("schemas/metadefs_namespace.json")),
        ("metadefs/namespaces", include_str!("schemas/metadefs_namespaces.json")),
        ("metadefs/object", include_str!("schemas/metadefs_object.json")),
        ("metadefs/objects", include_str!("schemas/metadefs_objects.json")),
        ("metadefs/property", include_str!("schemas/metadefs_property.json")),
        ("metadefs/properties", include_str!("schemas/metadefs_properties.json")),
        ("metadefs/resource_type", include_str!("schemas/metadefs_resource_type.json")),
        ("metadefs/resource_types", include_str!("schemas/metadefs_resource_types.json")),
        ("metadefs/tag", include_str!("schemas/metadefs_tag.json")),
        ("metadefs/tags", include_str!("schemas/metadefs_tags.json")),
    ]
    .into_iter()
    .map(|(name, text)| (name, serde_json::from_str(text).expect("an embedded schema is JSON")))
    .collect()
});

/// A document that no setting changes: one of the metadata definitions.
pub(crate) fn metadefs(name: &str) -> &'static Value {
    let known = DOCUMENTS.iter().find(|(known, _)| known.strip_prefix("metadefs/") == Some(name));
    known.map_or(&Value::Null, |(_, document)| document)
}

/// What `POST /v2/images/{id}/locations` takes; Glance does not serve it.
pub(crate) static LOCATION: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("schemas/location.json")).expect("an embedded schema is JSON"));

impl Schemas {
    /// The schemas of a service whose images may have these formats, or none.
    pub fn new(formats: &FormatNames) -> Self {
        let mut documents = DOCUMENTS.clone();
        for ((_, schema), image) in documents.iter_mut().zip(["", "/properties/images/items"]) {
            for (field, names) in [("container_format", &formats.container), ("disk_format", &formats.disk)] {
                let known = schema.pointer_mut(&format!("{image}/properties/{field}/enum"));
                let names = names.iter().map(|name| Value::from(name.as_str()));
                *known.expect("the schemas of images list formats") = [Value::Null].into_iter().chain(names).collect();
            }
        }
        Self(documents)
    }

    /// The schema served under `/v2/schemas/{name}`, for example `image` or `metadefs/namespace`.
    pub fn by_name(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, schema)| schema)
    }

    fn image(&self) -> &Value {
        &self.0[0].1
    }

    /// Checks the body of a create request.
    pub fn validate_image(&self, body: &Map<String, Value>) -> Result<()> {
        validate_object(body, self.image())
    }

    /// Checks one property, as a PATCH or a tag sets it.
    pub(crate) fn validate_property(&self, name: &str, value: Value) -> Result<()> {
        self.validate_image(&Map::from_iter([(name.to_owned(), value)]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_schema_is_found_by_the_name_it_is_served_under() {
        let schemas = Schemas::default();
        for (name, schema) in &schemas.0 {
            assert!(std::ptr::eq(schemas.by_name(name).unwrap(), schema));
            assert!(schema["properties"].is_object(), "{name}");
        }
        assert_eq!(schemas.image()["name"], "image");
        assert!(schemas.by_name("nope").is_none());
    }

    #[test]
    fn the_default_formats_are_those_that_glance_serves() {
        for ((name, as_built), (_, as_served)) in Schemas::default().0.iter().zip(DOCUMENTS.iter()) {
            assert_eq!(as_built, as_served, "{name}");
        }
    }

    #[test]
    fn formats_are_those_that_are_given() {
        let formats = FormatNames { container: vec!["bare".into()], disk: vec!["raw".into(), "gpt".into()] };
        let schemas = Schemas::new(&formats);
        assert_eq!(schemas.validate_property("disk_format", "gpt".into()), Ok(()));
        assert_eq!(schemas.validate_property("disk_format", Value::Null), Ok(()));
        let refused = schemas.validate_property("disk_format", "qcow2".into()).unwrap_err();
        assert!(refused.message.contains("'qcow2' is not one of [None, 'raw', 'gpt']"), "{}", refused.message);
        assert!(schemas.validate_property("container_format", "ova".into()).is_err());
        let list = schemas.by_name("images").unwrap().to_string();
        assert!(list.contains(r#"[null,"raw","gpt"]"#) && !list.contains("ova"));
    }

    #[test]
    fn the_only_pattern_of_the_image_schema_is_that_of_an_id() {
        let schemas = Schemas::default();
        let text = schemas.image().to_string();
        assert_eq!(text.matches("\"pattern\"").count(), 1);
        assert!(schemas.image()["properties"]["id"]["pattern"].is_string());
    }
}
