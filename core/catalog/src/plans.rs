//! Holds how the hot queries are run: none may cost more because there are more images.
#![allow(clippy::unwrap_used)]

mod few;
mod seen;
mod writes;

use crate::{
    Catalog, Options,
    among::{self, Among},
    images, list, quota, record,
    sqlite::Sql,
    stamp::Stamp,
};
use casement_image::{Caller, Image, ImageId, ListQuery, MemberFilter, SortDir, SortKey, Visibility, VisibilityFilter};
use sqlx::{AssertSqlSafe, Row};
use std::time::Instant;
use tempfile::TempDir;
use time::OffsetDateTime;

pub(crate) async fn catalog() -> (TempDir, Catalog) {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { path: dir.path().join("c.db"), readers: 1 };
    let catalog = Catalog::open(&options).await.unwrap();
    (dir, catalog)
}

async fn plan(catalog: &Catalog, sql: &str) -> String {
    let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let rows = sqlx::query(explain).fetch_all(catalog.db.reader()).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>("detail")).collect::<Vec<_>>().join("\n")
}

/// How the images of a page are found.
async fn page(
    catalog: &Catalog,
    query: &ListQuery,
    caller: &Caller,
    marker: Option<&Image>,
    among: Among<'_>,
) -> String {
    let mut sql = Sql::new("");
    list::page(&mut sql, query, caller, &list::order_of(query), marker, among).unwrap();
    plan(catalog, &sql.into_string()).await
}

pub(crate) async fn some_image(catalog: &Catalog) -> Image {
    let id = ImageId::random();
    let mut tx = catalog.db.write().await.unwrap();
    sqlx::query(
        "INSERT INTO images (id, status, min_disk, min_ram, created_at, deleted) VALUES (?, 'queued', 0, 0, ?, FALSE)",
    )
    .bind(id.as_str())
    .bind(Stamp(OffsetDateTime::UNIX_EPOCH))
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    Image::clone(&catalog.find_image(&id, None).await.unwrap().unwrap().image)
}

fn member() -> Caller {
    Caller { project_id: Some("p1".to_owned()), ..Caller::default() }
}

