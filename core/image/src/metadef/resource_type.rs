//! Resource types: the kinds of things that have properties, and how a namespace goes with them.

use super::{
    body::{self, TIMES, check, document, put},
    limits::{check_name, check_short},
};
use crate::{Result, view::timestamp};
use serde_json::{Map, Value};
use time::OffsetDateTime;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceType {
    pub name: String,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

impl ResourceType {
    pub fn view(&self) -> Map<String, Value> {
        let mut view = Map::new();
        put(&mut view, "name", Some(self.name.as_str()));
        put(&mut view, "created_at", Some(timestamp(self.created_at)));
        put(&mut view, "updated_at", Some(timestamp(self.updated_at)));
        view
    }
}

/// That the properties of a namespace can be had by things of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    /// The resource type.
    pub name: String,
    /// What stands before the names of properties on things of this type.
    pub prefix: Option<String>,
    /// Which of the sets of properties, where things of this type have several.
    pub properties_target: Option<String>,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

impl Association {
    /// The body of a create.
    pub fn parse(body: &Value, now: OffsetDateTime) -> Result<Self> {
        check(body, &TIMES, document("resource_type")).map(|entries| Self::of(entries, now))
    }

    pub(super) fn of(entries: &Map<String, Value>, now: OffsetDateTime) -> Self {
        Self {
            name: body::text(entries, "name").unwrap_or_default(),
            prefix: body::text(entries, "prefix"),
            properties_target: body::text(entries, "properties_target"),
            created_at: now,
            updated_at: now,
        }
    }

    pub fn check_storable(&self) -> Result<()> {
        check_name("resource type", "name", &self.name)?;
        check_short("prefix", self.prefix.as_deref().unwrap_or_default())?;
        check_short("properties_target", self.properties_target.as_deref().unwrap_or_default())
    }

    pub fn view(&self) -> Map<String, Value> {
        let mut view = self.short_view();
        put(&mut view, "created_at", Some(timestamp(self.created_at)));
        put(&mut view, "updated_at", Some(timestamp(self.updated_at)));
        view
    }

    /// Without times, as the answer to the create of a namespace has it.
    pub(super) fn short_view(&self) -> Map<String, Value> {
        let mut view = Map::new();
        put(&mut view, "name", Some(self.name.as_str()));
        put(&mut view, "prefix", self.prefix.as_deref());
        put(&mut view, "properties_target", self.properties_target.as_deref());
        view
    }
}
