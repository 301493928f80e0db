//! The image record.

use crate::{Caller, ImageId, Status};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};
use time::OffsetDateTime;

/// Who else than its owner may see an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Visibility {
    Private,
    Shared,
    Community,
    Public,
}

impl Visibility {
    const NAMES: [(Visibility, &'static str); 4] = [
        (Visibility::Private, "private"),
        (Visibility::Shared, "shared"),
        (Visibility::Community, "community"),
        (Visibility::Public, "public"),
    ];

    pub fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(visibility, _)| *visibility == self).map_or("", |(_, name)| name)
    }
}

impl fmt::Display for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Visibility {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::NAMES.iter().find(|(_, name)| *name == text).map(|(visibility, _)| *visibility).ok_or(())
    }
}

/// Where a copy of an image's data lies.
#[derive(Debug, Clone, PartialEq)]
pub struct Location {
    pub url: String,
    /// Always carries `"store": <store id>` for what Casement itself wrote.
    pub metadata: Map<String, Value>,
}

impl Location {
    pub fn store(&self) -> Option<&str> {
        self.metadata.get("store").and_then(Value::as_str)
    }
}

/// One image, as the catalog holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    pub id: ImageId,
    pub name: Option<String>,
    pub status: Status,
    pub visibility: Visibility,
    pub protected: bool,
    pub os_hidden: bool,
    /// MD5 of the data, in hex.
    pub checksum: Option<String>,
    pub os_hash_algo: Option<String>,
    pub os_hash_value: Option<String>,
    /// The owning project; none is visible to everyone.
    pub owner: Option<String>,
    /// Bytes of data.
    pub size: Option<u64>,
    /// Bytes of the disk that the data describes.
    pub virtual_size: Option<u64>,
    pub container_format: Option<String>,
    pub disk_format: Option<String>,
    /// MiB.
    pub min_ram: u32,
    /// GiB.
    pub min_disk: u32,
    pub created_at: OffsetDateTime,
    /// Grows with every change: an update names the value it read, and loses against one that came between.
    pub updated_at: OffsetDateTime,
    pub tags: BTreeSet<String>,
    /// Everything a client added beyond the base properties. The catalog's NULL reads as "".
    pub properties: BTreeMap<String, String>,
    /// In order of preference.
    pub locations: Vec<Location>,
}

impl Image {
    /// Whether `caller` may know that this image exists. `is_member` says whether the caller's project is a
    /// member of it, with whatever member status.
    pub fn is_visible_to(&self, caller: &Caller, is_member: bool) -> bool {
        if caller.is_admin || matches!(self.visibility, Visibility::Public | Visibility::Community) {
            return true;
        }
        match (&self.owner, &caller.project_id) {
            (None, _) => true,
            (Some(owner), Some(project)) if owner == project => true,
            _ => self.visibility == Visibility::Shared && is_member,
        }
    }
}
