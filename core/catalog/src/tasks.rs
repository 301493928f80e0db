//! Tasks, in Glance's two tables: what a task is, and what it was given and came to.

use crate::{
    Catalog, Error, Kind, Result, record,
    sqlite::{Conn, Db, Row},
    stamp::Stamp,
};
use casement_image::{ImageId, SortDir, Task, TaskQuery, TaskStatus, task::TIME_TO_LIVE};
use serde_json::Value;
use sqlx::{QueryBuilder, Row as _};
use time::OffsetDateTime;

const SELECT: &str = "SELECT t.id, t.type, t.status, t.owner, t.expires_at, t.image_id, t.request_id, t.user_id, \
     t.created_at, COALESCE(t.updated_at, t.created_at) AS updated_at, i.input, i.result, i.message \
     FROM tasks t LEFT JOIN task_info i ON i.task_id = t.id WHERE NOT t.deleted";

impl Catalog {
    /// The task, unless it is deleted.
    pub async fn find_task(&self, id: &str) -> Result<Option<Task>> {
        let mut query = QueryBuilder::new(SELECT);
        query.push(" AND t.id = ").push_bind(id);
        query.build().fetch_optional(self.db.reader()).await?.as_ref().map(read).transpose()
    }

    /// All tasks that had to do with an image and have not expired, the oldest first.
    pub async fn tasks_of_image(&self, image: &ImageId, now: OffsetDateTime) -> Result<Vec<Task>> {
        let mut query = QueryBuilder::new(SELECT);
        query.push(" AND t.image_id = ").push_bind(image.as_str());
        query
            .push(" AND (t.expires_at IS NULL OR t.expires_at >= ")
            .push_bind(Stamp(now))
            .push(") ORDER BY t.created_at, t.id");
        query.build().fetch_all(self.db.reader()).await?.iter().map(read).collect()
    }

    /// One page of tasks; of `owner`'s alone, where one is named. [`Kind::MarkerUnknown`] when the marker is no task.
    pub async fn list_tasks(&self, query: &TaskQuery, owner: Option<&str>) -> Result<Vec<Task>> {
        let mut snapshot = self.db.snapshot().await?;
        let mut sql = QueryBuilder::new(SELECT);
        for (column, value) in query.filters.iter().map(|(column, value)| (*column, value.as_str())) {
            sql.push(" AND t.").push(column).push(" = ").push_bind(value);
        }
        if let Some(owner) = owner {
            sql.push(" AND t.owner = ").push_bind(owner);
        }
        let keys = [query.sort_key, "created_at", "id"];
        let ascending = query.sort_dir == SortDir::Asc;
        if let Some(marker) = &query.marker {
            after(&mut snapshot, &mut sql, keys, marker, ascending).await?;
        }
        let direction = if ascending { "ASC" } else { "DESC" };
        sql.push(" ORDER BY ").push(keys.map(|key| format!("{} {direction}", key_of(key))).join(", "));
        sql.push(" LIMIT ").push_bind(i64::from(query.limit));
        sql.build().fetch_all(&mut *snapshot).await?.iter().map(read).collect()
    }

