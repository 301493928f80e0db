//! Properties: what may stand behind a name.

use super::{
    attributes::{self, Kind},
    body::{NAMELESS_PROPERTY, TIMES, check, document},
    limits::{check_long, check_name, check_texts},
};
use crate::{Error, Result, schema};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

const ATTRIBUTES: [(&str, Kind); 19] = [
    ("name", Kind::Text),
    ("type", Kind::Text),
    ("title", Kind::Text),
    ("description", Kind::Text),
    ("operators", Kind::Texts),
    ("default", Kind::Default),
    ("readonly", Kind::Boolean),
    ("minimum", Kind::Integer),
    ("maximum", Kind::Integer),
    ("enum", Kind::Texts),
    ("pattern", Kind::Text),
    ("minLength", Kind::Integer),
    ("maxLength", Kind::Integer),
    ("confidential", Kind::Boolean),
    ("items", Kind::Items),
    ("uniqueItems", Kind::Boolean),
    ("minItems", Kind::Integer),
    ("maxItems", Kind::Integer),
    ("additionalItems", Kind::Boolean),
];

/// A definition, as clients see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyType(Map<String, Value>);

impl PropertyType {
    /// A definition whose name is the key it stands under.
    pub(super) fn parse(definition: &Value) -> Result<Self> {
        let Value::Object(entries) = definition else {
            return Err(Error::invalid("The definition of a property must be a JSON object."));
        };
        attributes::parse(entries, &ATTRIBUTES, &["type", "title"]).map(Self)
    }

    /// What the database holds.
    pub fn read(stored: &Map<String, Value>) -> Self {
        Self(attributes::read(stored, &ATTRIBUTES))
    }

    pub fn as_json(&self) -> &Map<String, Value> {
        &self.0
    }

    pub fn into_json(self) -> Map<String, Value> {
        self.0
    }

    fn check_storable(&self) -> Result<()> {
        self.0.iter().try_for_each(|(name, value)| check_texts(name, value))?;
        check_long("definition", &Value::Object(self.0.clone()).to_string())
    }
}

/// One property of a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    pub name: String,
    pub definition: PropertyType,
}

impl Property {
    /// The body of a create or an update.
    pub fn parse(body: &Value) -> Result<Self> {
        let entries = check(body, &TIMES, document("property"))?;
        let name = entries.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Self { name, definition: PropertyType::parse(body)? })
    }

    pub fn check_storable(&self) -> Result<()> {
        check_name("property", "name", &self.name)?;
        self.definition.check_storable()
    }

    /// The definition with the name that it has now.
    pub fn view(&self) -> Map<String, Value> {
        let mut view = Map::from_iter([("name".to_owned(), Value::from(self.name.as_str()))]);
        view.extend(self.definition.0.iter().filter(|(name, _)| *name != "name").map(|(n, v)| (n.clone(), v.clone())));
        view
    }
}

/// Definitions by name, inside a namespace or an object.
pub(super) type Properties = BTreeMap<String, PropertyType>;

pub(super) fn parse_all(entries: Option<&Value>) -> Result<Option<Properties>> {
    let Some(Value::Object(entries)) = entries else { return Ok(None) };
    let parsed = entries.iter().map(|(name, definition)| Ok((name.clone(), PropertyType::parse(definition)?)));
    parsed.collect::<Result<_>>().map(Some)
}

/// Inside an object that is made, definitions are held against the property's own schema, too.
pub(super) fn validate_all(entries: Option<&Value>) -> Result<()> {
    let definitions = entries.and_then(Value::as_object).into_iter().flat_map(Map::values);
    definitions.into_iter().try_for_each(|definition| schema::validate(definition, &NAMELESS_PROPERTY))
}

/// `prefix` stands before each name.
pub(super) fn view_all(properties: &Properties, prefix: &str) -> Value {
    properties
        .iter()
        .map(|(name, definition)| (format!("{prefix}{name}"), Value::Object(definition.0.clone())))
        .collect()
}

pub(super) fn check_all(properties: &Properties) -> Result<()> {
    for (name, definition) in properties {
        check_name("property", "name", name)?;
        definition.check_storable()?;
    }
    Ok(())
}
