//! Tags: words that things of a kind can be marked with.

use super::{
    body::{self, TAG_LIST, TIMES, check, document},
    limits::check_name,
};
use crate::{Error, Result, schema, view::timestamp};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    pub name: String,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

impl Tag {
    pub(super) fn new(name: String, now: OffsetDateTime) -> Self {
        Self { name, created_at: now, updated_at: now }
    }

    /// The name in the path of a create.
    pub fn of_path(name: &str, now: OffsetDateTime) -> Result<Self> {
        schema::validate(&json!({ "name": name }), document("tag"))?;
        Ok(Self::new(name.to_owned(), now))
    }

    /// The body of an update.
    pub fn parse(body: &Value, now: OffsetDateTime) -> Result<Self> {
        let entries = check(body, &TIMES, document("tag"))?;
        Ok(Self::new(body::text(entries, "name").unwrap_or_default(), now))
    }

    /// The body that gives a namespace its tags.
    pub fn parse_list(body: &Value, now: OffsetDateTime) -> Result<Vec<Self>> {
        let entries = check(body, &TIMES, &TAG_LIST)?;
        let tags = entries.get("tags").ok_or_else(|| Error::invalid("The list of tags is missing: 'tags'."))?;
        let names = tags.as_array().into_iter().flatten().filter_map(|tag| tag.get("name")?.as_str());
        Ok(names.map(|name| Self::new(name.to_owned(), now)).collect())
    }

    pub fn check_storable(&self) -> Result<()> {
        check_name("tag", "name", &self.name)
    }

    pub fn view(&self) -> Map<String, Value> {
        let mut view = self.short_view();
        view.insert("created_at".to_owned(), timestamp(self.created_at).into());
        view.insert("updated_at".to_owned(), timestamp(self.updated_at).into());
        view
    }

    /// As in lists.
    pub fn short_view(&self) -> Map<String, Value> {
        Map::from_iter([("name".to_owned(), Value::from(self.name.as_str()))])
    }
}

/// Whether the header `X-Openstack-Append` asks to keep the tags that are there.
pub fn wants_append(header: Option<&str>) -> bool {
    let header = header.unwrap_or_default().trim().to_lowercase();
    ["1", "t", "true", "on", "y", "yes"].contains(&header.as_str())
}
