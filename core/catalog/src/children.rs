//! Writes what belongs to an image: properties, tags, locations. Nothing is ever removed, only marked as deleted.
//!
//! Conditions say `NOT deleted`, here and wherever rows of one image are read: `deleted = FALSE` would let SQLite, which
//! keeps no statistics, walk Glance's index on `deleted`, where nearly every row of the table is.

use crate::{Error, Kind, Result, sqlite::Conn, stamp::Stamp};
use casement_image::{Image, ImageId, Location};
use time::OffsetDateTime;

/// Writes everything that belongs to an image that has nothing yet.
pub(crate) async fn insert_all(conn: &mut Conn, image: &Image) -> Result<()> {
    for (name, value) in &image.properties {
        insert_property(conn, &image.id, name, value, image.created_at).await?;
    }
    for tag in &image.tags {
        insert_tag(conn, &image.id, tag, image.created_at).await?;
    }
    for location in &image.locations {
        insert_location(conn, &image.id, location, image.created_at).await?;
    }
    Ok(())
}

/// Turns the properties and tags of `before` into those of `after`.
pub(crate) async fn apply_difference(
    conn: &mut Conn,
    before: &Image,
    after: &Image,
    now: OffsetDateTime,
) -> Result<()> {
    for name in before.properties.keys().filter(|name| !after.properties.contains_key(*name)) {
        remove_property(conn, &before.id, name, now).await?;
    }
    for (name, value) in after.properties.iter().filter(|(name, value)| before.properties.get(*name) != Some(value)) {
        put_property(conn, &before.id, name, value, now).await?;
    }
    for tag in before.tags.difference(&after.tags) {
        remove_tag(conn, &before.id, tag, now).await?;
    }
    for tag in after.tags.difference(&before.tags) {
        put_tag(conn, &before.id, tag, now).await?;
    }
    Ok(())
}

/// A deleted property's row is used again: there may be only one of a name.
async fn put_property(conn: &mut Conn, id: &ImageId, name: &str, value: &str, now: OffsetDateTime) -> Result<()> {
    let revived = sqlx::query(
        "UPDATE image_properties SET value = ?, updated_at = ?, deleted_at = NULL, deleted = FALSE \
         WHERE image_id = ? AND name = ?",
    )
    .bind(value)
    .bind(Stamp(now))
    .bind(id.as_str())
    .bind(name)
    .execute(&mut *conn)
    .await?;
    if revived.rows_affected() == 0 {
        insert_property(conn, id, name, value, now).await?;
    }
    Ok(())
}

async fn insert_property(conn: &mut Conn, id: &ImageId, name: &str, value: &str, now: OffsetDateTime) -> Result<()> {
    sqlx::query(
        "INSERT INTO image_properties (image_id, name, value, created_at, updated_at, deleted) \
         VALUES (?, ?, ?, ?, ?, FALSE)",
    )
    .bind(id.as_str())
    .bind(name)
    .bind(value)
    .bind(Stamp(now))
    .bind(Stamp(now))
    .execute(conn)
    .await?;
    Ok(())
}

async fn remove_property(conn: &mut Conn, id: &ImageId, name: &str, now: OffsetDateTime) -> Result<()> {
    sqlx::query(
        "UPDATE image_properties SET updated_at = ?, deleted_at = ?, deleted = TRUE \
         WHERE image_id = ? AND name = ? AND NOT deleted",
    )
    .bind(Stamp(now))
    .bind(Stamp(now))
    .bind(id.as_str())
    .bind(name)
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn has_tag(conn: &mut Conn, id: &ImageId, tag: &str) -> Result<bool> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM image_tags WHERE image_id = ? AND value = ? AND NOT deleted LIMIT 1")
            .bind(id.as_str())
            .bind(tag)
            .fetch_optional(conn)
            .await?;
    Ok(found.is_some())
}

/// Adds a tag that is not there. A deleted row of it is used again, or a tag that comes and goes would pile up rows.
pub(crate) async fn put_tag(conn: &mut Conn, id: &ImageId, tag: &str, now: OffsetDateTime) -> Result<()> {
    let deleted: Option<i64> =
        sqlx::query_scalar("SELECT MAX(id) FROM image_tags WHERE image_id = ? AND value = ? AND deleted")
            .bind(id.as_str())
            .bind(tag)
            .fetch_one(&mut *conn)
            .await?;
    let Some(row) = deleted else {
        return insert_tag(conn, id, tag, now).await;
    };
    sqlx::query("UPDATE image_tags SET updated_at = ?, deleted_at = NULL, deleted = FALSE WHERE id = ?")
        .bind(Stamp(now))
        .bind(row)
        .execute(conn)
        .await?;
    Ok(())
}

async fn insert_tag(conn: &mut Conn, id: &ImageId, tag: &str, now: OffsetDateTime) -> Result<()> {
    sqlx::query("INSERT INTO image_tags (image_id, value, created_at, updated_at, deleted) VALUES (?, ?, ?, ?, FALSE)")
        .bind(id.as_str())
        .bind(tag)
        .bind(Stamp(now))
        .bind(Stamp(now))
        .execute(conn)
        .await?;
    Ok(())
}

/// `false` when the image does not have it.
pub(crate) async fn remove_tag(conn: &mut Conn, id: &ImageId, tag: &str, now: OffsetDateTime) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE image_tags SET updated_at = ?, deleted_at = ?, deleted = TRUE \
         WHERE image_id = ? AND value = ? AND NOT deleted",
    )
    .bind(Stamp(now))
    .bind(Stamp(now))
    .bind(id.as_str())
    .bind(tag)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub(crate) async fn insert_location(
    conn: &mut Conn,
    id: &ImageId,
    location: &Location,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO image_locations (image_id, value, meta_data, status, created_at, updated_at, deleted) \
         VALUES (?, ?, ?, 'active', ?, ?, FALSE)",
    )
    .bind(id.as_str())
    .bind(&location.url)
    .bind(metadata_text(location)?)
    .bind(Stamp(now))
    .bind(Stamp(now))
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) fn metadata_text(location: &Location) -> Result<String> {
    serde_json::to_string(&location.metadata)
        .map_err(|error| Error::new(Kind::Internal, "a location's metadata can't be written as JSON").because(error))
}

/// Deletes everything that belongs to an image, its members too.
pub(crate) async fn remove_all(conn: &mut Conn, id: &ImageId, now: OffsetDateTime) -> Result<()> {
    for statement in [
        "UPDATE image_properties SET updated_at = ?, deleted_at = ?, deleted = TRUE WHERE image_id = ? AND NOT deleted",
        "UPDATE image_tags SET updated_at = ?, deleted_at = ?, deleted = TRUE WHERE image_id = ? AND NOT deleted",
        "UPDATE image_members SET updated_at = ?, deleted_at = ?, deleted = TRUE WHERE image_id = ? AND NOT deleted",
        "UPDATE image_locations SET updated_at = ?, deleted_at = ?, status = 'deleted', deleted = TRUE \
         WHERE image_id = ? AND NOT deleted",
    ] {
        sqlx::query(statement).bind(Stamp(now)).bind(Stamp(now)).bind(id.as_str()).execute(&mut *conn).await?;
    }
    Ok(())
}
