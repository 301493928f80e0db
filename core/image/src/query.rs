//! What a list request asks for, parsed. The grammar is that of `GET /v2/images`.

use crate::{ImageId, Status};
use std::{collections::BTreeMap, str::FromStr};
use time::OffsetDateTime;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKey {
    Name,
    Status,
    ContainerFormat,
    DiskFormat,
    Size,
    Id,
    CreatedAt,
    UpdatedAt,
}

impl SortKey {
    pub const ALL: [SortKey; 8] = [
        SortKey::Name,
        SortKey::Status,
        SortKey::ContainerFormat,
        SortKey::DiskFormat,
        SortKey::Size,
        SortKey::Id,
        SortKey::CreatedAt,
        SortKey::UpdatedAt,
    ];

    /// The name of the parameter and of the column.
    pub fn as_str(self) -> &'static str {
        match self {
            SortKey::Name => "name",
            SortKey::Status => "status",
            SortKey::ContainerFormat => "container_format",
            SortKey::DiskFormat => "disk_format",
            SortKey::Size => "size",
            SortKey::Id => "id",
            SortKey::CreatedAt => "created_at",
            SortKey::UpdatedAt => "updated_at",
        }
    }
}

impl FromStr for SortKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|key| key.as_str() == text).ok_or(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortDir {
    Asc,
    Desc,
}

impl SortDir {
    pub fn as_str(self) -> &'static str {
        match self {
            SortDir::Asc => "asc",
            SortDir::Desc => "desc",
        }
    }
}

impl FromStr for SortDir {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "asc" => Ok(SortDir::Asc),
            "desc" => Ok(SortDir::Desc),
            _ => Err(()),
        }
    }
}

/// `visibility=…`; absent is [`VisibilityFilter::Default`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VisibilityFilter {
    /// Own images, public ones, and shared ones with the wanted member status; not others' community images.
    #[default]
    Default,
    /// Everything that is visible.
    All,
    Only(crate::Visibility),
    /// `visibility=` with no value: matches nothing.
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MemberFilter {
    #[default]
    Accepted,
    Pending,
    Rejected,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeOp {
    Eq,
    Neq,
    Gt,
    Gte,
    Lt,
    Lte,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeFilter {
    pub op: TimeOp,
    pub at: OffsetDateTime,
}

/// A parsed list request. Filters are ANDed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListQuery {
    /// Rows wanted at most; 0 answers an empty list.
    pub limit: u32,
    pub marker: Option<ImageId>,
    pub visibility: VisibilityFilter,
    pub member_status: MemberFilter,
    pub os_hidden: bool,
    pub protected: Option<bool>,
    /// Every one must be there.
    pub tags: Vec<String>,
    /// The client's sort keys; the catalog appends `created_at` and `id` in `tie_dir` as tie-breakers.
    pub sort: Vec<(SortKey, SortDir)>,
    pub tie_dir: Option<SortDir>,
    /// Text columns: any of the values. Keys: name, id, container_format, disk_format, owner, checksum,
    /// os_hash_algo, os_hash_value.
    pub text: BTreeMap<&'static str, Vec<String>>,
    /// Any of these; an unknown name never matches, so an empty list matches nothing.
    pub status: Option<Vec<Status>>,
    /// Number columns by inclusive bounds. Keys: size, virtual_size, min_ram, min_disk. Equality is min = max.
    pub range: BTreeMap<&'static str, (Option<i64>, Option<i64>)>,
    pub created_at: Vec<TimeFilter>,
    pub updated_at: Vec<TimeFilter>,
    /// Custom properties by equality.
    pub properties: BTreeMap<String, String>,
}
