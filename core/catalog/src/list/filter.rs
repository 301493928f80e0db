//! What a query asks of images, besides who may see them.

use super::column;
use crate::{Error, Kind, Result, sqlite::Sql, stamp::Stamp};
use casement_image::{ListQuery, SortKey, TimeFilter, TimeOp};

pub(super) fn filter(sql: &mut Sql, query: &ListQuery) -> Result<()> {
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
