//! Images: made, looked up, changed, deleted.

use crate::{
    Bounds, Catalog, Error, Found, Kind, NewTransfer, Result, TransferState, change, children, quota, record,
    sqlite::{Conn, Query},
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
    let insert = sqlx::query(
        "INSERT INTO images (name, status, visibility, protected, os_hidden, checksum, os_hash_algo, os_hash_value, \
         owner, size, virtual_size, container_format, disk_format, min_ram, min_disk, updated_at, \
         id, created_at, deleted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, FALSE)",
    );
    bind_fields(insert, image)?
        .bind(Stamp(image.updated_at))
        .bind(image.id.as_str())
        .bind(Stamp(image.created_at))
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn write_fields(
    conn: &mut Conn,
    before: &Image,
    after: &Image,
    updated_at: OffsetDateTime,
) -> Result<()> {
    let update = sqlx::query(
        "UPDATE images SET name = ?, status = ?, visibility = ?, protected = ?, os_hidden = ?, checksum = ?, \
         os_hash_algo = ?, os_hash_value = ?, owner = ?, size = ?, virtual_size = ?, container_format = ?, \
         disk_format = ?, min_ram = ?, min_disk = ?, updated_at = ? \
         WHERE id = ? AND deleted = FALSE AND status = ? AND COALESCE(updated_at, created_at) = ?",
    );
    let done = bind_fields(update, after)?
        .bind(Stamp(updated_at))
        .bind(before.id.as_str())
        .bind(before.status.as_str())
        .bind(Stamp(before.updated_at))
        .execute(conn)
        .await?;
    change::require_one(done.rows_affected(), &before.id)
}

/// The fields that a client or an upload can change, in the order of both statements above.
fn bind_fields<'q>(query: Query<'q>, image: &'q Image) -> Result<Query<'q>> {
    Ok(query
        .bind(&image.name)
        .bind(image.status.as_str())
        .bind(image.visibility.as_str())
        .bind(image.protected)
        .bind(image.os_hidden)
        .bind(&image.checksum)
        .bind(&image.os_hash_algo)
        .bind(&image.os_hash_value)
        .bind(&image.owner)
        .bind(record::signed(image.size)?)
        .bind(record::signed(image.virtual_size)?)
        .bind(&image.container_format)
        .bind(&image.disk_format)
        .bind(i64::from(image.min_ram))
        .bind(i64::from(image.min_disk)))
}
