//! Lists of namespaces: who may see what, filters, and paging by key.

use super::{FoundNamespace, namespace, namespace_columns, resource_types::association};
use crate::{
    Catalog, Result,
    sqlite::{Conn, Sql},
    stamp::Stamp,
};
use casement_image::{
    Caller, SortDir,
    metadef::{Association, NamespaceQuery, NamespaceSortKey},
};
use sqlx::Row as _;
use std::collections::HashMap;
use time::OffsetDateTime;

/// One page of a list, each namespace with what it is associated with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespacePage {
    pub namespaces: Vec<(FoundNamespace, Vec<Association>)>,
    /// As many as the query's limit, so there may be more.
    pub full: bool,
}

impl Catalog {
    /// One page of the namespaces that `caller` may see and `query` asks for, after `marker`.
    pub async fn list_namespaces(
        &self,
        query: &NamespaceQuery,
        marker: Option<&FoundNamespace>,
        caller: &Caller,
    ) -> Result<NamespacePage> {
        let mut snapshot = self.db.snapshot().await?;
        let rows = select(query, marker, caller).build().fetch_all(&mut *snapshot).await?;
        let found = rows.iter().map(namespace).collect::<Result<Vec<_>>>()?;
        let mut associations = associations_of(&mut snapshot, &found).await?;
        let full = !found.is_empty() && query.page.limit == u32::try_from(found.len()).ok();
        let with_theirs = |found: FoundNamespace| {
            let theirs = associations.remove(&found.id).unwrap_or_default();
            (found, theirs)
        };
        Ok(NamespacePage { namespaces: found.into_iter().map(with_theirs).collect(), full })
    }
}

fn select(query: &NamespaceQuery, marker: Option<&FoundNamespace>, caller: &Caller) -> Sql {
    let mut sql = Sql::new(concat!("SELECT ", namespace_columns!(), " FROM metadef_namespaces n WHERE TRUE"));
    if !caller.is_admin {
        sql.push(" AND (n.visibility = 'public'");
        if let Some(project) = &caller.project_id {
            sql.push(" OR n.owner = ").push_bind(project.clone());
        }
        sql.push(")");
    }
    if let Some(visibility) = &query.visibility {
        sql.push(" AND COALESCE(n.visibility, 'private') = ").push_bind(visibility.clone());
    }
    if let Some(names) = &query.resource_types {
        sql.push(
            " AND n.id IN (SELECT a.namespace_id FROM metadef_namespace_resource_types a \
             JOIN metadef_resource_types t ON t.id = a.resource_type_id WHERE t.name IN (",
        );
        let mut list = sql.separated(", ");
        for name in names {
            list.push_bind(name.clone());
        }
        sql.push("))");
    }
    let first = column(query.page.sort_key);
    if let Some(marker) = marker {
        let value = first.map(|column| (column, value(query.page.sort_key, marker)));
        after(&mut sql, value, marker.namespace.created_at, marker.id, query.page.sort_dir);
    }
    order(&mut sql, first, query.page.sort_dir, query.page.limit);
    sql
}

/// NULL sorts as '' or as it reads, so that it can be compared with a marker's value.
fn column(key: NamespaceSortKey) -> Option<&'static str> {
    match key {
        NamespaceSortKey::Namespace => Some("namespace"),
        NamespaceSortKey::DisplayName => Some("COALESCE(display_name, '')"),
        NamespaceSortKey::Description => Some("COALESCE(description, '')"),
        NamespaceSortKey::Visibility => Some("COALESCE(visibility, 'private')"),
        NamespaceSortKey::Protected => Some("COALESCE(n.protected, FALSE)"),
        NamespaceSortKey::Owner => Some("owner"),
        NamespaceSortKey::UpdatedAt => Some("COALESCE(n.updated_at, n.created_at)"),
        NamespaceSortKey::CreatedAt => None,
    }
}

fn value(key: NamespaceSortKey, marker: &FoundNamespace) -> Value {
    let namespace = &marker.namespace;
    match key {
        NamespaceSortKey::Namespace => Value::Text(namespace.namespace.clone()),
        NamespaceSortKey::DisplayName => Value::Text(namespace.display_name.clone().unwrap_or_default()),
        NamespaceSortKey::Description => Value::Text(namespace.description.clone().unwrap_or_default()),
        NamespaceSortKey::Visibility => Value::Text(namespace.visibility.as_str().to_owned()),
        NamespaceSortKey::Protected => Value::Flag(namespace.protected),
        NamespaceSortKey::Owner => Value::Text(namespace.owner.clone()),
        NamespaceSortKey::UpdatedAt => Value::Time(namespace.updated_at),
        NamespaceSortKey::CreatedAt => Value::Time(namespace.created_at),
    }
}

/// What a marker has in the column that is sorted by.
pub(super) enum Value {
    Text(String),
    Flag(bool),
    Time(OffsetDateTime),
}

/// What comes after the marker. All keys have one direction, so the places compare as rows.
pub(super) fn after(sql: &mut Sql, first: Option<(&str, Value)>, created_at: OffsetDateTime, id: i64, dir: SortDir) {
    sql.push(" AND (");
    if let Some((column, _)) = &first {
        sql.push(*column).push(", ");
    }
    sql.push("created_at, id) ").push(if dir == SortDir::Asc { ">" } else { "<" }).push(" (");
    if let Some((_, value)) = first {
        match value {
            Value::Text(text) => sql.push_bind(text),
            Value::Flag(flag) => sql.push_bind(flag),
            Value::Time(time) => sql.push_bind(Stamp(time)),
        };
        sql.push(", ");
    }
    sql.push_bind(Stamp(created_at)).push(", ").push_bind(id).push(")");
}

/// `created_at` and `id` make every place unique.
pub(super) fn order(sql: &mut Sql, first: Option<&str>, dir: SortDir, limit: Option<u32>) {
    sql.push(" ORDER BY ");
    let mut keys = sql.separated(", ");
    for key in first.into_iter().chain(["created_at", "id"]) {
        keys.push(key);
        keys.push_unseparated(if dir == SortDir::Asc { " ASC" } else { " DESC" });
    }
    if let Some(limit) = limit {
        sql.push(" LIMIT ").push_bind(i64::from(limit));
    }
}

/// What the namespaces of a page are associated with, by the namespace's row.
async fn associations_of(conn: &mut Conn, found: &[FoundNamespace]) -> Result<HashMap<i64, Vec<Association>>> {
    let mut all: HashMap<i64, Vec<Association>> = HashMap::new();
    // Databases limit how many values a statement may bind; pages are seldom longer than this.
    for some in found.chunks(1024) {
        let mut sql = Sql::new(
            "SELECT a.namespace_id, t.name, a.prefix, a.properties_target, a.created_at, \
             COALESCE(a.updated_at, a.created_at) AS updated_at FROM metadef_namespace_resource_types a \
             JOIN metadef_resource_types t ON t.id = a.resource_type_id WHERE a.namespace_id IN (",
        );
        let mut list = sql.separated(", ");
        for found in some {
            list.push_bind(found.id);
        }
        sql.push(") ORDER BY a.namespace_id, t.id");
        for row in &sql.build().fetch_all(&mut *conn).await? {
            all.entry(row.try_get("namespace_id")?).or_default().push(association(row)?);
        }
    }
    Ok(all)
}
