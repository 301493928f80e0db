//! What recovery asks: whose transfers lie about, and who takes them over.

use crate::{
    Catalog, NewTransfer, Result, Transfer, TransferState, change, locations, record,
    stamp::Stamp,
    transfer::{self, select_transfers},
    uploads,
};
use casement_failpoints::around;
use casement_image::{Image, ImageId, Status};
use time::OffsetDateTime;

/// An image on its way to `active` that nobody brings there: only a transfer in one of these states would.
macro_rules! stranded {
    () => {
        "i.status IN ('saving', 'uploading', 'importing') AND i.deleted = FALSE AND NOT EXISTS \
         (SELECT 1 FROM casement_transfers t \
         WHERE t.image_id = i.id AND t.state IN ('staged', 'committing', 'hashing'))"
    };
}

impl Catalog {
    pub async fn transfer(&self, transfer: &str) -> Result<Option<Transfer>> {
        transfer::find(self.db.reader(), transfer).await
    }

    /// Forgets a transfer.
    pub async fn end_transfer(&self, transfer: &str) -> Result<()> {
        let mut tx = self.db.write().await?;
        transfer::remove(&mut tx, transfer).await?;
        around("catalog.end_transfer", tx.commit()).await
    }

    /// Prolongs every lease of `node`.
    pub async fn renew_leases(&self, node: &str, until: OffsetDateTime) -> Result<()> {
        let mut tx = self.db.write().await?;
        sqlx::query("UPDATE casement_transfers SET lease_until = ? WHERE node = ?")
            .bind(Stamp(until))
            .bind(node)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    /// Transfers of other nodes whose lease has run out; with `exclusive`, of every other node (which can't be alive).
    /// A node never loses its own to a lease: it knows better than the clock what it is working at.
    pub async fn orphans(&self, node: &str, now: OffsetDateTime, exclusive: bool) -> Result<Vec<Transfer>> {
        sqlx::query(select_transfers!("WHERE node <> ? AND (? OR lease_until < ?) ORDER BY lease_until, id"))
            .bind(node)
            .bind(exclusive)
            .bind(Stamp(now))
            .fetch_all(self.db.reader())
            .await?
            .iter()
            .map(transfer::read)
            .collect()
    }

    /// All that `node` looks after.
    pub async fn transfers_of(&self, node: &str) -> Result<Vec<Transfer>> {
        sqlx::query(select_transfers!("WHERE node = ? ORDER BY lease_until, id"))
            .bind(node)
            .fetch_all(self.db.reader())
            .await?
            .iter()
            .map(transfer::read)
            .collect()
    }

    /// Takes over an orphan; `false` when another node was faster, or its owner came back.
    pub async fn adopt(&self, orphan: &Transfer, node: &str, until: OffsetDateTime) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let done = sqlx::query(
            "UPDATE casement_transfers SET node = ?, lease_until = ? \
             WHERE id = ? AND node = ? AND lease_until = ? AND state = ?",
        )
        .bind(node)
        .bind(Stamp(until))
        .bind(&orphan.id)
        .bind(&orphan.node)
        .bind(Stamp(orphan.lease_until))
        .bind(orphan.state.as_str())
        .execute(&mut *tx)
        .await?;
        around("catalog.adopt", tx.commit()).await?;
        Ok(done.rows_affected() == 1)
    }

    /// The names of staged data in `store` that some transfer still needs: see [`Transfer::stage`].
    pub async fn live_stages(&self, store: &str) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar(
            "SELECT CASE token WHEN '' THEN id ELSE token END AS stage FROM casement_transfers WHERE store = ? ORDER BY stage",
        )
        .bind(store)
        .fetch_all(self.db.reader())
        .await?)
    }

    /// Images on their way to `active` that no transfer will ever bring there: a Glance died in the middle of their
    /// uploads or imports.
    pub async fn stranded_images(&self) -> Result<Vec<ImageId>> {
        sqlx::query(concat!("SELECT i.id FROM images i WHERE ", stranded!(), " ORDER BY i.id"))
            .fetch_all(self.db.reader())
            .await?
            .iter()
            .map(|row| record::image_id(row, "id"))
            .collect()
    }

    /// Brings such an image back to `queued`, and leaves one `Deleting` transfer for each of its `objects`; `false` when
    /// it has a transfer, or is no longer as `before` says.
    pub async fn requeue(&self, before: &Image, objects: &[NewTransfer], now: OffsetDateTime) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let known = change::Head { status: before.status, updated_at: before.updated_at };
        let stranded: Option<i64> =
            sqlx::query_scalar(concat!("SELECT 1 FROM images i WHERE i.id = ? AND ", stranded!()))
                .bind(before.id.as_str())
                .fetch_optional(&mut *tx)
                .await?;
        if stranded.is_none() || change::head(&mut tx, &before.id).await? != Some(known) {
            return Ok(false);
        }
        change::move_status(&mut tx, &before.id, before.status, Status::Queued, now).await?;
        locations::set(&mut tx, &before.id, &[], now).await?;
        for object in objects {
            uploads::insert(&mut tx, object, TransferState::Deleting).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}
