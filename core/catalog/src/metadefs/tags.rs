//! The tags of a namespace.

use super::{FoundNamespace, children::Table, list, require_room, require_unchanged, resource_types::times};
use crate::{
    Catalog, Result,
    sqlite::{Conn, Db, Row},
    stamp::Stamp,
};
use casement_image::metadef::{Tag, TagQuery, TagSortKey};
use sqlx::{QueryBuilder, Row as _};
use time::OffsetDateTime;

/// The columns of `metadef_tags`, as [`tag`] reads them.
const SELECT: &str = "SELECT id, name, created_at, COALESCE(updated_at, created_at) AS updated_at FROM metadef_tags \
     WHERE namespace_id = ";

impl Catalog {
    /// One page of the tags, or all. `None` when the marker is none of them.
    pub async fn metadef_tags(&self, found: &FoundNamespace, query: &TagQuery) -> Result<Option<Vec<Tag>>> {
        let mut snapshot = self.db.snapshot().await?;
        let mut sql = QueryBuilder::<Db>::new(SELECT);
        sql.push_bind(found.id);
        let first = match query.sort_key {
            TagSortKey::Name => Some("name"),
            TagSortKey::UpdatedAt => Some("COALESCE(updated_at, created_at)"),
            TagSortKey::CreatedAt => None,
        };
        if let Some(name) = &query.marker {
            let Some(row) = row(&mut snapshot, found, name).await? else { return Ok(None) };
            let marker = tag(&row)?;
            let first = match query.sort_key {
                TagSortKey::Name => first.map(|column| (column, list::Value::Text(marker.name))),
                TagSortKey::UpdatedAt => first.map(|column| (column, list::Value::Time(marker.updated_at))),
                TagSortKey::CreatedAt => None,
            };
            list::after(&mut sql, first, marker.created_at, row.try_get("id")?, query.sort_dir);
        }
        list::order(&mut sql, first, query.sort_dir, query.limit);
        let rows = sql.build().fetch_all(&mut *snapshot).await?;
        rows.iter().map(tag).collect::<Result<_>>().map(Some)
    }

    pub async fn find_metadef_tag(&self, found: &FoundNamespace, name: &str) -> Result<Option<Tag>> {
        let mut snapshot = self.db.snapshot().await?;
        row(&mut snapshot, found, name).await?.as_ref().map(tag).transpose()
    }

    pub async fn add_metadef_tag(&self, found: &FoundNamespace, wanted: &Tag) -> Result<()> {
        self.add_metadef_tags(found, std::slice::from_ref(wanted), true).await
    }

    /// Adds tags, all or none; without `append`, those that were there go.
    pub async fn add_metadef_tags(&self, found: &FoundNamespace, wanted: &[Tag], append: bool) -> Result<()> {
        let mut tx = self.db.write().await?;
        require_unchanged(&mut tx, found).await?;
        if !append {
            Table::Tags.remove_all(&mut tx, found.id).await?;
        }
        for tag in wanted {
            insert(&mut tx, found.key(), tag).await?;
        }
        require_room(&mut tx, found).await?;
        tx.commit().await
    }

    /// `None` when there is no tag of that name; else the tag as it is now.
    pub async fn rename_metadef_tag(&self, found: &FoundNamespace, name: &str, wanted: &Tag) -> Result<Option<Tag>> {
        let mut tx = self.db.write().await?;
        require_unchanged(&mut tx, found).await?;
        let Some(row) = row(&mut tx, found, name).await? else { return Ok(None) };
        let id = row.try_get("id")?;
        Table::Tags.require_free(&mut tx, found.key(), &wanted.name, Some(id)).await?;
        update(&mut tx, id, &wanted.name, wanted.updated_at).await?;
        tx.commit().await?;
        Ok(Some(Tag { created_at: tag(&row)?.created_at, ..wanted.clone() }))
    }

    /// `false` when there is no tag of that name.
    pub async fn remove_metadef_tag(&self, found: &FoundNamespace, name: &str) -> Result<bool> {
        self.remove_child(found, Table::Tags, name).await
    }

    pub async fn remove_metadef_tags(&self, found: &FoundNamespace) -> Result<()> {
        self.remove_children(found, Table::Tags).await
    }
}

async fn row(conn: &mut Conn, found: &FoundNamespace, name: &str) -> Result<Option<Row>> {
    let mut sql = QueryBuilder::<Db>::new(SELECT);
    sql.push_bind(found.id).push(" AND name = ").push_bind(name.to_owned());
    Ok(sql.build().fetch_optional(conn).await?)
}

/// The newest first, as lists have them.
pub(super) async fn of_namespace(conn: &mut Conn, id: i64) -> Result<Vec<Tag>> {
    let mut sql = QueryBuilder::<Db>::new(SELECT);
    sql.push_bind(id).push(" ORDER BY created_at DESC, id DESC");
    let rows = sql.build().fetch_all(conn).await?;
    rows.iter().map(tag).collect()
}

fn tag(row: &Row) -> Result<Tag> {
    let (created_at, updated_at) = times(row)?;
    Ok(Tag { name: row.try_get("name")?, created_at, updated_at })
}

pub(super) async fn insert(conn: &mut Conn, namespace: (i64, &str), wanted: &Tag) -> Result<()> {
    Table::Tags.require_free(conn, namespace, &wanted.name, None).await?;
    sqlx::query("INSERT INTO metadef_tags (namespace_id, name, created_at, updated_at) VALUES (?, ?, ?, ?)")
        .bind(namespace.0)
        .bind(&wanted.name)
        .bind(Stamp(wanted.created_at))
        .bind(Stamp(wanted.updated_at))
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn update(conn: &mut Conn, id: i64, name: &str, now: OffsetDateTime) -> Result<()> {
    sqlx::query("UPDATE metadef_tags SET name = ?, updated_at = ? WHERE id = ?")
        .bind(name)
        .bind(Stamp(now))
        .bind(id)
        .execute(conn)
        .await?;
    Ok(())
}
