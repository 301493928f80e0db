//! Lists images: who may see what, filters, order, and paging by key.

mod filter;
mod sight;

use crate::{
    Catalog, Error, Kind, Page, Result,
    among::Among,
    record,
    sqlite::{Conn, Sql},
    stamp::Stamp,
};
use casement_image::{Caller, Image, ListQuery, SortDir, SortKey, VisibilityFilter};
use filter::filter;
use std::sync::Arc;

pub(crate) use sight::seen;

impl Catalog {
    /// One page of the images that `caller` may see and `query` asks for.
    pub async fn list_images(&self, query: &ListQuery, caller: &Caller) -> Result<Page> {
        let mut snapshot = self.db.snapshot().await?;
        let order = order_of(query);
        let marker = marker(&mut snapshot, query, caller).await?;
        let mut images = Vec::new();
        if query.limit > 0 && query.visibility != VisibilityFilter::Nothing {
            let among = self.among(&mut snapshot, query, caller, &order).await?;
            let mut sql = select(query, caller, &order, marker.as_ref(), among)?;
            let rows = sql.build().fetch_all(&mut *snapshot).await?;
            images = rows.iter().map(record::image).collect::<Result<_>>()?;
        }
        let full = query.limit > 0 && images.len() == query.limit as usize;
        Ok(Page { images, full })
    }
}

/// The image after which the page begins.
async fn marker(conn: &mut Conn, query: &ListQuery, caller: &Caller) -> Result<Option<Image>> {
    let Some(id) = &query.marker else {
        return Ok(None);
    };
    let found = record::find(conn, id, caller.project_id.as_deref()).await?;
    match found {
        None => Err(Error::new(Kind::MarkerUnknown, format!("No image found with ID {id}"))),
        Some(found) if !found.image.is_visible_to(caller, found.is_member) => {
            Err(Error::new(Kind::MarkerNotVisible, format!("Forbidding request, image {id} not visible")))
        }
        Some(found) => Ok(Some(Arc::unwrap_or_clone(found.image))),
    }
}

/// What the images of the page are. It is asked of them alone: where rows have to be sorted, SQLite would ask it of all.
fn select(
    query: &ListQuery,
    caller: &Caller,
    order: &[(SortKey, SortDir)],
    marker: Option<&Image>,
    among: Among<'_>,
) -> Result<Sql> {
    let mut sql = Sql::new(concat!("SELECT ", record::image_columns!(), " FROM ("));
    page(&mut sql, query, caller, order, marker, among)?;
    // As a condition the page would be part of an expression, whose depth SQLite limits.
    sql.push(") page CROSS JOIN images i ON i.rowid = page.place");
    order_by(&mut sql, order);
    Ok(sql)
}

/// Which images are on the page.
pub(crate) fn page(
    sql: &mut Sql,
    query: &ListQuery,
    caller: &Caller,
    order: &[(SortKey, SortDir)],
    marker: Option<&Image>,
    among: Among<'_>,
) -> Result<()> {
    // With its order, since SQLite merges ordered walks by what they are asked for.
    sql.push("SELECT i.rowid AS place, i.created_at, i.id FROM ");
    among.from(sql, query);
    sql.push(" WHERE i.deleted = FALSE AND i.status <> 'killed' AND i.os_hidden = ");
    sql.push(if query.os_hidden { "TRUE" } else { "FALSE" });
    if !matches!(among, Among::Seen(_)) {
        sight::visible(sql, query, caller);
    }
    sight::asked_for(sql, query, caller);
    filter(sql, query)?;
    if let Some(marker) = marker {
        after(sql, order, marker)?;
    }
    order_by(sql, order);
    // SQLite would compile a statement anew for each value of a plain parameter here: it plans by it.
    sql.push(" LIMIT ").push_bind(i64::from(query.limit)).push(" + 0");
    Ok(())
}

/// Whether the images that are asked for are found by what they are called.
pub(crate) fn names_images(query: &ListQuery) -> bool {
    ["id", "name"].iter().any(|key| query.text.contains_key(key))
}

/// The index to walk where SQLite, which counts neither the limit nor how many images have a name, would choose another: with
/// several keys to sort by it would rather go through every image in whichever index has all of them, and sort.
pub(crate) fn walked(query: &ListQuery) -> Option<&'static str> {
    if query.text.contains_key("id") {
        return None;
    }
    if query.text.contains_key("name") {
        return Some(index(SortKey::Name));
    }
    let (first, _) = *query.sort.first()?;
    let is_found_faster = query.status.is_some() || !(query.created_at.is_empty() && query.updated_at.is_empty());
    (query.sort.len() > 1 && !is_found_faster).then(|| index(first))
}

