//! Namespaces as files bring them, and taking all of them away.

use super::{
    FoundNamespace,
    children::Table,
    namespaces::{self, find, insert},
    objects, properties, require_room, resource_types, tags,
};
use crate::{Catalog, Result, sqlite::Conn, stamp::Stamp};
use casement_image::metadef::{Association, Contents, Namespace};

/// What becomes of a namespace that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// It stays as it is.
    Skip,
    /// What is not in it yet is added.
    Add,
    /// That, and what is there becomes as the file says.
    Update,
    /// It goes, with all that is in it, and comes anew.
    Overwrite,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loaded {
    New,
    Skipped,
    Merged,
    Overwritten,
}

/// How much was taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unloaded {
    pub namespaces: u64,
    pub resource_types: u64,
}

impl Catalog {
    /// Brings in a whole namespace, or nothing of it.
    pub async fn load_namespace(&self, wanted: &Namespace, contents: &Contents, how: Merge) -> Result<Loaded> {
        let mut tx = self.db.write().await?;
        let there = find(&mut *tx, &wanted.namespace).await?;
        let loaded = match (&there, how) {
            (None, _) => Loaded::New,
            (Some(_), Merge::Skip) => return Ok(Loaded::Skipped),
            (Some(_), Merge::Add | Merge::Update) => Loaded::Merged,
            (Some(found), Merge::Overwrite) => {
                namespaces::remove(&mut tx, found.id).await?;
                Loaded::Overwritten
            }
        };
        let found = match there.filter(|_| loaded == Loaded::Merged) {
            Some(found) => found,
            None => insert(&mut tx, wanted).await?,
        };
        let update = loaded == Loaded::Merged && how == Merge::Update;
        if update {
            namespaces::update(&mut tx, found.id, wanted).await?;
        }
        fill(&mut tx, &found, contents, wanted, update).await?;
        require_room(&mut tx, &found).await?;
        tx.commit().await?;
        Ok(loaded)
    }

    /// Takes away all namespaces, all that is in them, and all resource types.
    pub async fn unload_namespaces(&self) -> Result<Unloaded> {
        let mut tx = self.db.write().await?;
        for statement in [
            "DELETE FROM metadef_properties",
            "DELETE FROM metadef_objects",
            "DELETE FROM metadef_tags",
            "DELETE FROM metadef_namespace_resource_types",
        ] {
            sqlx::query(statement).execute(&mut *tx).await?;
        }
        let namespaces = sqlx::query("DELETE FROM metadef_namespaces").execute(&mut *tx).await?.rows_affected();
        let resource_types = sqlx::query("DELETE FROM metadef_resource_types").execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        Ok(Unloaded { namespaces, resource_types })
    }

    /// The names of all namespaces, in their order.
    pub async fn namespace_names(&self) -> Result<Vec<String>> {
        let query = "SELECT namespace FROM metadef_namespaces ORDER BY namespace";
        Ok(sqlx::query_scalar(query).fetch_all(self.db.reader()).await?)
    }
}

/// Adds what is missing, and with `update` changes what is there.
async fn fill(
    conn: &mut Conn,
    found: &FoundNamespace,
    contents: &Contents,
    wanted: &Namespace,
    update: bool,
) -> Result<()> {
    for association in &contents.associations {
        associate(conn, found, association, update).await?;
    }
    for (name, definition) in &contents.properties {
        match Table::Properties.find(conn, found.id, name).await? {
            None => properties::insert(conn, found.key(), name, definition, wanted.created_at).await?,
            Some(id) if update => properties::update(conn, id, name, definition, wanted.updated_at).await?,
            Some(_) => {}
        }
    }
    for object in &contents.objects {
        match Table::Objects.find(conn, found.id, &object.name).await? {
            None => objects::insert(conn, found.key(), object).await?,
            Some(id) if update => objects::update(conn, id, object).await?,
            Some(_) => {}
        }
    }
    for tag in &contents.tags {
        match Table::Tags.find(conn, found.id, &tag.name).await? {
            None => tags::insert(conn, found.key(), tag).await?,
            Some(id) if update => tags::update(conn, id, &tag.name, tag.updated_at).await?,
            Some(_) => {}
        }
    }
    Ok(())
}

async fn associate(conn: &mut Conn, found: &FoundNamespace, wanted: &Association, update: bool) -> Result<()> {
    let resource_type = resource_types::find(conn, &wanted.name).await?;
    let there = match resource_type {
        Some(id) => resource_types::is_associated(conn, found.id, id).await?,
        None => false,
    };
    if !there {
        return resource_types::insert(conn, found.key(), wanted, true).await;
    }
    if update {
        sqlx::query(
            "UPDATE metadef_namespace_resource_types SET prefix = ?, properties_target = ?, updated_at = ? \
             WHERE namespace_id = ? AND resource_type_id = ?",
        )
        .bind(&wanted.prefix)
        .bind(&wanted.properties_target)
        .bind(Stamp(wanted.updated_at))
        .bind(found.id)
        .bind(resource_type)
        .execute(conn)
        .await?;
    }
    Ok(())
}
