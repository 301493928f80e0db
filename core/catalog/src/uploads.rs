//! The way of an upload through the database: begun, committed, finished or taken back.

use crate::{
    Begin, Bounds, Catalog, Error, Kind, NewTransfer, Outcome, Residue, Result, TransferState, Wanted, change,
    children, locations, quota, record,
    sqlite::Conn,
    stamp::Stamp,
    transfer::{self, Transfer},
};
use casement_failpoints::around;
use casement_image::{ImageId, Status};
use time::OffsetDateTime;

impl Catalog {
    /// Moves a queued image to `saving` and opens its transfer.
    pub async fn begin_upload(&self, new: &NewTransfer, now: OffsetDateTime) -> Result<Begin> {
        self.begin_upload_within(new, Wanted::AtLeast(0), &Bounds::default(), now).await
    }

    /// As [`Catalog::begin_upload`], with room reserved for what is `wanted`, as far as the image's owner may have it.
    pub async fn begin_upload_within(
        &self,
        new: &NewTransfer,
        wanted: Wanted,
        bounds: &Bounds,
        now: OffsetDateTime,
    ) -> Result<Begin> {
        let mut tx = self.db.write().await?;
        let head = match ready(&mut tx, new).await? {
            Ok(head) => head,
            Err(refusal) => return Ok(refusal),
        };
        let reserved = match quota::admit(&mut tx, &new.image_id, wanted, bounds).await? {
            Ok(reserved) => reserved,
            Err(exceeded) => return Ok(Begin::OverLimit(exceeded)),
        };
        change::touch(&mut tx, &new.image_id, head, Status::Saving, now).await?;
        // A location that was refused may have stayed; it has nothing to do with what comes now.
        locations::set(&mut tx, &new.image_id, &[], now).await?;
        insert(&mut tx, new, TransferState::Staged).await?;
        quota::set_reserved(&mut tx, &new.id, reserved).await?;
        around("catalog.begin_upload", tx.commit()).await?;
        Ok(Begin::Started)
    }

    /// Notes the name that the store gave the staged data; `false` when the transfer is gone.
    pub async fn set_token(&self, transfer: &str, token: &str) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let done = sqlx::query("UPDATE casement_transfers SET token = ? WHERE id = ?")
            .bind(token)
            .bind(transfer)
            .execute(&mut *tx)
            .await?;
        around("catalog.set_token", tx.commit()).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Notes what `node` will publish, just before it does; `false` when the transfer is gone, no longer `Staged`, or
    /// another node's: whoever adopted it may be removing what was staged.
    pub async fn begin_commit(&self, transfer: &str, node: &str, outcome: &Outcome) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let done = sqlx::query(
            "UPDATE casement_transfers SET state = 'committing', size = ?, reserved = ?, virtual_size = ?, checksum = ?, \
             os_hash_algo = ?, os_hash_value = ?, location_url = ?, location_metadata = ? \
             WHERE id = ? AND node = ? AND state = 'staged'",
        )
        .bind(record::signed(Some(outcome.size))?)
        // What was reserved ahead is not needed any more.
        .bind(record::signed(Some(outcome.size))?)
        .bind(record::signed(outcome.virtual_size)?)
        .bind(&outcome.checksum)
        .bind(&outcome.os_hash_algo)
        .bind(&outcome.os_hash_value)
        .bind(&outcome.location.url)
        .bind(children::metadata_text(&outcome.location)?)
        .bind(transfer)
        .bind(node)
        .execute(&mut *tx)
        .await?;
        around("catalog.begin_commit", tx.commit()).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Makes the image `active` with the outcome that [`Catalog::begin_commit`] noted, and ends the transfer.
    /// `false` when the image is no longer `saving`: then the transfer is `Deleting`.
    /// [`Kind::Changed`] when the transfer is gone or not `Committing`: somebody else settled it.
    pub async fn finish_upload(&self, transfer: &str, now: OffsetDateTime) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let committing =
            transfer::find(&mut *tx, transfer).await?.filter(|found| found.state == TransferState::Committing);
        let Some(Transfer { id, image_id, outcome: Some(outcome), .. }) = committing else {
            return Err(Error::new(Kind::Changed, format!("transfer {transfer} was settled by somebody else")));
        };
        let active = change::move_status(&mut tx, &image_id, Status::Saving, Status::Active, now).await?;
        if active {
            describe_data(&mut tx, &image_id, &outcome).await?;
            children::insert_location(&mut tx, &image_id, &outcome.location, now).await?;
            transfer::remove(&mut tx, &id).await?;
        } else {
            transfer::set_state(&mut tx, &id, TransferState::Deleting).await?;
        }
        around("catalog.finish_upload", tx.commit()).await?;
        Ok(active)
    }

    /// Takes an upload back: the image is `queued` again, and the transfer stays for what is left in the store.
    /// `false` when the image was no longer `saving` (the transfer is treated alike), or the transfer is gone.
    pub async fn release_upload(&self, transfer: &str, residue: Residue, now: OffsetDateTime) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let Some(found) = transfer::find(&mut *tx, transfer).await? else {
            return Ok(false);
        };
        // Only an upload holds its image in `saving`; a later upload's `saving` is not this one's to end.
        let uploading = matches!(found.state, TransferState::Staged | TransferState::Committing);
        let queued =
            uploading && change::move_status(&mut tx, &found.image_id, Status::Saving, Status::Queued, now).await?;
        match residue {
            Residue::None => transfer::remove(&mut tx, transfer).await?,
            Residue::Stage => transfer::set_state(&mut tx, transfer, TransferState::Discarding).await?,
            Residue::Object => transfer::set_state(&mut tx, transfer, TransferState::Deleting).await?,
        }
        around("catalog.release_upload", tx.commit()).await?;
        Ok(queued)
    }
}

