//! The way of a location import through the database: begun, given its place, ended. In between it is a transfer in the
//! state `Hashing` that has the id of its task, so that an import whose process dies is taken up again.

use crate::{
    Begin, Bounds, Catalog, NewTransfer, Result, TransferState, change, locations, record,
    sqlite::Conn,
    tasks,
    transfer::{self, Transfer},
    uploads,
};
use casement_failpoints::around;
use casement_image::{ImageId, Location, Status, Task};
use time::OffsetDateTime;

/// A location whose data is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    pub location: Location,
    pub size: u64,
    /// By which the data is to be digested; without one it is not.
    pub os_hash_algo: Option<String>,
    /// What is taken on trust.
    pub os_hash_value: Option<String>,
    /// Nothing is to be known of the data before it can be used.
    pub active: bool,
}

/// What was found out about the data.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    pub checksum: Option<String>,
    pub os_hash_value: String,
    pub virtual_size: Option<u64>,
}

/// How an import ends.
#[derive(Debug, Clone, PartialEq)]
pub enum ImportEnd<'a> {
    /// The image is active, and has what was found; without findings it is as it was placed.
    Done(Option<&'a Findings>),
    /// The image is queued again. One that was active already stays so without digests, or is deactivated, where its data
    /// is harmful.
    Failed {
        message: &'a str,
        harmful: bool,
        /// The location stays with the queued image, which makes no use of it: what lies there is not ours to remove.
        keep_location: bool,
        /// What is to be removed with the location.
        object: Option<&'a NewTransfer>,
    },
}

impl Catalog {
    /// Moves a queued image to `importing` and opens the import with its task. Both have one id.
    pub async fn begin_location_import(&self, new: &NewTransfer, task: &Task, now: OffsetDateTime) -> Result<Begin> {
        let mut tx = self.db.write().await?;
        let head = match uploads::ready(&mut tx, new).await? {
            Ok(head) => head,
            Err(refusal) => return Ok(refusal),
        };
        change::touch(&mut tx, &new.image_id, head, Status::Importing, now).await?;
        locations::set(&mut tx, &new.image_id, &[], now).await?;
        uploads::insert(&mut tx, new, TransferState::Hashing).await?;
        tasks::insert(&mut tx, task).await?;
        around("catalog.begin_location_import", tx.commit()).await?;
        Ok(Begin::Started)
    }

    /// Gives an importing image its location; `false` when the import is not `node`'s any more or the image is no longer
    /// importing. [`Kind::OverLimit`](crate::Kind::OverLimit) when its owner would have more data than it may.
    pub async fn place_location(
        &self,
        import: &str,
        node: &str,
        placed: &Placed,
        bounds: &Bounds,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let Some(Transfer { image_id, .. }) = own(&mut tx, import, node).await? else { return Ok(false) };
        let to = if placed.active { Status::Active } else { Status::Importing };
        if !change::move_status(&mut tx, &image_id, Status::Importing, to, now).await? {
            return Ok(false);
        }
        locations::admit(&mut tx, &image_id, placed.size, bounds).await?;
        locations::set(&mut tx, &image_id, std::slice::from_ref(&placed.location), now).await?;
        sqlx::query("UPDATE images SET size = ?, os_hash_algo = ?, os_hash_value = ? WHERE id = ?")
            .bind(record::signed(Some(placed.size))?)
            .bind(&placed.os_hash_algo)
            .bind(&placed.os_hash_value)
            .bind(image_id.as_str())
            .execute(&mut *tx)
            .await?;
        around("catalog.place_location", tx.commit()).await?;
        Ok(true)
    }

    /// Ends an import and its task, also when its image is gone; `false` when the import is not `node`'s any more.
    pub async fn end_location_import(
        &self,
        import: &str,
        node: &str,
        end: &ImportEnd<'_>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let Some(Transfer { id, image_id, .. }) = own(&mut tx, import, node).await? else { return Ok(false) };
        let came_to = match change::head(&mut tx, &image_id).await? {
            None => Err("The image was deleted."),
            Some(head) => settle_image(&mut tx, &image_id, head, end, now).await?,
        };
        tasks::end(&mut tx, &id, came_to, now).await?;
        transfer::remove(&mut tx, &id).await?;
        around("catalog.end_location_import", tx.commit()).await?;
        Ok(true)
    }
}

async fn own(conn: &mut Conn, import: &str, node: &str) -> Result<Option<Transfer>> {
    let found = transfer::find(&mut *conn, import).await?;
    Ok(found.filter(|found| found.state == TransferState::Hashing && found.node == node))
}

/// What the task came to.
async fn settle_image<'a>(
    conn: &mut Conn,
    image: &ImageId,
    head: change::Head,
    end: &ImportEnd<'a>,
    now: OffsetDateTime,
) -> Result<Result<(), &'a str>> {
    match end {
        ImportEnd::Done(findings) => {
            if head.status == Status::Importing {
                change::touch(conn, image, head, Status::Active, now).await?;
            } else {
                change::touch(conn, image, head, head.status, now).await?;
            }
            if let Some(findings) = findings {
                write_findings(conn, image, findings).await?;
            }
            Ok(Ok(()))
        }
        ImportEnd::Failed { message, harmful, keep_location, object } => {
            if head.status == Status::Importing {
                change::move_status(conn, image, Status::Importing, Status::Queued, now).await?;
                if !keep_location {
                    locations::set(conn, image, &[], now).await?;
                }
                if let Some(object) = object {
                    uploads::insert(conn, object, TransferState::Deleting).await?;
                }
            } else {
                let to = if *harmful && head.status == Status::Active { Status::Deactivated } else { head.status };
                change::touch(conn, image, head, to, now).await?;
                forget_algorithm(conn, image).await?;
            }
            Ok(Err(message))
        }
    }
}

async fn write_findings(conn: &mut Conn, image: &ImageId, findings: &Findings) -> Result<()> {
    sqlx::query("UPDATE images SET checksum = ?, os_hash_value = ?, virtual_size = ? WHERE id = ?")
        .bind(&findings.checksum)
        .bind(&findings.os_hash_value)
        .bind(record::signed(findings.virtual_size)?)
        .bind(image.as_str())
        .execute(conn)
        .await?;
    Ok(())
}

/// An algorithm without a value would say nothing.
async fn forget_algorithm(conn: &mut Conn, image: &ImageId) -> Result<()> {
    sqlx::query("UPDATE images SET os_hash_algo = NULL WHERE id = ? AND os_hash_value IS NULL")
        .bind(image.as_str())
        .execute(conn)
        .await?;
    Ok(())
}
