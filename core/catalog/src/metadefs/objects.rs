//! The objects of a namespace.

use super::{FoundNamespace, children::Table, require_room, require_unchanged, resource_types::times};
use crate::{
    Catalog, Error, Kind, Result, record,
    sqlite::{Conn, Row},
    stamp::Stamp,
};
use casement_image::metadef::{Object, PropertyType};
use serde_json::{Map, Value};
use sqlx::Row as _;
use time::OffsetDateTime;

/// The columns of `metadef_objects`, as [`object`] reads them.
macro_rules! object_columns {
    () => {
        "name, description, required, json_schema, created_at, COALESCE(updated_at, created_at) AS updated_at"
    };
}

impl Catalog {
    /// By name.
    pub async fn metadef_objects(&self, found: &FoundNamespace) -> Result<Vec<Object>> {
        let mut snapshot = self.db.snapshot().await?;
        of_namespace(&mut snapshot, found.id).await
    }

    pub async fn find_metadef_object(&self, found: &FoundNamespace, name: &str) -> Result<Option<Object>> {
        let query = concat!("SELECT ", object_columns!(), " FROM metadef_objects WHERE namespace_id = ? AND name = ?");
        let row = sqlx::query(query).bind(found.id).bind(name).fetch_optional(self.db.reader()).await?;
        row.as_ref().map(object).transpose()
    }

    pub async fn add_metadef_object(&self, found: &FoundNamespace, wanted: &Object) -> Result<()> {
        let mut tx = self.db.write().await?;
        require_unchanged(&mut tx, found).await?;
        insert(&mut tx, found.key(), wanted).await?;
        require_room(&mut tx, found).await?;
        tx.commit().await
    }

    /// `None` when there is no object of that name; else when it was made.
    pub async fn update_metadef_object(
        &self,
        found: &FoundNamespace,
        name: &str,
        wanted: &Object,
    ) -> Result<Option<OffsetDateTime>> {
        let mut tx = self.db.write().await?;
        require_unchanged(&mut tx, found).await?;
        let query = "SELECT id, created_at FROM metadef_objects WHERE namespace_id = ? AND name = ?";
        let row = sqlx::query(query).bind(found.id).bind(name).fetch_optional(&mut *tx).await?;
        let Some(row) = row else { return Ok(None) };
        let id = row.try_get("id")?;
        Table::Objects.require_free(&mut tx, found.key(), &wanted.name, Some(id)).await?;
        update(&mut tx, id, wanted).await?;
        require_room(&mut tx, found).await?;
        tx.commit().await?;
        Ok(Some(row.try_get::<Stamp, _>("created_at")?.0))
    }

    /// `false` when there is no object of that name.
    pub async fn remove_metadef_object(&self, found: &FoundNamespace, name: &str) -> Result<bool> {
        self.remove_child(found, Table::Objects, name).await
    }

    pub async fn remove_metadef_objects(&self, found: &FoundNamespace) -> Result<()> {
        self.remove_children(found, Table::Objects).await
    }
}

pub(super) async fn of_namespace(conn: &mut Conn, id: i64) -> Result<Vec<Object>> {
    let query = concat!("SELECT ", object_columns!(), " FROM metadef_objects WHERE namespace_id = ? ORDER BY name");
    let rows = sqlx::query(query).bind(id).fetch_all(conn).await?;
    rows.iter().map(object).collect()
}

fn object(row: &Row) -> Result<Object> {
    let (created_at, updated_at) = times(row)?;
    let required: Option<&str> = row.try_get("required")?;
    let names = |names: &str| names.split(',').map(str::to_owned).collect();
    let read = |(name, definition): (String, Value)| match definition {
        Value::Object(definition) => Some((name, PropertyType::read(&definition))),
        _ => None,
    };
    Ok(Object {
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        required: Some(required.filter(|names| !names.is_empty()).map(names).unwrap_or_default()),
        properties: Some(definitions(row)?.into_iter().filter_map(read).collect()),
        created_at,
        updated_at,
    })
}

/// What Glance's own tool writes for an object without properties is null.
pub(super) fn definitions(row: &Row) -> Result<Map<String, Value>> {
    record::metadata(row, "json_schema")
}

pub(super) fn text(definitions: &Map<String, Value>) -> Result<String> {
    serde_json::to_string(definitions)
        .map_err(|error| Error::new(Kind::Internal, "a definition can't be written as JSON").because(error))
}

/// The properties as JSON, and the names of the required ones, as the columns hold them.
fn columns(object: &Object) -> Result<(String, Option<String>)> {
    let properties = object.properties.iter().flatten();
    let schema = properties.map(|(name, definition)| (name.clone(), Value::Object(definition.as_json().clone())));
    let required = object.required.as_ref().filter(|names| !names.is_empty()).map(|names| names.join(","));
    Ok((text(&schema.collect())?, required))
}

pub(super) async fn insert(conn: &mut Conn, namespace: (i64, &str), wanted: &Object) -> Result<()> {
    Table::Objects.require_free(conn, namespace, &wanted.name, None).await?;
    let (schema, required) = columns(wanted)?;
    let insert = "INSERT INTO metadef_objects (namespace_id, name, description, required, json_schema, created_at, \
                  updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)";
    sqlx::query(insert)
        .bind(namespace.0)
        .bind(&wanted.name)
        .bind(&wanted.description)
        .bind(required)
        .bind(schema)
        .bind(Stamp(wanted.created_at))
        .bind(Stamp(wanted.updated_at))
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn update(conn: &mut Conn, id: i64, wanted: &Object) -> Result<()> {
    let (schema, required) = columns(wanted)?;
    let update = "UPDATE metadef_objects SET name = ?, description = ?, required = ?, json_schema = ?, updated_at = ? \
                  WHERE id = ?";
    sqlx::query(update)
        .bind(&wanted.name)
        .bind(&wanted.description)
        .bind(required)
        .bind(schema)
        .bind(Stamp(wanted.updated_at))
        .bind(id)
        .execute(conn)
        .await?;
    Ok(())
}