/// Whether data may begin to come to an image: it is queued, and nothing of it is still to be removed from the store. Else
/// what [`Begin`] says of it.
pub(crate) async fn ready(conn: &mut Conn, new: &NewTransfer) -> Result<Result<change::Head, Begin>> {
    let Some(head) = change::head(conn, &new.image_id).await? else {
        return Ok(Err(Begin::Gone));
    };
    if head.status != Status::Queued {
        return Ok(Err(Begin::WrongStatus(head.status)));
    }
    // The object would be deleted under the new data's hands: both have the same name.
    let outstanding = transfer::deleting(conn, &new.image_id, &new.store).await?;
    if !outstanding.is_empty() {
        return Ok(Err(Begin::Outstanding(outstanding)));
    }
    Ok(Ok(head))
}

pub(crate) async fn insert(conn: &mut Conn, new: &NewTransfer, state: TransferState) -> Result<()> {
    sqlx::query(
        "INSERT INTO casement_transfers (id, image_id, store, object_key, token, state, node, lease_until) \
         VALUES (?, ?, ?, ?, '', ?, ?, ?)",
    )
    .bind(&new.id)
    .bind(new.image_id.as_str())
    .bind(&new.store)
    .bind(&new.key)
    .bind(state.as_str())
    .bind(&new.node)
    .bind(Stamp(new.lease_until))
    .execute(conn)
    .await?;
    Ok(())
}

async fn describe_data(conn: &mut Conn, id: &ImageId, outcome: &Outcome) -> Result<()> {
    sqlx::query(
        "UPDATE images SET size = ?, virtual_size = ?, checksum = ?, os_hash_algo = ?, os_hash_value = ? WHERE id = ?",
    )
    .bind(record::signed(Some(outcome.size))?)
    .bind(record::signed(outcome.virtual_size)?)
    .bind(&outcome.checksum)
    .bind(&outcome.os_hash_algo)
    .bind(&outcome.os_hash_value)
    .bind(id.as_str())
    .execute(conn)
    .await?;
    Ok(())
}
