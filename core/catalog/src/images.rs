//! Images: made, looked up, changed, deleted.

use crate::{
    Bounds, Catalog, Error, Found, Kind, NewTransfer, Result, TransferState, change, children, quota, record,
    sqlite::{Conn, Sql},
    stamp::Stamp,
    uploads,
};
use casement_failpoints::around;
use casement_image::{Image, ImageId, Status};
use time::OffsetDateTime;

pub(crate) const TAKEN: &str = "SELECT 1 FROM images WHERE id = ? COLLATE NOCASE";

impl Catalog {
    /// Adds an image with all that belongs to it. [`Kind::Exists`] also for the id of a deleted image, and for one that
    /// differs in case only: stores that fold case would keep the data of both in one file.
    pub async fn create_image(&self, image: &Image) -> Result<()> {
        self.create_image_within(image, &Bounds::default()).await
    }

    /// As [`Catalog::create_image`], unless its owner has as many images as it may: [`Kind::OverLimit`].
    pub async fn create_image_within(&self, image: &Image, bounds: &Bounds) -> Result<()> {
        let mut tx = self.db.write().await?;
        let taken: Option<i64> = sqlx::query_scalar(TAKEN).bind(image.id.as_str()).fetch_optional(&mut *tx).await?;
        if taken.is_some() {
            return Err(Error::new(Kind::Exists, format!("Image ID {} already exists!", image.id)));
        }
        if let Some(owner) = &image.owner
            && let Err(exceeded) = quota::admit_image(&mut tx, owner, bounds).await?
        {
            return Err(Error::new(Kind::OverLimit(exceeded), format!("project {owner} has as many images as it may")));
        }
        insert(&mut tx, image).await?;
        children::insert_all(&mut tx, image).await?;
        tx.commit().await
    }

    /// The image, unless it is deleted. Visibility is the caller's business.
    pub async fn find_image(&self, id: &ImageId, caller_project: Option<&str>) -> Result<Option<Found>> {
        let Some(remembered) = &self.remembered else {
            return Box::pin(record::find(self.db.reader(), id, caller_project)).await;
        };
        if let Some(found) = remembered.find(id, caller_project) {
            return Ok(Some(found));
        }
        let as_of = self.db.commits().so_far();
        // Boxed, since those who were remembered would carry its memory along.
        let found = Box::pin(record::find(self.db.reader(), id, caller_project)).await?;
        if let Some(found) = &found {
            remembered.remember(as_of, caller_project, found);
        }
        Ok(found)
    }

    /// Turns `before` into `after`: every field but `id`, `created_at` and `updated_at`. Answers the new `updated_at`,
    /// which is later than that of `before`.
    /// [`Kind::Changed`] when the image is no longer as `before` says.
    pub async fn update_image(&self, before: &Image, after: &Image, now: OffsetDateTime) -> Result<OffsetDateTime> {
        self.relocate_image(before, after, &[], &Bounds::default(), now).await
    }