    /// Deletes the tasks of a project that have expired.
    pub async fn expire_tasks(&self, owner: &str, now: OffsetDateTime) -> Result<()> {
        let expired: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM tasks WHERE owner = ? AND NOT deleted AND expires_at <= ? LIMIT 1")
                .bind(owner)
                .bind(Stamp(now))
                .fetch_optional(self.db.reader())
                .await?;
        if expired.is_none() {
            return Ok(());
        }
        let mut tx = self.db.write().await?;
        sqlx::query(
            "UPDATE tasks SET deleted = TRUE, deleted_at = ? WHERE owner = ? AND NOT deleted AND expires_at <= ?",
        )
        .bind(Stamp(now))
        .bind(owner)
        .bind(Stamp(now))
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    /// Notes a task that failed before it began.
    pub async fn add_failed_task(&self, task: &Task, message: &str, now: OffsetDateTime) -> Result<()> {
        let mut tx = self.db.write().await?;
        insert(&mut tx, task).await?;
        end(&mut tx, &task.id, Err(message), now).await?;
        tx.commit().await
    }

    /// Ends the tasks that nobody works at any more: a Glance died, or was replaced, while they were under way. Those
    /// that Casement works at have a transfer.
    pub async fn fail_lost_tasks(&self, message: &str, now: OffsetDateTime) -> Result<Vec<String>> {
        let mut tx = self.db.write().await?;
        let lost: Vec<String> = sqlx::query_scalar(
            "SELECT t.id FROM tasks t WHERE NOT t.deleted AND t.status IN ('pending', 'processing') \
             AND NOT EXISTS (SELECT 1 FROM casement_transfers x WHERE x.id = t.id) ORDER BY t.id",
        )
        .fetch_all(&mut *tx)
        .await?;
        for id in &lost {
            end(&mut tx, id, Err(message), now).await?;
        }
        tx.commit().await?;
        Ok(lost)
    }
}

/// NULL sorts as '', as it does in lists of images.
fn key_of(column: &str) -> String {
    format!("COALESCE(t.{column}, '')")
}

/// What comes after the marker in the order of `keys`.
async fn after(
    conn: &mut Conn,
    sql: &mut QueryBuilder<Db>,
    keys: [&str; 3],
    marker: &str,
    ascending: bool,
) -> Result<()> {
    let columns = keys.map(key_of).join(", ");
    let query = format!(
        "SELECT {} AS a, {} AS b, {} AS c FROM tasks t WHERE t.id = ? AND NOT t.deleted",
        key_of(keys[0]),
        key_of(keys[1]),
        key_of(keys[2])
    );
    let row: Option<Row> = sqlx::query(sqlx::AssertSqlSafe(query)).bind(marker).fetch_optional(conn).await?;
    let Some(row) = row else {
        return Err(Error::new(Kind::MarkerUnknown, format!("Task with the given id {marker} was not found")));
    };
    sql.push(format!(" AND ({columns}) ")).push(if ascending { ">" } else { "<" }).push(" (");
    let mut values = sql.separated(", ");
    for name in ["a", "b", "c"] {
        values.push_bind(row.try_get::<String, _>(name)?);
    }
    sql.push(")");
    Ok(())
}

fn read(row: &Row) -> Result<Task> {
    Ok(Task {
        id: row.try_get("id")?,
        kind: row.try_get("type")?,
        status: record::named(row, "status")?,
        owner: row.try_get("owner")?,
        expires_at: row.try_get::<Option<Stamp>, _>("expires_at")?.map(|stamp| stamp.0),
        image_id: row.try_get("image_id")?,
        request_id: row.try_get("request_id")?,
        user_id: row.try_get("user_id")?,
        created_at: row.try_get::<Stamp, _>("created_at")?.0,
        updated_at: row.try_get::<Stamp, _>("updated_at")?.0,
        input: json(row, "input")?,
        result: json(row, "result")?,
        message: row.try_get("message")?,
    })
}

/// What can't be read as JSON is shown as the text it is.
fn json(row: &Row, column: &'static str) -> Result<Value> {
    let text: Option<String> = row.try_get(column)?;
    Ok(text.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap_or(Value::String(text))))
}

pub(crate) async fn insert(conn: &mut Conn, task: &Task) -> Result<()> {
    sqlx::query(
        "INSERT INTO tasks (id, type, status, owner, expires_at, image_id, request_id, user_id, created_at, \
         updated_at, deleted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, FALSE)",
    )
    .bind(&task.id)
    .bind(&task.kind)
    .bind(task.status.as_str())
    .bind(&task.owner)
    .bind(task.expires_at.map(Stamp))
    .bind(&task.image_id)
    .bind(&task.request_id)
    .bind(&task.user_id)
    .bind(Stamp(task.created_at))
    .bind(Stamp(task.updated_at))
    .execute(&mut *conn)
    .await?;
    sqlx::query("INSERT INTO task_info (task_id, input) VALUES (?, ?)")
        .bind(&task.id)
        .bind(task.input.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends a task, well or with a message.
pub(crate) async fn end(conn: &mut Conn, id: &str, end: Result<(), &str>, now: OffsetDateTime) -> Result<()> {
    let status = if end.is_ok() { TaskStatus::Success } else { TaskStatus::Failure };
    sqlx::query("UPDATE tasks SET status = ?, expires_at = ?, updated_at = ? WHERE id = ?")
        .bind(status.as_str())
        .bind(Stamp(now + TIME_TO_LIVE))
        .bind(Stamp(now))
        .bind(id)
        .execute(&mut *conn)
        .await?;
    sqlx::query("UPDATE task_info SET message = ? WHERE task_id = ?")
        .bind(end.err().unwrap_or_default())
        .bind(id)
        .execute(conn)
        .await?;
    Ok(())
}
