//! What recovery asks: whose transfers lie about, and who takes them over.

use crate::{
    Catalog, Result, Transfer, change, record,
    stamp::Stamp,
    transfer::{self, select_transfers},
};
use casement_image::{ImageId, Status};
use time::OffsetDateTime;

/// An image is held in `saving` by a transfer in one of these states, and by no other.
macro_rules! without_upload {
    () => {
        "NOT EXISTS (SELECT 1 FROM casement_transfers t \
         WHERE t.image_id = i.id AND t.state IN ('staged', 'committing'))"
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
        Ok(tx.commit().await?)
    }

    /// Prolongs every lease of `node`.
    pub async fn renew_leases(&self, node: &str, until: OffsetDateTime) -> Result<()> {
        let mut tx = self.db.write().await?;
        sqlx::query("UPDATE casement_transfers SET lease_until = ? WHERE node = ?")
            .bind(Stamp(until))
            .bind(node)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
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
        tx.commit().await?;
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

    /// Images in `saving` that no transfer will ever bring on: a Glance died in the middle of their uploads.
    pub async fn saving_without_transfer(&self) -> Result<Vec<ImageId>> {
        sqlx::query(concat!(
            "SELECT i.id FROM images i WHERE i.status = 'saving' AND i.deleted = FALSE AND ",
            without_upload!(),
            " ORDER BY i.id"
        ))
        .fetch_all(self.db.reader())
        .await?
        .iter()
        .map(|row| record::image_id(row, "id"))
        .collect()
    }

    /// Brings such an image back to `queued`; `false` when it has a transfer or is no longer `saving`.
    pub async fn requeue(&self, id: &ImageId, now: OffsetDateTime) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let lost: Option<i64> =
            sqlx::query_scalar(concat!("SELECT 1 FROM images i WHERE i.id = ? AND ", without_upload!()))
                .bind(id.as_str())
                .fetch_optional(&mut *tx)
                .await?;
        let queued = lost.is_some() && change::move_status(&mut tx, id, Status::Saving, Status::Queued, now).await?;
        tx.commit().await?;
        Ok(queued)
    }
}
