//! The properties of a namespace.

use super::{
    FoundNamespace,
    children::Table,
    objects::{definitions, text},
    require_room, require_unchanged,
};
use crate::{
    Catalog, Result,
    sqlite::{Conn, Row},
    stamp::Stamp,
};
use casement_image::metadef::{Property, PropertyType};
use sqlx::Row as _;
use std::collections::BTreeMap;
use time::OffsetDateTime;

impl Catalog {
    pub async fn metadef_properties(&self, found: &FoundNamespace) -> Result<BTreeMap<String, PropertyType>> {
        let mut snapshot = self.db.snapshot().await?;
        of_namespace(&mut snapshot, found.id).await
    }

    pub async fn find_metadef_property(&self, found: &FoundNamespace, name: &str) -> Result<Option<Property>> {
        let query = "SELECT json_schema FROM metadef_properties WHERE namespace_id = ? AND name = ?";
        let row = sqlx::query(query).bind(found.id).bind(name).fetch_optional(self.db.reader()).await?;
        let read = |row: &Row| Ok(Property { name: name.to_owned(), definition: definition(row)? });
        row.as_ref().map(read).transpose()
    }

    pub async fn add_metadef_property(
        &self,
        found: &FoundNamespace,
        wanted: &Property,
        now: OffsetDateTime,
    ) -> Result<()> {
        let mut tx = self.db.write().await?;
        require_unchanged(&mut tx, found).await?;
        insert(&mut tx, found.key(), &wanted.name, &wanted.definition, now).await?;
        require_room(&mut tx, found).await?;
        tx.commit().await
    }

    /// `false` when there is no property of that name.
    pub async fn update_metadef_property(
        &self,
        found: &FoundNamespace,
        name: &str,
        wanted: &Property,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let mut tx = self.db.write().await?;
        require_unchanged(&mut tx, found).await?;
        let Some(id) = Table::Properties.find(&mut tx, found.id, name).await? else { return Ok(false) };
        Table::Properties.require_free(&mut tx, found.key(), &wanted.name, Some(id)).await?;
        update(&mut tx, id, &wanted.name, &wanted.definition, now).await?;
        require_room(&mut tx, found).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// `false` when there is no property of that name.
    pub async fn remove_metadef_property(&self, found: &FoundNamespace, name: &str) -> Result<bool> {
        self.remove_child(found, Table::Properties, name).await
    }

    pub async fn remove_metadef_properties(&self, found: &FoundNamespace) -> Result<()> {
        self.remove_children(found, Table::Properties).await
    }

    pub(super) async fn remove_child(&self, found: &FoundNamespace, table: Table, name: &str) -> Result<bool> {
        let mut tx = self.db.write().await?;
        require_unchanged(&mut tx, found).await?;
        let removed = table.remove(&mut tx, found.id, name).await?;
        tx.commit().await?;
        Ok(removed)
    }

    pub(super) async fn remove_children(&self, found: &FoundNamespace, table: Table) -> Result<()> {
        let mut tx = self.db.write().await?;
        require_unchanged(&mut tx, found).await?;
        table.remove_all(&mut tx, found.id).await?;
        tx.commit().await
    }
}

fn definition(row: &Row) -> Result<PropertyType> {
    Ok(PropertyType::read(&definitions(row)?))
}

pub(super) async fn of_namespace(conn: &mut Conn, id: i64) -> Result<BTreeMap<String, PropertyType>> {
    let query = "SELECT name, json_schema FROM metadef_properties WHERE namespace_id = ?";
    let rows = sqlx::query(query).bind(id).fetch_all(conn).await?;
    rows.iter().map(|row| Ok((row.try_get("name")?, definition(row)?))).collect()
}

pub(super) async fn insert(
    conn: &mut Conn,
    namespace: (i64, &str),
    name: &str,
    definition: &PropertyType,
    now: OffsetDateTime,
) -> Result<()> {
    Table::Properties.require_free(conn, namespace, name, None).await?;
    let insert = "INSERT INTO metadef_properties (namespace_id, name, json_schema, created_at, updated_at) \
                  VALUES (?, ?, ?, ?, ?)";
    sqlx::query(insert)
        .bind(namespace.0)
        .bind(name)
        .bind(text(definition.as_json())?)
        .bind(Stamp(now))
        .bind(Stamp(now))
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn update(
    conn: &mut Conn,
    id: i64,
    name: &str,
    definition: &PropertyType,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query("UPDATE metadef_properties SET name = ?, json_schema = ?, updated_at = ? WHERE id = ?")
        .bind(name)
        .bind(text(definition.as_json())?)
        .bind(Stamp(now))
        .bind(id)
        .execute(conn)
        .await?;
    Ok(())
}
