//! Resource types and how namespaces go with them.

use super::{FoundNamespace, require_unchanged};
use crate::{
    Catalog, Error, Kind, Result,
    sqlite::{Conn, Row},
    stamp::Stamp,
};
use casement_image::metadef::{Association, MAX_ASSOCIATIONS, MAX_RESOURCE_TYPES, ResourceType, too_many};
use sqlx::Row as _;
use time::OffsetDateTime;

const ASSOCIATIONS: &str = "SELECT t.name, a.prefix, a.properties_target, a.created_at, \
     COALESCE(a.updated_at, a.created_at) AS updated_at FROM metadef_namespace_resource_types a \
     JOIN metadef_resource_types t ON t.id = a.resource_type_id WHERE a.namespace_id = ? ORDER BY t.id";

impl Catalog {
    /// All resource types that any namespace was ever associated with, the oldest first.
    pub async fn resource_types(&self) -> Result<Vec<ResourceType>> {
        let query = "SELECT name, created_at, COALESCE(updated_at, created_at) AS updated_at \
                     FROM metadef_resource_types ORDER BY id";
        let rows = sqlx::query(query).fetch_all(self.db.reader()).await?;
        let read = |row: &Row| {
            let (created_at, updated_at) = times(row)?;
            Ok(ResourceType { name: row.try_get("name")?, created_at, updated_at })
        };
        rows.iter().map(read).collect()
    }

    pub async fn associations(&self, found: &FoundNamespace) -> Result<Vec<Association>> {
        let rows = sqlx::query(ASSOCIATIONS).bind(found.id).fetch_all(self.db.reader()).await?;
        rows.iter().map(association).collect()
    }

    /// Whether there is such a resource type, whatever namespaces go with it.
    pub async fn has_resource_type(&self, name: &str) -> Result<bool> {
        let query = "SELECT 1 FROM metadef_resource_types WHERE name = ?";
        let found: Option<i64> = sqlx::query_scalar(query).bind(name).fetch_optional(self.db.reader()).await?;
        Ok(found.is_some())
    }

    /// Associates the namespace with a resource type, which is made when it is new. [`Kind::Exists`] when it is
    /// associated already.
    pub async fn add_association(&self, found: &FoundNamespace, association: &Association) -> Result<()> {
        let mut tx = self.db.write().await?;
        require_unchanged(&mut tx, found).await?;
        insert(&mut tx, found.key(), association, false).await?;
        tx.commit().await
    }

    /// `false` when the namespace is not associated with it.
    pub async fn remove_association(&self, found: &FoundNamespace, resource_type: &str) -> Result<bool> {
        let mut tx = self.db.write().await?;
        require_unchanged(&mut tx, found).await?;
        let delete = "DELETE FROM metadef_namespace_resource_types WHERE namespace_id = ? AND resource_type_id = \
                      (SELECT id FROM metadef_resource_types WHERE name = ?)";
        let done = sqlx::query(delete).bind(found.id).bind(resource_type).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }
}

pub(super) fn times(row: &Row) -> Result<(OffsetDateTime, OffsetDateTime)> {
    Ok((row.try_get::<Stamp, _>("created_at")?.0, row.try_get::<Stamp, _>("updated_at")?.0))
}

pub(super) fn association(row: &Row) -> Result<Association> {
    let (created_at, updated_at) = times(row)?;
    let (prefix, properties_target) = (row.try_get("prefix")?, row.try_get("properties_target")?);
    Ok(Association { name: row.try_get("name")?, prefix, properties_target, created_at, updated_at })
}

pub(super) async fn of_namespace(conn: &mut Conn, id: i64) -> Result<Vec<Association>> {
    let rows = sqlx::query(ASSOCIATIONS).bind(id).fetch_all(conn).await?;
    rows.iter().map(association).collect()
}

/// `protected` marks a resource type that is made for it as one that came with a file.
pub(super) async fn insert(
    conn: &mut Conn,
    namespace: (i64, &str),
    wanted: &Association,
    protected: bool,
) -> Result<()> {
    let resource_type = match find(conn, &wanted.name).await? {
        Some(id) => id,
        None => insert_type(conn, wanted, protected).await?,
    };
    if is_associated(conn, namespace.0, resource_type).await? {
        let message = format!(
            "The metadata definition resource-type association of resource-type={} to namespace={} already exists.",
            wanted.name, namespace.1
        );
        return Err(Error::new(Kind::Exists, message));
    }
    let count = "SELECT COUNT(*) FROM metadef_namespace_resource_types WHERE namespace_id = ?";
    let count: i64 = sqlx::query_scalar(count).bind(namespace.0).fetch_one(&mut *conn).await?;
    require_few(count, "resource type associations in a namespace", MAX_ASSOCIATIONS)?;
    sqlx::query(
        "INSERT INTO metadef_namespace_resource_types (namespace_id, resource_type_id, prefix, properties_target, \
         created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(namespace.0)
    .bind(resource_type)
    .bind(&wanted.prefix)
    .bind(&wanted.properties_target)
    .bind(Stamp(wanted.created_at))
    .bind(Stamp(wanted.updated_at))
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn find(conn: &mut Conn, name: &str) -> Result<Option<i64>> {
    let query = "SELECT id FROM metadef_resource_types WHERE name = ?";
    Ok(sqlx::query_scalar(query).bind(name).fetch_optional(conn).await?)
}

pub(super) async fn is_associated(conn: &mut Conn, namespace: i64, resource_type: i64) -> Result<bool> {
    let query = "SELECT 1 FROM metadef_namespace_resource_types WHERE namespace_id = ? AND resource_type_id = ?";
    let found: Option<i64> = sqlx::query_scalar(query).bind(namespace).bind(resource_type).fetch_optional(conn).await?;
    Ok(found.is_some())
}

async fn insert_type(conn: &mut Conn, wanted: &Association, protected: bool) -> Result<i64> {
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM metadef_resource_types").fetch_one(&mut *conn).await?;
    require_few(count, "resource types", MAX_RESOURCE_TYPES)?;
    let insert = "INSERT INTO metadef_resource_types (name, protected, created_at, updated_at) VALUES (?, ?, ?, ?) \
                  RETURNING id";
    let id = sqlx::query_scalar(insert)
        .bind(&wanted.name)
        .bind(protected)
        .bind(Stamp(wanted.created_at))
        .bind(Stamp(wanted.updated_at))
        .fetch_one(conn)
        .await?;
    Ok(id)
}

fn require_few(count: i64, what: &str, maximum: usize) -> Result<()> {
    if usize::try_from(count).is_ok_and(|count| count < maximum) {
        return Ok(());
    }
    Err(Error::new(Kind::TooMuch, too_many(what, maximum).message))
}
