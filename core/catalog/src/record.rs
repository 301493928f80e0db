//! Reads images from rows: the image's own, and those of what belongs to it.

use crate::{
    Error, Found, Kind, Result,
    sqlite::{Conn, Db, Row},
    stamp::Stamp,
};
use casement_image::{Image, ImageId, Location};
use serde_json::{Map, Value};
use sqlx::{QueryBuilder, Row as _};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    str::FromStr,
};

/// The columns of `images i`, as [`image`] reads them.
macro_rules! image_columns {
    () => {
        "i.id, i.name, i.status, i.visibility, i.protected, i.os_hidden, i.checksum, i.os_hash_algo, \
         i.os_hash_value, i.owner, i.size, i.virtual_size, i.container_format, i.disk_format, i.min_ram, i.min_disk, \
         i.created_at, COALESCE(i.updated_at, i.created_at) AS updated_at"
    };
}
pub(crate) use image_columns;

/// What a row of a child query holds.
const PROPERTY: i64 = 1;
const TAG: i64 = 2;
const LOCATION: i64 = 3;

/// The image and all that belongs to it in one statement: one round trip, and one state of the database.
pub(crate) const FIND: &str = concat!(
    "SELECT ",
    image_columns!(),
    ", c.part, c.name AS child_name, c.value AS child_value FROM images i LEFT JOIN (\
     SELECT 1 AS part, id, name, value FROM image_properties WHERE image_id = ? AND NOT deleted \
     UNION ALL SELECT 2, id, value, NULL FROM image_tags WHERE image_id = ? AND NOT deleted \
     UNION ALL SELECT 3, id, value, meta_data FROM image_locations \
       WHERE image_id = ? AND NOT deleted AND status = 'active' \
     UNION ALL SELECT 4, id, member, NULL FROM image_members WHERE image_id = ? AND member = ? AND NOT deleted\
     ) c ON TRUE WHERE i.id = ? AND i.deleted = FALSE ORDER BY c.part, c.id"
);

pub(crate) async fn find(
    executor: impl sqlx::Executor<'_, Database = Db>,
    id: &ImageId,
    project: Option<&str>,
) -> Result<Option<Found>> {
    let id = id.as_str();
    let rows = sqlx::query(FIND).bind(id).bind(id).bind(id).bind(id).bind(project).bind(id).fetch_all(executor).await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let mut found = Found { image: image(first)?, is_member: false };
    for row in &rows {
        match row.try_get::<Option<i64>, _>("part")? {
            None => {}
            Some(part @ (PROPERTY | TAG | LOCATION)) => add_child(&mut found.image, part, row)?,
            Some(_) => found.is_member = true,
        }
    }
    Ok(Some(found))
}

/// Fills in the properties, tags and locations of `images`, which come without any.
pub(crate) async fn load_children(conn: &mut Conn, images: &mut [Image]) -> Result<()> {
    // Databases limit how many values a statement may bind; pages are seldom longer than this.
    for some in images.chunks_mut(1024) {
        let rows = children_of(some).build().fetch_all(&mut *conn).await?;
        let mut by_id: HashMap<String, &mut Image> =
            some.iter_mut().map(|image| (image.id.as_str().to_owned(), image)).collect();
        for row in &rows {
            if let Some(image) = by_id.get_mut(row.try_get::<&str, _>("image_id")?) {
                add_child(image, row.try_get("part")?, row)?;
            }
        }
    }
    Ok(())
}

pub(crate) fn children_of(images: &[Image]) -> QueryBuilder<Db> {
    // Filled up to a power of two by naming some twice, so that few different statements have to be prepared.
    let ids = || images.iter().cycle().take(images.len().next_power_of_two()).map(|image| image.id.as_str());
    let mut query = QueryBuilder::new("");
    for part in [
        "SELECT 1 AS part, image_id, id, name AS child_name, value AS child_value FROM image_properties \
         WHERE NOT deleted",
        " UNION ALL SELECT 2, image_id, id, value, NULL FROM image_tags WHERE NOT deleted",
        " UNION ALL SELECT 3, image_id, id, value, meta_data FROM image_locations \
         WHERE NOT deleted AND status = 'active'",
    ] {
        query.push(part).push(" AND image_id IN (");
        let mut list = query.separated(", ");
        for id in ids() {
            list.push_bind(id.to_owned());
        }
        query.push(")");
    }
    query.push(" ORDER BY part, id");
    query
}

fn add_child(image: &mut Image, part: i64, row: &Row) -> Result<()> {
    let name: String = row.try_get("child_name")?;
    match part {
        PROPERTY => {
            let value: Option<String> = row.try_get("child_value")?;
            image.properties.insert(name, value.unwrap_or_default());
        }
        TAG => {
            image.tags.insert(name);
        }
        _ => image.locations.push(Location { url: name, metadata: metadata(row, "child_value")? }),
    }
    Ok(())
}

pub(crate) fn metadata(row: &Row, column: &'static str) -> Result<Map<String, Value>> {
    let text: Option<&str> = row.try_get(column)?;
    match text.map(serde_json::from_str) {
        None | Some(Ok(Value::Null)) => Ok(Map::new()),
        Some(Ok(Value::Object(map))) => Ok(map),
        _ => Err(unreadable(column, text.unwrap_or_default())),
    }
}

/// Reads an image without what belongs to it.
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
        tags: BTreeSet::new(),
        properties: BTreeMap::new(),
        locations: Vec::new(),
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
