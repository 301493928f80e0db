//! Lists images: who may see what, filters, order, and paging by key.

use crate::{
    Catalog, Error, Kind, Page, Result,
    few::Few,
    record,
    sqlite::{Conn, Db},
    stamp::Stamp,
};
use casement_image::{
    Caller, Image, ListQuery, MemberFilter, SortDir, SortKey, TimeFilter, TimeOp, Visibility, VisibilityFilter,
};
use sqlx::QueryBuilder;
use std::sync::Arc;

pub(crate) type Sql = QueryBuilder<Db>;

impl Catalog {
    /// One page of the images that `caller` may see and `query` asks for.
    pub async fn list_images(&self, query: &ListQuery, caller: &Caller) -> Result<Page> {
        let mut snapshot = self.db.snapshot().await?;
        let order = order_of(query);
        let marker = marker(&mut snapshot, query, caller).await?;
        let mut images = Vec::new();
        if query.limit > 0 && query.visibility != VisibilityFilter::Nothing {
            let few = self.few(&mut snapshot, query, caller).await?;
            let mut sql = select(query, caller, &order, marker.as_ref(), few)?;
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
    few: Option<Few<'_>>,
) -> Result<Sql> {
    let mut sql = Sql::new(concat!("SELECT ", record::image_columns!(), " FROM ("));
    page(&mut sql, query, caller, order, marker, few)?;
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
    few: Option<Few<'_>>,
) -> Result<()> {
    sql.push("SELECT i.rowid AS place FROM ");
    if let Some(few) = few {
        few.from(sql);
    } else {
        sql.push("images i");
        if let Some(index) = walked(query) {
            sql.push(" INDEXED BY ").push(index);
        }
    }
    sql.push(" WHERE i.deleted = FALSE AND i.status <> 'killed' AND i.os_hidden = ");
    sql.push(if query.os_hidden { "TRUE" } else { "FALSE" });
    visible(sql, query, caller);
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

/// The index to walk where there are several keys to sort by. SQLite, which does not count the limit, would rather go through
/// every image in whichever index has all the keys, and sort.
fn walked(query: &ListQuery) -> Option<&'static str> {
    let (first, _) = *query.sort.first()?;
    let is_found_faster =
        query.status.is_some() || !(query.created_at.is_empty() && query.updated_at.is_empty()) || names_images(query);
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

/// An image without an owner is for everyone who knows its id, but in nobody's list.
fn visible(sql: &mut Sql, query: &ListQuery, caller: &Caller) {
    let project = caller.project_id.as_deref();
    if !caller.is_admin {
        sql.push(" AND (i.visibility = 'public'");
        if query.visibility != VisibilityFilter::Default {
            sql.push(" OR i.visibility = 'community'");
        }
        if let Some(project) = project {
            sql.push(" OR i.owner = ").push_bind(project.to_owned());
            shared_with(sql, project, query.member_status);
        }
        sql.push(")");
    }
    match query.visibility {
        VisibilityFilter::Only(visibility) => {
            sql.push(" AND i.visibility = ").push_bind(visibility.as_str());
        }
        // Everybody's community images would drown the caller's own in a list that did not ask for them.
        VisibilityFilter::Default if caller.is_admin => {
            sql.push(" AND (i.visibility <> ").push_bind(Visibility::Community.as_str());
            if let Some(project) = project {
                sql.push(" OR i.owner = ").push_bind(project.to_owned());
            }
            sql.push(")");
        }
        VisibilityFilter::Default | VisibilityFilter::All | VisibilityFilter::Nothing => {}
    }
}

fn shared_with(sql: &mut Sql, project: &str, member_status: MemberFilter) {
    sql.push(
        " OR (i.visibility = 'shared' AND EXISTS (SELECT 1 FROM image_members m \
         WHERE m.image_id = i.id AND NOT m.deleted AND m.member = ",
    )
    .push_bind(project.to_owned());
    let status = match member_status {
        MemberFilter::Accepted => Some("accepted"),
        MemberFilter::Pending => Some("pending"),
        MemberFilter::Rejected => Some("rejected"),
        MemberFilter::All => None,
    };
    if let Some(status) = status {
        sql.push(" AND m.status = ").push_bind(status);
    }
    sql.push("))");
}

fn filter(sql: &mut Sql, query: &ListQuery) -> Result<()> {
    if let Some(protected) = query.protected {
        sql.push(" AND i.protected = ").push(if protected { "TRUE" } else { "FALSE" });
    }
    for (key, values) in &query.text {
        any_of(sql, text_column(key)?, values.iter().map(String::as_str));
        if *key == "name" {
            // Says nothing new, but in the words of an index.
            any_of(sql, column(SortKey::Name), values.iter().map(String::as_str));
        }
    }
    if let Some(statuses) = &query.status {
        any_of(sql, "i.status", statuses.iter().map(|status| status.as_str()));
    }
    for (key, (least, most)) in &query.range {
        let column = number_column(key)?;
        if let Some(least) = least {
            sql.push(" AND ").push(column).push(" >= ").push_bind(*least);
        }
        if let Some(most) = most {
            sql.push(" AND ").push(column).push(" <= ").push_bind(*most);
        }
    }
    times(sql, column(SortKey::CreatedAt), &query.created_at);
    times(sql, column(SortKey::UpdatedAt), &query.updated_at);
    for tag in &query.tags {
        sql.push(" AND EXISTS (SELECT 1 FROM image_tags t WHERE t.image_id = i.id AND NOT t.deleted AND t.value = ")
            .push_bind(tag.clone())
            .push(")");
    }
    for (name, value) in &query.properties {
        sql.push(
            " AND EXISTS (SELECT 1 FROM image_properties p WHERE p.image_id = i.id AND NOT p.deleted AND p.name = ",
        )
        .push_bind(name.clone())
        .push(" AND COALESCE(p.value, '') = ")
        .push_bind(value.clone())
        .push(")");
    }
    Ok(())
}

fn any_of<'v>(sql: &mut Sql, column: &str, values: impl ExactSizeIterator<Item = &'v str>) {
    if values.len() == 0 {
        sql.push(" AND FALSE");
        return;
    }
    sql.push(" AND ").push(column).push(" IN (");
    let mut list = sql.separated(", ");
    for value in values {
        list.push_bind(value.to_owned());
    }
    sql.push(")");
}

fn times(sql: &mut Sql, column: &str, filters: &[TimeFilter]) {
    for TimeFilter { op, at } in filters {
        let operator = match op {
            TimeOp::Eq => " = ",
            TimeOp::Neq => " <> ",
            TimeOp::Gt => " > ",
            TimeOp::Gte => " >= ",
            TimeOp::Lt => " < ",
            TimeOp::Lte => " <= ",
        };
        sql.push(" AND ").push(column).push(operator).push_bind(Stamp(*at));
    }
}

fn text_column(key: &str) -> Result<&'static str> {
    Ok(match key {
        "name" => "i.name",
        "id" => "i.id",
        "container_format" => "i.container_format",
        "disk_format" => "i.disk_format",
        "owner" => "i.owner",
        "checksum" => "i.checksum",
        "os_hash_algo" => "i.os_hash_algo",
        "os_hash_value" => "i.os_hash_value",
        _ => return Err(no_filter(key)),
    })
}

fn number_column(key: &str) -> Result<&'static str> {
    Ok(match key {
        "size" => "i.size",
        "virtual_size" => "i.virtual_size",
        "min_ram" => "i.min_ram",
        "min_disk" => "i.min_disk",
        _ => return Err(no_filter(key)),
    })
}

fn no_filter(key: &str) -> Error {
    Error::new(Kind::Internal, format!("images can't be filtered by {key:?}"))
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