    /// Adds a tag; `false` when there is no such image. A tag that is there already is left alone.
    pub async fn add_tag(&self, id: &ImageId, tag: &str, now: OffsetDateTime) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let Some(head) = change::head(&mut tx, id).await? else {
            return Ok(false);
        };
        if !children::has_tag(&mut tx, id, tag).await? {
            children::put_tag(&mut tx, id, tag, now).await?;
            change::touch(&mut tx, id, head, head.status, now).await?;
            tx.commit().await?;
        }
        Ok(true)
    }

    /// Removes a tag; `false` when the image does not have it.
    pub async fn remove_tag(&self, id: &ImageId, tag: &str, now: OffsetDateTime) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let Some(head) = change::head(&mut tx, id).await? else {
            return Ok(false);
        };
        if !children::remove_tag(&mut tx, id, tag, now).await? {
            return Ok(false);
        }
        change::touch(&mut tx, id, head, head.status, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Moves an image from one status to another; `false` when it is not in `from`.
    pub async fn change_status(&self, id: &ImageId, from: Status, to: Status, now: OffsetDateTime) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let moved = change::move_status(&mut tx, id, from, to, now).await?;
        tx.commit().await?;
        Ok(moved)
    }

    /// Deletes an image and leaves one `Deleting` transfer for each of its objects; `false` when it is no longer as
    /// `before` says: it may be protected now, or have other objects. The transfer of an upload that is under way stays
    /// with its owner, who will learn of it.
    pub async fn delete_image(&self, before: &Image, objects: &[NewTransfer], now: OffsetDateTime) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let known = change::Head { status: before.status, updated_at: before.updated_at };
        if change::head(&mut tx, &before.id).await? != Some(known) {
            return Ok(false);
        }
        change::touch(&mut tx, &before.id, known, Status::Deleted, now).await?;
        sqlx::query("UPDATE images SET deleted_at = ?, deleted = TRUE WHERE id = ?")
            .bind(Stamp(now))
            .bind(before.id.as_str())
            .execute(&mut *tx)
            .await?;
        children::remove_all(&mut tx, &before.id, now).await?;
        for object in objects {
            uploads::insert(&mut tx, object, TransferState::Deleting).await?;
        }
        around("catalog.delete_image", tx.commit()).await?;
        Ok(true)
    }
}

async fn insert(conn: &mut Conn, image: &Image) -> Result<()> {
    let mut sql = Sql::new("INSERT INTO images (id, created_at, updated_at, deleted");
    let fields = fields(image)?;
    for (column, _) in &fields {
        sql.push(", ").push(column);
    }
    sql.push(") VALUES (").push_bind(image.id.as_str()).push(", ").push_bind(Stamp(image.created_at));
    sql.push(", ").push_bind(Stamp(image.updated_at)).push(", FALSE");
    for (_, value) in fields {
        value.bind(sql.push(", "));
    }
    sql.push(")").build().execute(conn).await?;
    Ok(())
}

/// Sets what differs alone: SQLite writes each index that has a column which is set, even to what it is already.
pub(crate) async fn write_fields(
    conn: &mut Conn,
    before: &Image,
    after: &Image,
    updated_at: OffsetDateTime,
) -> Result<()> {
    let mut sql = Sql::new("UPDATE images SET updated_at = ");
    sql.push_bind(Stamp(updated_at));
    for ((column, was), (_, is)) in fields(before)?.into_iter().zip(fields(after)?) {
        if was != is {
            is.bind(sql.push(", ").push(column).push(" = "));
        }
    }
    let known = change::Head { status: before.status, updated_at: before.updated_at };
    change::apply(conn, sql, &before.id, known).await
}

#[derive(PartialEq)]
enum Field<'i> {
    Text(Option<&'i str>),
    Number(Option<i64>),
}

impl Field<'_> {
    fn bind(self, sql: &mut Sql) {
        match self {
            Self::Text(text) => sql.push_bind(text),
            Self::Number(number) => sql.push_bind(number),
        };
    }
}

/// The columns that a client or an upload can change.
fn fields(image: &Image) -> Result<[(&'static str, Field<'_>); 15]> {
    use Field::{Number, Text};
    Ok([
        ("name", Text(image.name.as_deref())),
        ("status", Text(Some(image.status.as_str()))),
        ("visibility", Text(Some(image.visibility.as_str()))),
        ("protected", Number(Some(image.protected.into()))),
        ("os_hidden", Number(Some(image.os_hidden.into()))),
        ("checksum", Text(image.checksum.as_deref())),
        ("os_hash_algo", Text(image.os_hash_algo.as_deref())),
        ("os_hash_value", Text(image.os_hash_value.as_deref())),
        ("owner", Text(image.owner.as_deref())),
        ("size", Number(record::signed(image.size)?)),
        ("virtual_size", Number(record::signed(image.virtual_size)?)),
        ("container_format", Text(image.container_format.as_deref())),
        ("disk_format", Text(image.disk_format.as_deref())),
        ("min_ram", Number(Some(image.min_ram.into()))),
        ("min_disk", Number(Some(image.min_disk.into()))),
    ])
}
