//! The JSON schemas as they are served, and the check of a client's image against them in Glance's words.

mod check;
mod custom;

use crate::Result;
use check::validate_with;
use regex::Regex;
use serde_json::{Map, Value};
use std::sync::LazyLock;

pub(crate) use check::validate;
pub use custom::CustomProperties;

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
pub struct Schemas {
    documents: Vec<(&'static str, Value)>,
    /// That of an image without what it requires: for one property at a time.
    part_of_image: Value,
    custom: CustomProperties,
}

/// What the patterns of properties mean, by their text.
type Patterns = Vec<(String, Regex)>;

impl Default for Schemas {
    fn default() -> Self {
        Self::new(&FormatNames::default(), CustomProperties::default())
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
    /// The schemas of a service whose images may have these formats, or none, and these properties of the operator's.
    pub fn new(formats: &FormatNames, custom: CustomProperties) -> Self {
        let mut documents = DOCUMENTS.clone();
        let mut part_of_image = documents[0].1.clone();
        adapt(&mut part_of_image, formats, &custom.properties);
        let mut image = part_of_image.clone();
        require(&mut image, &custom.required);
        let items = documents[1].1.pointer_mut("/properties/images/items");
        *items.expect("the schema of a list says what it lists") = image.clone();
        documents[0].1 = image;
        Self { documents, part_of_image, custom }
    }

    /// The schema served under `/v2/schemas/{name}`, for example `image` or `metadefs/namespace`.
    pub fn by_name(&self, name: &str) -> Option<&Value> {
        self.documents.iter().find(|(known, _)| *known == name).map(|(_, schema)| schema)
    }

    fn image(&self) -> &Value {
        &self.documents[0].1
    }

    /// Checks the body of a create request.
    pub fn validate_image(&self, body: &Value) -> Result<()> {
        validate_with(body, self.image(), &self.custom.patterns)
    }

    /// Checks one property, as a PATCH or a tag sets it.
    pub(crate) fn validate_property(&self, name: &str, value: Value) -> Result<()> {
        let body = Value::Object(Map::from_iter([(name.to_owned(), value)]));
        validate_with(&body, &self.part_of_image, &self.custom.patterns)
    }

    /// What an operator's property is by its schema, where that is not the text as which the catalog holds it. What does
    /// not fit, because it is older than the schema, stays text.
    pub(crate) fn typed(&self, name: &str, text: &str) -> Option<Value> {
        let definition = self.custom.properties.get(name)?;
        let fits = |value: &Value| validate_with(value, definition, &self.custom.patterns).is_ok();
        if fits(&Value::from(text)) {
            return None;
        }
        let typed = if text.is_empty() { Value::Null } else { serde_json::from_str(text).ok()? };
        fits(&typed).then_some(typed)
    }
}

pub(crate) fn base_properties() -> &'static Map<String, Value> {
    DOCUMENTS[0].1["properties"].as_object().expect("the schema of an image has properties")
}

fn adapt(image: &mut Value, formats: &FormatNames, custom: &Map<String, Value>) {
    let properties = image["properties"].as_object_mut().expect("the schema of an image has properties");
    for (field, names) in [("container_format", &formats.container), ("disk_format", &formats.disk)] {
        let names = names.iter().map(|name| Value::from(name.as_str()));
        properties[field]["enum"] = [Value::Null].into_iter().chain(names).collect();
    }
    properties.extend(custom.clone());
}

/// Before the links, where Glance writes it.
fn require(image: &mut Value, names: &[Value]) {
    if let Some(image) = image.as_object_mut().filter(|_| !names.is_empty()) {
        let links = image.remove("links");
        image.insert("required".into(), names.into());
        image.extend(links.map(|links| ("links".to_owned(), links)));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_schema_is_found_by_the_name_it_is_served_under() {
        let schemas = Schemas::default();
        for (name, schema) in &schemas.documents {
            assert!(std::ptr::eq(schemas.by_name(name).unwrap(), schema));
            assert!(schema["properties"].is_object(), "{name}");
        }
        assert_eq!(schemas.image()["name"], "image");
        assert!(schemas.by_name("nope").is_none());
    }

    #[test]
    fn the_default_formats_are_those_that_glance_serves() {
        for ((name, as_built), (_, as_served)) in Schemas::default().documents.iter().zip(DOCUMENTS.iter()) {
            assert_eq!(as_built, as_served, "{name}");
        }
    }

    #[test]
    fn formats_are_those_that_are_given() {
        let formats = FormatNames { container: vec!["bare".into()], disk: vec!["raw".into(), "gpt".into()] };
        let schemas = Schemas::new(&formats, CustomProperties::default());
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
