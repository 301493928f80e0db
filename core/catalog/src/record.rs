//! Reads images from rows. A row holds an image and all that belongs to it: each further row, as each further statement, is
//! handed from the database's thread to the reader.

use crate::{
    Error, Found, Kind, Result,
    sqlite::{Db, Row},
    stamp::Stamp,
};
use casement_image::{Image, ImageId, Location};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sqlx::Row as _;
use std::{collections::BTreeMap, str::FromStr, sync::Arc};

/// The columns of `images i`, as [`image`] reads them. A name is no key of a JSON object: SQLite would cut it at a NUL.
macro_rules! image_columns {
    () => {
        "i.id, i.name, i.status, i.visibility, i.protected, i.os_hidden, i.checksum, i.os_hash_algo, \
         i.os_hash_value, i.owner, i.size, i.virtual_size, i.container_format, i.disk_format, i.min_ram, i.min_disk, \
         i.created_at, COALESCE(i.updated_at, i.created_at) AS updated_at, \
         (SELECT JSON_GROUP_ARRAY(JSON_ARRAY(p.name, p.value)) FROM image_properties p \
         WHERE p.image_id = i.id AND NOT p.deleted) AS properties, \
         (SELECT JSON_GROUP_ARRAY(t.value) FROM image_tags t WHERE t.image_id = i.id AND NOT t.deleted) AS tags, \
         (SELECT JSON_GROUP_ARRAY(JSON_ARRAY(l.id, l.value, l.meta_data)) FROM image_locations l \
         WHERE l.image_id = i.id AND NOT l.deleted AND l.status = 'active') AS locations"
    };
}
pub(crate) use image_columns;

pub(crate) const FIND: &str = concat!(
    "SELECT ",
    image_columns!(),
    ", EXISTS (SELECT 1 FROM image_members m WHERE m.image_id = i.id AND m.member = ? AND NOT m.deleted) AS is_member \
     FROM images i WHERE i.id = ? AND i.deleted = FALSE"
);

pub(crate) async fn find(
    executor: impl sqlx::Executor<'_, Database = Db>,
    id: &ImageId,
    project: Option<&str>,
) -> Result<Option<Found>> {
    let row = sqlx::query(FIND).bind(project).bind(id.as_str()).fetch_optional(executor).await?;
    row.map(|row| Ok(Found { image: Arc::new(image(&row)?), is_member: row.try_get("is_member")? })).transpose()
}

fn properties(row: &Row) -> Result<BTreeMap<String, String>> {
    let found: Vec<(String, Option<String>)> = json(row, "properties")?;
    Ok(found.into_iter().map(|(name, value)| (name, value.unwrap_or_default())).collect())
}

fn locations(row: &Row) -> Result<Vec<Location>> {
    let mut found: Vec<(i64, String, Option<String>)> = json(row, "locations")?;
    found.sort_unstable_by_key(|(id, ..)| *id);
    let location = |(_, url, text): (i64, String, Option<String>)| {
        Ok(Location { url, metadata: object("meta_data", text.as_deref())? })
    };
    found.into_iter().map(location).collect()
}

/// What a statement has made JSON of.
fn json<T: DeserializeOwned>(row: &Row, column: &'static str) -> Result<T> {
    let text: &str = row.try_get(column)?;
    serde_json::from_str(text).map_err(|_| unreadable(column, text))
}

pub(crate) fn metadata(row: &Row, column: &'static str) -> Result<Map<String, Value>> {
    object(column, row.try_get(column)?)
}

fn object(column: &'static str, text: Option<&str>) -> Result<Map<String, Value>> {
    match text.map(serde_json::from_str) {
        None | Some(Ok(Value::Null)) => Ok(Map::new()),
        Some(Ok(Value::Object(map))) => Ok(map),
        _ => Err(unreadable(column, text.unwrap_or_default())),
    }
}

pub(crate) fn image(row: &Row) -> Result<Image> {
    Ok(Image {
        id: image_id(row, "id")?,
        name: row.try_get("name")?,
        status: named(row, "status")?,
        visibility: named(row, "visibility")?,
        protected: row.try_get("protected")?,
        os_hidden: row.try_get("os_hidden")?,
        checksum: row.try_get("checksum")?,
        os_hash_algo: row.try_get("os_hash_algo")?,
        os_hash_value: row.try_get("os_hash_value")?,
        owner: row.try_get("owner")?,
        size: number(row, "size")?,
        virtual_size: number(row, "virtual_size")?,
        container_format: row.try_get("container_format")?,
        disk_format: row.try_get("disk_format")?,
        min_ram: number(row, "min_ram")?.unwrap_or_default(),
        min_disk: number(row, "min_disk")?.unwrap_or_default(),
        created_at: row.try_get::<Stamp, _>("created_at")?.0,
        updated_at: row.try_get::<Stamp, _>("updated_at")?.0,
        tags: json(row, "tags")?,
        properties: properties(row)?,
        locations: locations(row)?,
    })
}

pub(crate) fn image_id(row: &Row, column: &'static str) -> Result<ImageId> {
    let text: &str = row.try_get(column)?;
    ImageId::parse(text).ok_or_else(|| unreadable(column, text))
}

/// A status, a visibility: a text of a closed set.
pub(crate) fn named<T: FromStr>(row: &Row, column: &'static str) -> Result<T> {
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|_| unreadable(column, text))
}

pub(crate) fn number<T: TryFrom<i64>>(row: &Row, column: &'static str) -> Result<Option<T>> {
    let number: Option<i64> = row.try_get(column)?;
    number.map(|number| number.try_into().map_err(|_| unreadable(column, &number.to_string()))).transpose()
}

/// The database's integers are signed.
pub(crate) fn signed(bytes: Option<u64>) -> Result<Option<i64>> {
    bytes
        .map(i64::try_from)
        .transpose()
        .map_err(|error| Error::new(Kind::Internal, "a size beyond 8 EiB can't be kept").because(error))
}

fn unreadable(what: &str, value: &str) -> Error {
    Error::new(
        Kind::Internal,
        format!("the database holds {value:?} for {what}, which is no valid value; correct the row"),
    )
}
