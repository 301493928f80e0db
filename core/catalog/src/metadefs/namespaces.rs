//! Namespaces: made with all that is in them, looked up, changed, deleted.

use super::{
    children::Table, namespace, namespace_columns, objects, properties, require_room, require_unchanged,
    resource_types, tags,
};
use crate::{
    Catalog, Error, Kind, Result,
    sqlite::Conn,
    stamp::{Stamp, next_after},
};
use casement_image::metadef::{Contents, Namespace};
use sqlx::AssertSqlSafe;

/// A namespace that was looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundNamespace {
    pub(crate) id: i64,
    pub namespace: Namespace,
}

impl FoundNamespace {
    pub(super) fn key(&self) -> (i64, &str) {
        (self.id, &self.namespace.namespace)
    }
}

impl Catalog {
    /// Visibility is the caller's business.
    pub async fn find_namespace(&self, name: &str) -> Result<Option<FoundNamespace>> {
        find(self.db.reader(), name).await
    }

    /// A namespace with all that is in it, of one moment.
    pub async fn namespace_contents(&self, found: &FoundNamespace) -> Result<Contents> {
        let mut snapshot = self.db.snapshot().await?;
        contents(&mut snapshot, found.id).await
    }

    /// Adds a namespace with all that is in it, or nothing. [`Kind::Exists`] for the first name that is taken.
    pub async fn create_namespace(&self, wanted: &Namespace, contents: &Contents) -> Result<()> {
        let mut tx = self.db.write().await?;
        if find(&mut *tx, &wanted.namespace).await?.is_some() {
            let message = format!("The metadata definition namespace={} already exists.", wanted.namespace);
            return Err(Error::new(Kind::Exists, message));
        }
        let found = insert(&mut tx, wanted).await?;
        for association in &contents.associations {
            resource_types::insert(&mut tx, found.key(), association, false).await?;
        }
        for object in &contents.objects {
            objects::insert(&mut tx, found.key(), object).await?;
        }
        for tag in &contents.tags {
            tags::insert(&mut tx, found.key(), tag).await?;
        }
        for (name, definition) in &contents.properties {
            properties::insert(&mut tx, found.key(), name, definition, wanted.created_at).await?;
        }
        require_room(&mut tx, &found).await?;
        tx.commit().await
    }

    /// Turns `before` into `after`, and answers what it is now.
    pub async fn update_namespace(&self, before: &FoundNamespace, after: Namespace) -> Result<Namespace> {
        let mut tx = self.db.write().await?;
        require_unchanged(&mut tx, before).await?;
        let name = &after.namespace;
        if find(&mut *tx, name).await?.is_some_and(|taken| taken.id != before.id) {
            let message = format!(
                "Invalid update. It would result in a duplicate metadata definition namespace with the same name of {name}"
            );
            return Err(Error::new(Kind::Exists, message));
        }
        let updated_at = next_after(before.namespace.updated_at, after.updated_at);
        let after = Namespace { created_at: before.namespace.created_at, updated_at, ..after };
        update(&mut tx, before.id, &after).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Deletes a namespace with all that is in it.
    pub async fn delete_namespace(&self, found: &FoundNamespace) -> Result<()> {
        let mut tx = self.db.write().await?;
        require_unchanged(&mut tx, found).await?;
        remove(&mut tx, found.id).await?;
        tx.commit().await
    }
}

pub(super) async fn find(
    executor: impl sqlx::Executor<'_, Database = crate::sqlite::Db>,
    name: &str,
) -> Result<Option<FoundNamespace>> {
    let query = concat!("SELECT ", namespace_columns!(), " FROM metadef_namespaces n WHERE n.namespace = ?");
    let row = sqlx::query(query).bind(name).fetch_optional(executor).await?;
    row.as_ref().map(namespace).transpose()
}

pub(super) async fn contents(conn: &mut Conn, id: i64) -> Result<Contents> {
    Ok(Contents {
        associations: resource_types::of_namespace(conn, id).await?,
        properties: properties::of_namespace(conn, id).await?,
        objects: objects::of_namespace(conn, id).await?,
        tags: tags::of_namespace(conn, id).await?,
    })
}

pub(super) async fn insert(conn: &mut Conn, wanted: &Namespace) -> Result<FoundNamespace> {
    let insert = "INSERT INTO metadef_namespaces (namespace, display_name, description, visibility, protected, owner, \
                  updated_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id";
    let id = sqlx::query_scalar(insert)
        .bind(&wanted.namespace)
        .bind(&wanted.display_name)
        .bind(&wanted.description)
        .bind(wanted.visibility.as_str())
        .bind(wanted.protected)
        .bind(&wanted.owner)
        .bind(Stamp(wanted.updated_at))
        .bind(Stamp(wanted.created_at))
        .fetch_one(conn)
        .await?;
    Ok(FoundNamespace { id, namespace: wanted.clone() })
}

pub(super) async fn update(conn: &mut Conn, id: i64, after: &Namespace) -> Result<()> {
    sqlx::query(
        "UPDATE metadef_namespaces SET namespace = ?, display_name = ?, description = ?, visibility = ?, protected = ?, \
         owner = ?, updated_at = ? WHERE id = ?",
    )
    .bind(&after.namespace)
    .bind(&after.display_name)
    .bind(&after.description)
    .bind(after.visibility.as_str())
    .bind(after.protected)
    .bind(&after.owner)
    .bind(Stamp(after.updated_at))
    .bind(id)
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn remove(conn: &mut Conn, id: i64) -> Result<()> {
    for table in [Table::Tags, Table::Objects, Table::Properties] {
        table.remove_all(conn, id).await?;
    }
    for statement in [
        "DELETE FROM metadef_namespace_resource_types WHERE namespace_id = ?",
        "DELETE FROM metadef_namespaces WHERE id = ?",
    ] {
        sqlx::query(AssertSqlSafe(statement.to_owned())).bind(id).execute(&mut *conn).await?;
    }
    Ok(())
}
