//! Where the data of an image lies, changed by clients and not by an upload.

use crate::{
    Bounds, Catalog, Error, Kind, NewTransfer, Result, TransferState, children, images, quota, record,
    sqlite::{Conn, Row},
    stamp::{Stamp, next_after},
    transfer, uploads,
};
use casement_failpoints::around;
use casement_image::{Image, ImageId, Location};
use sqlx::Row as _;
use std::collections::BTreeSet;
use time::OffsetDateTime;

impl Catalog {
    /// As [`Catalog::update_image`], the locations included, and leaves one `Deleting` transfer for each of `dropped`,
    /// the objects that the image no longer has. [`Kind::Busy`] while a store that the image is to have a location in is
    /// still removing something of it, [`Kind::OverLimit`] when its owner would have more at locations than it may.
    pub async fn relocate_image(
        &self,
        before: &Image,
        after: &Image,
        dropped: &[NewTransfer],
        bounds: &Bounds,
        now: OffsetDateTime,
    ) -> Result<OffsetDateTime> {
        let updated_at = next_after(before.updated_at, now);
        let mut tx = self.db.write().await?;
        images::write_fields(&mut tx, before, after, updated_at).await?;
        children::apply_difference(&mut tx, before, after, updated_at).await?;
        if before.locations != after.locations {
            refuse_while_deleting(&mut tx, before, after).await?;
            let bytes = kept_bytes(after).saturating_sub(kept_bytes(before));
            admit(&mut tx, &before.id, bytes, bounds).await?;
            set(&mut tx, &before.id, &after.locations, updated_at).await?;
        }
        for object in dropped {
            uploads::insert(&mut tx, object, TransferState::Deleting).await?;
        }
        around("catalog.relocate_image", tx.commit()).await?;
        Ok(updated_at)
    }

    /// Whether another image than this one has its data at this URL. Looks at all locations there are.
    pub async fn is_location_of_another(&self, url: &str, image: &ImageId) -> Result<bool> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM image_locations \
             WHERE value = ? AND image_id <> ? AND NOT deleted AND status = 'active' LIMIT 1",
        )
        .bind(url)
        .bind(image.as_str())
        .fetch_optional(self.db.reader())
        .await?;
        Ok(found.is_some())
    }

    /// Notes the store of a location whose store was unknown, or has another name by now; nothing that a client did, and
    /// nothing that takes back what a client did meanwhile.
    pub async fn name_store(
        &self,
        image: &ImageId,
        unnamed: &Location,
        named: &Location,
        now: OffsetDateTime,
    ) -> Result<()> {
        let mut tx = self.db.write().await?;
        for (row, _) in rows(&mut tx, image).await?.iter().filter(|(_, there)| there == unnamed) {
            sqlx::query("UPDATE image_locations SET meta_data = ?, updated_at = ? WHERE id = ?")
                .bind(children::metadata_text(named)?)
                .bind(Stamp(now))
                .bind(row)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await
    }
}

/// What an image counts with: its size, at each of its locations.
fn kept_bytes(image: &Image) -> u64 {
    image.size.unwrap_or_default().saturating_mul(image.locations.len() as u64)
}

pub(crate) async fn admit(conn: &mut Conn, image: &ImageId, bytes: u64, bounds: &Bounds) -> Result<()> {
    quota::admit_bytes(conn, image, bytes, bounds).await?.map_err(|exceeded| {
        Error::new(Kind::OverLimit(exceeded), "the owner of the image would have more data than it may")
    })
}

async fn refuse_while_deleting(conn: &mut Conn, before: &Image, after: &Image) -> Result<()> {
    let added = after.locations.iter().filter(|location| !before.locations.contains(location));
    let stores: BTreeSet<&str> = added.filter_map(Location::store).collect();
    for store in stores {
        if !transfer::deleting(conn, &before.id, store).await?.is_empty() {
            let message = "earlier data of the image is still being removed from this store; try again";
            return Err(Error::new(Kind::Busy, message));
        }
    }
    Ok(())
}

/// Makes the rows of an image say `wanted`, in this order: a row's id is its place, so from the first that differs all
/// are written anew.
pub(crate) async fn set(conn: &mut Conn, id: &ImageId, wanted: &[Location], now: OffsetDateTime) -> Result<()> {
    let rows = rows(conn, id).await?;
    let kept = rows.iter().zip(wanted).take_while(|((_, there), wanted)| there == *wanted).count();
    for (row, _) in &rows[kept..] {
        remove(conn, *row, now).await?;
    }
    for location in &wanted[kept..] {
        children::insert_location(conn, id, location, now).await?;
    }
    Ok(())
}

/// The locations of an image by their rows, in their order.
async fn rows(conn: &mut Conn, id: &ImageId) -> Result<Vec<(i64, Location)>> {
    sqlx::query(
        "SELECT id, value, meta_data FROM image_locations \
         WHERE image_id = ? AND NOT deleted AND status = 'active' ORDER BY id",
    )
    .bind(id.as_str())
    .fetch_all(conn)
    .await?
    .iter()
    .map(|row: &Row| {
        let location = Location { url: row.try_get("value")?, metadata: record::metadata(row, "meta_data")? };
        Ok((row.try_get("id")?, location))
    })
    .collect()
}

async fn remove(conn: &mut Conn, row: i64, now: OffsetDateTime) -> Result<()> {
    sqlx::query(
        "UPDATE image_locations SET updated_at = ?, deleted_at = ?, status = 'deleted', deleted = TRUE WHERE id = ?",
    )
    .bind(Stamp(now))
    .bind(Stamp(now))
    .bind(row)
    .execute(conn)
    .await?;
    Ok(())
}
