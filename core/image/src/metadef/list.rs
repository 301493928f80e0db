//! What the lists of namespaces and tags can be asked for.

use crate::{
    Error, Result, SortDir, filter,
    list::{ListSettings, links_of},
};
use std::str::FromStr;

/// Resource types that a list can be narrowed to: each is a value of one query.
const MAX_VALUES: usize = 500;

/// Order and page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery<K> {
    /// Comes before `created_at` and the order of creation, which make every place unique.
    pub sort_key: K,
    pub sort_dir: SortDir,
    /// `None` lists all.
    pub limit: Option<u32>,
    /// The name of the last one before the page.
    pub marker: Option<String>,
}

/// A column that namespaces can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamespaceSortKey {
    Namespace,
    DisplayName,
    Description,
    Visibility,
    Protected,
    Owner,
    UpdatedAt,
    CreatedAt,
}

impl NamespaceSortKey {
    const NAMES: [(Self, &'static str); 9] = [
        (Self::Namespace, "namespace"),
        (Self::DisplayName, "display_name"),
        (Self::Description, "description"),
        (Self::Visibility, "visibility"),
        (Self::Protected, "protected"),
        (Self::Owner, "owner"),
        (Self::UpdatedAt, "updated_at"),
        (Self::CreatedAt, "created_at"),
        // It follows the time of creation in any case.
        (Self::CreatedAt, "id"),
    ];
}

impl FromStr for NamespaceSortKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        named(&Self::NAMES, text)
    }
}

/// A column that tags can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagSortKey {
    Name,
    UpdatedAt,
    CreatedAt,
}

impl TagSortKey {
    const NAMES: [(Self, &'static str); 5] = [
        (Self::Name, "name"),
        (Self::UpdatedAt, "updated_at"),
        (Self::CreatedAt, "created_at"),
        // It follows the time of creation in any case, and the other one is the same for all tags of a list.
        (Self::CreatedAt, "id"),
        (Self::CreatedAt, "namespace_id"),
    ];
}

impl FromStr for TagSortKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        named(&Self::NAMES, text)
    }
}

fn named<K: Copy>(names: &[(K, &'static str)], text: &str) -> Result<K> {
    names.iter().find(|(_, name)| *name == text).map(|(key, _)| *key).ok_or_else(|| {
        let known: Vec<_> = names.iter().map(|(_, name)| *name).collect();
        Error::invalid(format!("Invalid sort key: {text}. It must be one of the following: {}.", known.join(", ")))
    })
}

/// A list of namespaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceQuery {
    pub page: ListQuery<NamespaceSortKey>,
    /// As it was given: what is no visibility matches nothing.
    pub visibility: Option<String>,
    /// Any of these.
    pub resource_types: Option<Vec<String>>,
}

impl NamespaceQuery {
    pub fn parse(pairs: &[(String, String)], settings: &ListSettings) -> Result<Self> {
        let limit = match first(pairs, "limit") {
            Some(text) => limit(text)?,
            None => settings.default_limit,
        };
        let page = page(pairs, Some(limit.min(settings.max_limit)), NamespaceSortKey::CreatedAt)?;
        let visibility = first(pairs, "visibility");
        if let Some(other) = visibility.filter(|name| !["", "public", "private"].contains(name)) {
            return Err(Error::invalid(format!("Invalid visibility value: {other}")));
        }
        let names = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let resource_types = first(pairs, "resource_types").map(names);
        if resource_types.as_ref().is_some_and(|names| names.len() > MAX_VALUES) {
            return Err(Error::invalid(format!("A list can be narrowed to at most {MAX_VALUES} resource types.")));
        }
        Ok(Self { page, visibility: visibility.map(str::to_owned), resource_types })
    }
}

/// A list of the tags of a namespace.
pub type TagQuery = ListQuery<TagSortKey>;

impl TagQuery {
    pub fn parse(pairs: &[(String, String)]) -> Result<Self> {
        let present = |name| first(pairs, name).filter(|text| !text.is_empty());
        let mut query = page(pairs, present("limit").map(limit).transpose()?, TagSortKey::CreatedAt)?;
        query.marker = query.marker.filter(|marker| !marker.is_empty());
        Ok(query)
    }
}

/// The parameters of the list of objects, which has no pages: they are only held to make sense, as with Glance.
pub fn check_object_query(pairs: &[(String, String)]) -> Result<()> {
    let limit = first(pairs, "limit").map(limit).transpose()?;
    if limit == Some(0) {
        return Err(Error::invalid("limit param must be positive"));
    }
    sort_dir(pairs).map(drop)
}

/// The `first` and `next` links of a list of namespaces.
pub fn namespace_links(pairs: &[(String, String)], next_marker: Option<&str>) -> (String, Option<String>) {
    links_of("/v2/metadefs/namespaces", pairs, next_marker)
}

fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn page<K: FromStr<Err = Error>>(pairs: &[(String, String)], limit: Option<u32>, key: K) -> Result<ListQuery<K>> {
    Ok(ListQuery {
        sort_dir: sort_dir(pairs)?,
        sort_key: first(pairs, "sort_key").map_or(Ok(key), str::parse)?,
        limit,
        marker: first(pairs, "marker").map(str::to_owned),
    })
}

fn limit(text: &str) -> Result<u32> {
    let limit = filter::integer(text).ok_or_else(|| Error::invalid("limit param must be an integer"))?;
    if limit < 0 {
        return Err(Error::invalid("limit param must be positive"));
    }
    Ok(u32::try_from(limit).unwrap_or(u32::MAX))
}

fn sort_dir(pairs: &[(String, String)]) -> Result<SortDir> {
    let text = first(pairs, "sort_dir").unwrap_or("desc");
    text.parse().map_err(|()| Error::invalid(format!("Invalid sort direction: {text}")))
}
