//! Holds how the hot queries are run: none may cost more because there are more images.
#![allow(clippy::unwrap_used)]

use crate::{Catalog, Options, images, list, quota, record, stamp::Stamp};
use casement_image::{Caller, Image, ImageId, ListQuery, MemberFilter};
use sqlx::{AssertSqlSafe, Row};
use tempfile::TempDir;
use time::OffsetDateTime;

async fn catalog() -> (TempDir, Catalog) {
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

async fn some_image(catalog: &Catalog) -> Image {
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
    catalog.find_image(&id, None).await.unwrap().unwrap().image
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
                let sql = list::select(&query, caller, &list::order_of(&query), marker).unwrap();
                let plan = plan(&catalog, &sql.into_string()).await;
                assert!(plan.contains("USING INDEX casement_images_list_idx"), "{plan}");
                for dear in ["ORDER BY", "MULTI-INDEX", "SCAN", "_deleted"] {
                    assert!(!plan.contains(dear), "{dear}: {plan}");
                }
            }
        }
    }
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
    let images = [some_image(&catalog).await, some_image(&catalog).await];
    for sql in [record::FIND.to_owned(), record::children_of(&images).into_string()] {
        let plan = plan(&catalog, &sql).await;
        for table in ["image_properties", "image_tags", "image_locations"] {
            assert!(plan.contains(&format!("SEARCH {table} USING")), "{plan}");
        }
        assert!(plan.contains("(image_id=?"), "{plan}");
        assert!(!plan.contains("_deleted") && !plan.contains("SCAN image"), "{plan}");
    }
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
