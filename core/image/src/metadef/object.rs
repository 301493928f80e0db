//! Objects: properties that belong together.

use super::{
    body::{self, OWN, check, document, put},
    limits::{check_long, check_name},
    property::{self, PropertyType},
};
use crate::{Result, view::timestamp};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use time::OffsetDateTime;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub name: String,
    pub description: Option<String>,
    /// Names of properties. `None` where a client gave none; what the database holds is never `None`.
    pub required: Option<Vec<String>>,
    pub properties: Option<BTreeMap<String, PropertyType>>,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

impl Object {
    /// The body of a create.
    pub fn parse_new(body: &Value, now: OffsetDateTime) -> Result<Self> {
        let entries = check(body, &OWN, document("object"))?;
        property::validate_all(entries.get("properties"))?;
        Self::of(entries, now)
    }

    /// The body of an update.
    pub fn parse(body: &Value, now: OffsetDateTime) -> Result<Self> {
        Self::of(check(body, &OWN, document("object"))?, now)
    }

    pub(super) fn of(entries: &Map<String, Value>, now: OffsetDateTime) -> Result<Self> {
        let names = |names: &Vec<Value>| names.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        Ok(Self {
            name: body::text(entries, "name").unwrap_or_default(),
            description: body::text(entries, "description"),
            required: entries.get("required").and_then(Value::as_array).map(names),
            properties: property::parse_all(entries.get("properties"))?,
            created_at: now,
            updated_at: now,
        })
    }

    pub fn check_storable(&self) -> Result<()> {
        check_name("object", "name", &self.name)?;
        check_long("description", self.description.as_deref().unwrap_or_default())?;
        check_long("required", &self.required.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(","))?;
        let Some(properties) = &self.properties else { return Ok(()) };
        property::check_all(properties)?;
        check_long("properties", &property::view_all(properties, "").to_string())
    }

    /// As an object of this namespace.
    pub fn view(&self, namespace: &str) -> Map<String, Value> {
        self.prefixed_view(namespace, "")
    }

    pub(super) fn prefixed_view(&self, namespace: &str, prefix: &str) -> Map<String, Value> {
        let mut view = self.short_view(prefix);
        put(&mut view, "created_at", Some(timestamp(self.created_at)));
        put(&mut view, "updated_at", Some(timestamp(self.updated_at)));
        put(&mut view, "self", Some(format!("/v2/metadefs/namespaces/{namespace}/objects/{}", self.name)));
        put(&mut view, "schema", Some("/v2/schemas/metadefs/object"));
        view
    }

    /// What a client gave. `prefix` stands before the names of properties.
    pub(super) fn short_view(&self, prefix: &str) -> Map<String, Value> {
        let prefixed = |names: &Vec<String>| names.iter().map(|name| format!("{prefix}{name}")).collect::<Vec<_>>();
        let mut view = Map::new();
        put(&mut view, "name", Some(self.name.as_str()));
        put(&mut view, "required", self.required.as_ref().map(prefixed));
        put(&mut view, "description", self.description.as_deref());
        put(&mut view, "properties", self.properties.as_ref().map(|all| property::view_all(all, prefix)));
        view
    }
}