#[tokio::test]
async fn a_default_list_walks_one_index_and_stops_at_its_last_row() {
    let (_dir, catalog) = catalog().await;
    let project = Some("p1".to_owned());
    let plain = Caller { project_id: project.clone(), ..Caller::default() };
    let admin = Caller { project_id: project, is_admin: true, ..Caller::default() };
    let marker = some_image(&catalog).await;
    let everybody = "casement_images_list_idx";
    for member_status in [MemberFilter::Accepted, MemberFilter::All] {
        let query = ListQuery { limit: 25, member_status, ..ListQuery::default() };
        for (caller, index) in
            [(&plain, everybody), (&admin, everybody), (&Caller::default(), "casement_images_by_visibility_idx")]
        {
            for marker in [None, Some(&marker)] {
                let plan = page(&catalog, &query, caller, marker, Among::All).await;
                assert!(plan.contains(&format!("USING COVERING INDEX {index}")), "{plan}");
                for dear in ["ORDER BY", "MULTI-INDEX", "SCAN", "_deleted"] {
                    assert!(!plan.contains(dear), "{dear}: {plan}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_list_by_any_key_walks_one_index_and_stops_at_its_last_row() {
    let (_dir, catalog) = catalog().await;
    let caller = Caller { project_id: Some("p1".to_owned()), ..Caller::default() };
    let marker = some_image(&catalog).await;
    for key in SortKey::ALL {
        for dir in [SortDir::Asc, SortDir::Desc] {
            let query = ListQuery { limit: 25, sort: vec![(key, dir)], tie_dir: Some(dir), ..ListQuery::default() };
            for marker in [None, Some(&marker)] {
                let plan = page(&catalog, &query, &caller, marker, Among::All).await;
                let covering = if matches!(key, SortKey::Name | SortKey::CreatedAt) { "COVERING " } else { "" };
                let walk = format!("USING {covering}INDEX {} (", list::index(key));
                assert!(plan.contains(&walk), "{key:?} {dir:?}: {plan}");
                for dear in ["ORDER BY", "MULTI-INDEX", "SCAN", "_deleted"] {
                    assert!(!plan.contains(dear), "{key:?} {dir:?} {dear}: {plan}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_list_by_several_keys_walks_the_index_of_the_first() {
    let (_dir, catalog) = catalog().await;
    let caller = Caller { project_id: Some("p1".to_owned()), ..Caller::default() };
    for first in SortKey::ALL {
        let second = if first == SortKey::Name { SortKey::Size } else { SortKey::Name };
        let sort = vec![(first, SortDir::Asc), (second, SortDir::Asc)];
        let query = ListQuery { limit: 25, sort, tie_dir: Some(SortDir::Asc), ..ListQuery::default() };
        let plan = page(&catalog, &query, &caller, None, Among::All).await;
        assert!(plan.contains(list::index(first)), "{first:?}: {plan}");
        assert!(
            plan.contains("TERMS OF ORDER BY"),
            "no sorting of all images, but of those alike in {first:?}: {plan}"
        );
    }
}

#[tokio::test]
async fn images_of_a_name_are_found_by_it() {
    let (_dir, catalog) = catalog().await;
    let mut query = ListQuery { limit: 25, ..ListQuery::default() };
    query.text.insert("name", vec!["one".to_owned()]);
    for visibility in [VisibilityFilter::Default, VisibilityFilter::Only(Visibility::Public)] {
        for caller in [member(), Caller::default(), Caller { is_admin: true, ..Caller::default() }] {
            let query = ListQuery { visibility, ..query.clone() };
            let plan = page(&catalog, &query, &caller, None, Among::All).await;
            assert!(plan.contains("casement_images_by_name_idx (deleted=? AND os_hidden=? AND <expr>=?)"), "{plan}");
            assert!(!plan.contains("ORDER BY"), "{plan}");
        }
    }
}

#[tokio::test]
async fn images_with_a_rare_property_are_found_by_it_and_those_with_a_common_one_on_the_way() {
    let (_dir, catalog) = catalog().await;
    let mut query = ListQuery { limit: 25, ..ListQuery::default() };
    query.properties.insert("rack".to_owned(), "one".to_owned());
    let count = plan(&catalog, among::HOW_MANY_HAVE).await;
    assert!(count.contains("INDEX casement_properties_value_idx (name=? AND <expr>=?)"), "{count}");
    let rare = Among::FewWith("rack", "one");
    for (among, first) in
        [(rare, "CO-ROUTINE few"), (Among::All, "SEARCH i USING COVERING INDEX casement_images_list_idx")]
    {
        let plan = page(&catalog, &query, &member(), None, among).await;
        assert!(plan.starts_with(first), "{plan}");
        assert!(plan.contains("INDEX casement_properties_value_idx (name=? AND <expr>=?"), "{plan}");
        assert!(
            matches!(among, Among::All)
                || plan.contains("casement_images_by_id_idx (deleted=? AND os_hidden=? AND id=?)"),
            "{plan}"
        );
    }
}

#[tokio::test]
async fn a_list_by_a_property_is_the_same_whether_it_is_taken_for_rare_or_for_common() {
    let (_dir, catalog) = catalog().await;
    let before = some_image(&catalog).await;
    some_image(&catalog).await;
    let mut image = before.clone();
    image.properties.insert("rack".to_owned(), "one".to_owned());
    catalog.update_image(&before, &image, OffsetDateTime::UNIX_EPOCH).await.unwrap();
    let mut query = ListQuery { limit: 25, ..ListQuery::default() };
    query.properties.insert("rack".to_owned(), "one".to_owned());
    let admin = Caller { is_admin: true, ..Caller::default() };
    let rare = catalog.list_images(&query, &admin).await.unwrap();
    assert_eq!(rare.images.iter().map(|image| &image.id).collect::<Vec<_>>(), [&image.id]);
    catalog.counted.properties.note(("rack".to_owned(), "one".to_owned()), false, Instant::now());
    assert_eq!(catalog.list_images(&query, &admin).await.unwrap(), rare);
}

#[tokio::test]
async fn whether_an_id_is_taken_is_told_by_an_index() {
    let (_dir, catalog) = catalog().await;
    let plan = plan(&catalog, images::TAKEN).await;
    assert!(plan.contains("USING COVERING INDEX casement_images_id_idx"), "{plan}");
}

#[tokio::test]
async fn what_belongs_to_an_image_is_found_by_its_id() {
    let (_dir, catalog) = catalog().await;
    let plan = plan(&catalog, record::FIND).await;
    for table in ["p", "t", "l", "m"] {
        assert!(plan.contains(&format!("SEARCH {table} USING")), "{plan}");
    }
    assert!(plan.contains("(image_id=?") && !plan.contains("_deleted") && !plan.contains("SCAN"), "{plan}");
}

#[tokio::test]
async fn what_a_project_has_is_counted_without_a_look_at_the_images_of_others() {
    let (_dir, catalog) = catalog().await;
    for sql in [quota::STORED, quota::IMAGES, quota::UPLOADING, quota::STAGED] {
        let plan = plan(&catalog, sql).await;
        assert!(plan.contains("SEARCH i USING INDEX owner_image_idx (owner=?)"), "{plan}");
        assert!(!plan.contains("SCAN") && !plan.contains("_deleted"), "{plan}");
    }
}