fn order_by(sql: &mut Sql, order: &[(SortKey, SortDir)]) {
    sql.push(" ORDER BY ");
    let mut keys = sql.separated(", ");
    for (key, dir) in order {
        keys.push(column(*key));
        keys.push_unseparated(if *dir == SortDir::Asc { " ASC" } else { " DESC" });
    }
}

/// The client's keys, and then those that make the order total: without them a page could lose or repeat an image.
pub(crate) fn order_of(query: &ListQuery) -> Vec<(SortKey, SortDir)> {
    let mut order = query.sort.clone();
    for key in [SortKey::CreatedAt, SortKey::Id] {
        if !order.iter().any(|(have, _)| *have == key) {
            order.push((key, query.tie_dir.unwrap_or(SortDir::Desc)));
        }
    }
    order
}

/// Whether it is that of the default list, from either end.
pub(crate) fn is_default(order: &[(SortKey, SortDir)]) -> bool {
    matches!(order, [(SortKey::CreatedAt, created), (SortKey::Id, id)] if created == id)
}

/// NULL sorts as '' or 0, so that it can be compared with a marker's value. Databases disagree on where NULL sorts.
fn column(key: SortKey) -> &'static str {
    match key {
        SortKey::Name => "COALESCE(i.name, '')",
        SortKey::Status => "i.status",
        SortKey::ContainerFormat => "COALESCE(i.container_format, '')",
        SortKey::DiskFormat => "COALESCE(i.disk_format, '')",
        SortKey::Size => "COALESCE(i.size, 0)",
        SortKey::Id => "i.id",
        SortKey::CreatedAt => "i.created_at",
        SortKey::UpdatedAt => "COALESCE(i.updated_at, i.created_at)",
    }
}

/// The index that has the order of a key, and then of creation.
pub(crate) fn index(key: SortKey) -> &'static str {
    match key {
        SortKey::Name => "casement_images_by_name_idx",
        SortKey::Status => "casement_images_by_status_idx",
        SortKey::ContainerFormat => "casement_images_by_container_idx",
        SortKey::DiskFormat => "casement_images_by_disk_idx",
        SortKey::Size => "casement_images_by_size_idx",
        SortKey::Id => "casement_images_by_id_idx",
        SortKey::CreatedAt => "casement_images_list_idx",
        SortKey::UpdatedAt => "casement_images_by_update_idx",
    }
}

/// What comes after the marker: later in the first key, or equal in it and later in the second, and so on.
fn after(sql: &mut Sql, order: &[(SortKey, SortDir)], marker: &Image) -> Result<()> {
    // Says nothing new, but lets the database enter an index at the marker.
    if let Some((key, dir)) = order.first() {
        sql.push(" AND ").push(column(*key)).push(if *dir == SortDir::Asc { " >= " } else { " <= " });
        push_value(sql, *key, marker)?;
    }
    sql.push(" AND (");
    for (depth, (key, dir)) in order.iter().enumerate() {
        sql.push(if depth == 0 { "(" } else { " OR (" });
        for (equal, _) in &order[..depth] {
            sql.push(column(*equal)).push(" = ");
            push_value(sql, *equal, marker)?;
            sql.push(" AND ");
        }
        sql.push(column(*key)).push(if *dir == SortDir::Asc { " > " } else { " < " });
        push_value(sql, *key, marker)?;
        sql.push(")");
    }
    sql.push(")");
    Ok(())
}

fn push_value(sql: &mut Sql, key: SortKey, image: &Image) -> Result<()> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    match key {
        SortKey::Name => sql.push_bind(text(&image.name)),
        SortKey::Status => sql.push_bind(image.status.as_str()),
        SortKey::ContainerFormat => sql.push_bind(text(&image.container_format)),
        SortKey::DiskFormat => sql.push_bind(text(&image.disk_format)),
        SortKey::Size => sql.push_bind(record::signed(image.size)?.unwrap_or_default()),
        SortKey::Id => sql.push_bind(image.id.as_str().to_owned()),
        SortKey::CreatedAt => sql.push_bind(Stamp(image.created_at)),
        SortKey::UpdatedAt => sql.push_bind(Stamp(image.updated_at)),
    };
    Ok(())
}
