//! Holds how the hot queries are run: none may cost more because there are more images.
#![allow(clippy::unwrap_used)]

use crate::{
    Catalog, Options,
    few::{self, Few},
    images, list, quota, record,
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
    few: Option<Few<'_>>,
) -> String {
    let mut sql = list::Sql::new("");
    list::page(&mut sql, query, caller, &list::order_of(query), marker, few).unwrap();
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

#[tokio::test]
async fn a_default_list_walks_one_index_and_stops_at_its_last_row() {
    let (_dir, catalog) = catalog().await;
    let project = Some("p1".to_owned());
    let plain = Caller { project_id: project.clone(), ..Caller::default() };
    let admin = Caller { project_id: project, is_admin: true, ..Caller::default() };
    let marker = some_image(&catalog).await;
    for member_status in [MemberFilter::Accepted, MemberFilter::All] {
        let query = ListQuery { limit: 25, member_status, ..ListQuery::default() };
        for caller in [&plain, &admin, &Caller::default()] {
            for marker in [None, Some(&marker)] {
                let plan = page(&catalog, &query, caller, marker, None).await;
                assert!(plan.contains("USING COVERING INDEX casement_images_list_idx"), "{plan}");
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
                let plan = page(&catalog, &query, &caller, marker, None).await;
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
        let plan = page(&catalog, &query, &caller, None, None).await;
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
    let plan = page(&catalog, &query, &Caller::default(), None, None).await;
    assert!(plan.contains("casement_images_by_name_idx (deleted=? AND os_hidden=? AND <expr>=?)"), "{plan}");
    assert!(!plan.contains("ORDER BY"), "{plan}");
}

#[tokio::test]
async fn images_with_a_rare_property_are_found_by_it_and_those_with_a_common_one_on_the_way() {
    let (_dir, catalog) = catalog().await;
    let mut query = ListQuery { limit: 25, ..ListQuery::default() };
    query.properties.insert("rack".to_owned(), "one".to_owned());
    let count = plan(&catalog, few::HOW_MANY_HAVE).await;
    assert!(count.contains("INDEX casement_properties_value_idx (name=? AND <expr>=?)"), "{count}");
    for (rare, first) in [
        (Some(Few::With("rack", "one")), "CO-ROUTINE few"),
        (None, "SEARCH i USING COVERING INDEX casement_images_list_idx"),
    ] {
        let plan = page(&catalog, &query, &Caller::default(), None, rare).await;
        assert!(plan.starts_with(first), "{plan}");
        assert!(plan.contains("INDEX casement_properties_value_idx (name=? AND <expr>=?"), "{plan}");
        assert!(
            rare.is_none() || plan.contains("casement_images_by_id_idx (deleted=? AND os_hidden=? AND id=?)"),
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
async fn the_few_images_that_a_project_may_see_are_found_by_who_may_see_them() {
    let (_dir, catalog) = catalog().await;
    let count = plan(&catalog, few::HOW_MANY_VISIBLE).await;
    let page = page(&catalog, &ListQuery::default(), &member(), None, Some(Few::VisibleTo("p1"))).await;
    for plan in [count, page] {
        for way in [
            "owner_image_idx (owner=?)",
            "visibility_image_idx (visibility=?)",
            "casement_members_member_idx (member=?)",
        ] {
            assert!(plan.contains(way), "{way}: {plan}");
        }
        assert!(!plan.contains("SCAN i") && !plan.contains("SCAN o") && !plan.contains("SCAN m"), "{plan}");
    }
    assert!(plan(&catalog, few::HOW_MANY).await.contains("COVERING INDEX casement_images_list_idx"));
}

/// Images of two projects and of nobody in particular, of which `p1` may see four.
async fn images_of_many(catalog: &Catalog) {
    let mut tx = catalog.db.write().await.unwrap();
    for (id, owner, visibility) in [
        ("mine", "p1", "private"),
        ("shared", "p2", "shared"),
        ("pending", "p2", "shared"),
        ("public", "p2", "public"),
        ("mine too and public", "p1", "public"),
        ("community", "p2", "community"),
        ("private", "p2", "private"),
    ] {
        sqlx::query(
            "INSERT INTO images (id, status, min_disk, min_ram, created_at, deleted, owner, visibility, os_hidden, protected) \
             VALUES (?, 'queued', 0, 0, ?, FALSE, ?, ?, FALSE, FALSE)",
        )
        .bind(ImageId::random().as_str())
        .bind(Stamp(OffsetDateTime::UNIX_EPOCH))
        .bind(owner)
        .bind(visibility)
        .execute(&mut *tx)
        .await
        .unwrap();
        sqlx::query("UPDATE images SET name = ? WHERE rowid = LAST_INSERT_ROWID()")
            .bind(id)
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    for (image, status) in [("shared", "accepted"), ("pending", "pending"), ("mine", "accepted")] {
        sqlx::query(
            "INSERT INTO image_members (image_id, member, can_share, status, created_at, deleted) \
             SELECT id, 'p1', FALSE, ?, created_at, FALSE FROM images WHERE name = ?",
        )
        .bind(status)
        .bind(image)
        .execute(&mut *tx)
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
}

fn member() -> Caller {
    Caller { project_id: Some("p1".to_owned()), ..Caller::default() }
}

#[tokio::test]
async fn a_list_is_the_same_whether_few_or_many_images_are_visible() {
    let (_dir, catalog) = catalog().await;
    images_of_many(&catalog).await;
    let by_name = vec![(SortKey::Name, SortDir::Asc)];
    let mut queries = Vec::new();
    for visibility in [
        VisibilityFilter::Default,
        VisibilityFilter::All,
        VisibilityFilter::Only(Visibility::Community),
        VisibilityFilter::Only(Visibility::Shared),
    ] {
        for member_status in [MemberFilter::Accepted, MemberFilter::All] {
            for limit in [2, 25] {
                queries.push(ListQuery {
                    limit,
                    visibility,
                    member_status,
                    sort: by_name.clone(),
                    ..ListQuery::default()
                });
            }
        }
    }
    let mut seen = Vec::new();
    for query in queries {
        let mut pages = Vec::new();
        for few in [true, false] {
            catalog.counted.sights.note("p1".to_owned(), few, Instant::now());
            pages.push(catalog.list_images(&query, &member()).await.unwrap());
        }
        assert_eq!(pages[0], pages[1], "{query:?}");
        seen.push(pages[0].images.len());
    }
    assert_eq!(seen, [2, 4, 2, 5, 2, 5, 2, 6, 1, 1, 1, 1, 1, 1, 2, 2]);
}

#[tokio::test]
async fn images_are_few_beside_many_others_alone() {
    let (_dir, catalog) = catalog().await;
    images_of_many(&catalog).await;
    let query = ListQuery::default();
    let mut snapshot = catalog.db.snapshot().await.unwrap();
    let of = |project: &str| Caller { project_id: Some(project.to_owned()), ..Caller::default() };
    let (known, unknown) = (member(), of("p3"));
    assert!(catalog.few(&mut snapshot, &query, &known).await.unwrap().is_none(), "most of seven");
    // Two are public, and one community.
    assert!(catalog.few(&mut snapshot, &query, &unknown).await.unwrap().is_none(), "three of seven");
    drop(snapshot);
    for _ in 0..3 {
        some_image(&catalog).await;
    }
    let other = of("p4");
    let mut snapshot = catalog.db.snapshot().await.unwrap();
    let few = catalog.few(&mut snapshot, &query, &other).await.unwrap();
    assert!(matches!(few, Some(Few::VisibleTo("p4"))), "three of ten: {few:?}");
    let mut by_name = ListQuery::default();
    by_name.text.insert("name", vec!["one".to_owned()]);
    assert!(catalog.few(&mut snapshot, &by_name, &other).await.unwrap().is_none(), "an index leads there");
    let admin = Caller { is_admin: true, ..of("p5") };
    assert!(catalog.few(&mut snapshot, &query, &admin).await.unwrap().is_none());
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
