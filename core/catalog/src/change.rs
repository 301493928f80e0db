//! Conditional changes of an image's row: what every other write is built on.

use crate::{
    Error, Kind, Result, record,
    sqlite::{Conn, Row, Sql},
    stamp::{Stamp, next_after},
};
use casement_image::{ImageId, Status};
use sqlx::Row as _;
use time::OffsetDateTime;

/// What a conditional change has to know of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: Status,
    pub(crate) updated_at: OffsetDateTime,
}

/// `None` when there is no such image, or no longer.
pub(crate) async fn head(conn: &mut Conn, id: &ImageId) -> Result<Option<Head>> {
    let row: Option<Row> = sqlx::query(
        "SELECT status, COALESCE(updated_at, created_at) AS updated_at FROM images WHERE id = ? AND deleted = FALSE",
    )
    .bind(id.as_str())
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Head { status: record::named(&row, "status")?, updated_at: row.try_get::<Stamp, _>("updated_at")?.0 })
    })
    .transpose()
}

/// Gives the image a new `updated_at`, and `to` for its status. [`Kind::Changed`] when it is no longer as `head` says.
pub(crate) async fn touch(conn: &mut Conn, id: &ImageId, head: Head, to: Status, now: OffsetDateTime) -> Result<()> {
    let mut sql = Sql::new("UPDATE images SET updated_at = ");
    sql.push_bind(Stamp(next_after(head.updated_at, now)));
    if to != head.status {
        sql.push(", status = ").push_bind(to.as_str());
    }
    apply(conn, sql, id, head).await
}

/// Changes the image as `update` says. A change that met no row lost against somebody else's.
pub(crate) async fn apply(conn: &mut Conn, mut update: Sql, id: &ImageId, head: Head) -> Result<()> {
    update.push(" WHERE id = ").push_bind(id.as_str()).push(" AND deleted = FALSE AND status = ");
    update.push_bind(head.status.as_str()).push(" AND COALESCE(updated_at, created_at) = ");
    match update.push_bind(Stamp(head.updated_at)).build().execute(conn).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(Error::new(Kind::Changed, format!("image {id} was changed by somebody else; read it again"))),
    }
}

/// Moves the image from one status to another; `false` when it is not in `from`.
pub(crate) async fn move_status(
    conn: &mut Conn,
    id: &ImageId,
    from: Status,
    to: Status,
    now: OffsetDateTime,
) -> Result<bool> {
    let Some(head) = head(conn, id).await?.filter(|head| head.status == from) else {
        return Ok(false);
    };
    touch(conn, id, head, to, now).await?;
    if to == Status::Queued {
        forget_data(conn, id).await?;
    }
    Ok(true)
}

/// A queued image has no data, so it has nothing that describes data.
async fn forget_data(conn: &mut Conn, id: &ImageId) -> Result<()> {
    sqlx::query(
        "UPDATE images SET size = NULL, virtual_size = NULL, checksum = NULL, os_hash_algo = NULL, \
         os_hash_value = NULL WHERE id = ?",
    )
    .bind(id.as_str())
    .execute(conn)
    .await?;
    Ok(())
}
