//! Members: the projects that an image is shared with.

use crate::{
    Catalog, Error, Kind, Result, change, record,
    sqlite::{Conn, Row},
    stamp::Stamp,
};
use casement_image::{ImageId, Member, MemberStatus};
use sqlx::Row as _;
use time::OffsetDateTime;

const COLUMNS: &str = "member, status, created_at, COALESCE(updated_at, created_at) AS updated_at";

impl Catalog {
    /// All members of an image, the oldest first; with `member`, only that one.
    pub async fn members(&self, image: &ImageId, member: Option<&str>) -> Result<Vec<Member>> {
        let query = format!(
            "SELECT {COLUMNS} FROM image_members \
             WHERE image_id = ? AND NOT deleted AND (? IS NULL OR member = ?) ORDER BY id"
        );
        let rows: Vec<Row> = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(image.as_str())
            .bind(member)
            .bind(member)
            .fetch_all(self.db.reader())
            .await?;
        rows.iter().map(|row| read(image, row)).collect()
    }

    /// Adds a member whose status is pending. [`Kind::Exists`] when it is one already; `None` when there is no such
    /// image, or the image has `quota` members.
    pub async fn add_member(
        &self,
        image: &ImageId,
        member: &str,
        quota: Option<usize>,
        now: OffsetDateTime,
    ) -> Result<Option<Member>> {
        let mut tx = self.db.write().await?;
        if change::head(&mut tx, image).await?.is_none() || !has_room(&mut tx, image, quota).await? {
            return Ok(None);
        }
        if exists(&mut tx, image, member).await? {
            return Err(Error::new(Kind::Exists, format!("Member {member} is duplicated for image {image}")));
        }
        insert(&mut tx, image, member, now).await?;
        tx.commit().await?;
        let (image_id, member_id, status) = (image.clone(), member.to_owned(), MemberStatus::Pending);
        Ok(Some(Member { image_id, member_id, status, created_at: now, updated_at: now }))
    }

    /// Notes a member's answer; `false` when there is no such member.
    pub async fn answer_share(
        &self,
        image: &ImageId,
        member: &str,
        status: MemberStatus,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let done = sqlx::query(
            "UPDATE image_members SET status = ?, updated_at = ? WHERE image_id = ? AND member = ? AND NOT deleted",
        )
        .bind(status.as_str())
        .bind(Stamp(now))
        .bind(image.as_str())
        .bind(member)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// Ends a share; `false` when there is no such member.
    pub async fn remove_member(&self, image: &ImageId, member: &str, now: OffsetDateTime) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let done = sqlx::query(
            "UPDATE image_members SET updated_at = ?, deleted_at = ?, deleted = TRUE \
             WHERE image_id = ? AND member = ? AND NOT deleted",
        )
        .bind(Stamp(now))
        .bind(Stamp(now))
        .bind(image.as_str())
        .bind(member)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }
}

fn read(image: &ImageId, row: &Row) -> Result<Member> {
    Ok(Member {
        image_id: image.clone(),
        member_id: row.try_get("member")?,
        status: record::named(row, "status")?,
        created_at: row.try_get::<Stamp, _>("created_at")?.0,
        updated_at: row.try_get::<Stamp, _>("updated_at")?.0,
    })
}

async fn has_room(conn: &mut Conn, image: &ImageId, quota: Option<usize>) -> Result<bool> {
    let Some(quota) = quota else { return Ok(true) };
    let members: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM image_members WHERE image_id = ? AND NOT deleted")
        .bind(image.as_str())
        .fetch_one(conn)
        .await?;
    Ok(usize::try_from(members).is_ok_and(|members| members < quota))
}

async fn exists(conn: &mut Conn, image: &ImageId, member: &str) -> Result<bool> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM image_members WHERE image_id = ? AND member = ? AND NOT deleted LIMIT 1")
            .bind(image.as_str())
            .bind(member)
            .fetch_optional(conn)
            .await?;
    Ok(found.is_some())
}

/// A deleted row of the same member is used again, as Glance does.
async fn insert(conn: &mut Conn, image: &ImageId, member: &str, now: OffsetDateTime) -> Result<()> {
    let revived = sqlx::query(
        "UPDATE image_members SET status = 'pending', created_at = ?, updated_at = ?, deleted_at = NULL, \
         deleted = FALSE WHERE id = (SELECT MAX(id) FROM image_members WHERE image_id = ? AND member = ? AND deleted)",
    )
    .bind(Stamp(now))
    .bind(Stamp(now))
    .bind(image.as_str())
    .bind(member)
    .execute(&mut *conn)
    .await?;
    if revived.rows_affected() > 0 {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO image_members (image_id, member, can_share, status, created_at, updated_at, deleted) \
         VALUES (?, ?, FALSE, 'pending', ?, ?, FALSE)",
    )
    .bind(image.as_str())
    .bind(member)
    .bind(Stamp(now))
    .bind(Stamp(now))
    .execute(conn)
    .await?;
    Ok(())
}
