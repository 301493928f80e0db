//! The file: made, taken over, refused, locked.

use crate::*;
use casement_catalog::{Kind, Lock};
use casement_image::{Caller, ListQuery};
use sqlx::Row;

const GLANCE: &str = include_str!("data/glance-33.sql");

async fn glance_database(more: &'static str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut raw = raw(&dir).await;
    sqlx::raw_sql(GLANCE).execute(&mut raw).await.unwrap();
    sqlx::raw_sql(more).execute(&mut raw).await.unwrap();
    raw.close().await.unwrap();
    dir
}

fn id_of_glance(n: u32) -> ImageId {
    ImageId::parse(&format!("0000000{n}-1111-4222-8333-444444444444")).unwrap()
}

#[tokio::test]
async fn a_missing_directory_is_named_and_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { path: dir.path().join("absent").join("c.db"), readers: 1 };
    let error = Catalog::open(&options).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(error.message.contains("absent") && error.message.contains("directory does not exist"), "{error}");
    assert!(!dir.path().join("absent").exists());
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let bench = Bench::new().await;
    let image = queued();
    bench.catalog.create_image(&image).await.unwrap();
    bench.catalog.close().await;
    let again = Catalog::open(&options(&bench.dir)).await.unwrap();
    assert_eq!(again.find_image(&image.id, None).await.unwrap().unwrap().image, image.into());
    again.ping().await.unwrap();
}

#[tokio::test]
async fn a_database_that_is_open_is_busy_and_the_error_names_the_file() {
    let bench = Bench::new().await;
    let error = Catalog::open(&options(&bench.dir)).await.unwrap_err();
    assert_eq!((error.kind, error.retryable), (Kind::Busy, true));
    assert!(error.message.contains("casement.db.lock"), "{error}");
    bench.catalog.close().await;
    Catalog::open(&options(&bench.dir)).await.unwrap();
}

#[tokio::test]
async fn processes_of_one_service_open_the_database_side_by_side_under_a_lock_that_is_held_for_them() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(&dir);
    let lock = Lock::take(&options.path).unwrap();
    assert_eq!(Lock::take(&options.path).unwrap_err().kind, Kind::Busy);
    // The first process makes the database; the others come when it serves.
    let one = Catalog::open_beside(&options).await.unwrap();
    let other = Catalog::open_beside(&options).await.unwrap();
    let image = queued();
    one.create_image(&image).await.unwrap();
    assert!(other.find_image(&image.id, None).await.unwrap().is_some());
    assert_eq!(Catalog::open(&options).await.unwrap_err().kind, Kind::Busy);
    one.close().await;
    other.ping().await.unwrap();
    drop(lock);
    Catalog::open(&options).await.unwrap();
}

#[tokio::test]
async fn a_closed_catalog_says_so() {
    let bench = Bench::new().await;
    bench.catalog.close().await;
    assert_eq!(bench.catalog.ping().await.unwrap_err().kind, Kind::Unavailable);
    assert_eq!(bench.catalog.create_image(&queued()).await.unwrap_err().kind, Kind::Unavailable);
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let bench = Bench::new().await;
    sqlx::query("UPDATE casement_schema SET version = 99").execute(&mut bench.raw().await).await.unwrap();
    bench.catalog.close().await;
    let error = Catalog::open(&options(&bench.dir)).await.unwrap_err();
    assert_eq!(error.kind, Kind::Incompatible);
    assert!(error.message.contains("version 99"), "{error}");
}

#[tokio::test]
async fn a_database_of_version_1_is_brought_to_the_version_of_today_with_what_is_under_way() {
    let dir = tempfile::tempdir().unwrap();
    let image = queued();
    let mut first = raw(&dir).await;
    for sql in [include_str!("../../src/schema/glance.sql"), include_str!("../../src/schema/casement.sql")] {
        sqlx::raw_sql(sql).execute(&mut first).await.unwrap();
    }
    sqlx::query(
        "INSERT INTO casement_transfers (id, image_id, store, object_key, token, state, node, lease_until) \
         VALUES ('t1', ?, 'fast', 'k', 'stage-7', 'staged', 'n1', '2026-03-01 12:01:00.000000')",
    )
    .bind(image.id.as_str())
    .execute(&mut first)
    .await
    .unwrap();
    first.close().await.unwrap();

    for _ in 0..2 {
        let catalog = Catalog::open(&options(&dir)).await.unwrap();
        let transfer = catalog.transfer("t1").await.unwrap().unwrap();
        assert_eq!((transfer.image_id, transfer.token.as_str()), (image.id.clone(), "stage-7"));
        catalog.close().await;
        let mut raw = raw(&dir).await;
        let version: i64 = sqlx::query_scalar("SELECT version FROM casement_schema").fetch_one(&mut raw).await.unwrap();
        let reserved: i64 =
            sqlx::query_scalar("SELECT reserved FROM casement_transfers").fetch_one(&mut raw).await.unwrap();
        assert_eq!((version, reserved), (6, 0));
        raw.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let text = "this is a letter, and no database at all. ".repeat(100);
    std::fs::write(path(&dir), &text).unwrap();
    assert_eq!(Catalog::open(&options(&dir)).await.unwrap_err().kind, Kind::Incompatible);
    assert_eq!(std::fs::read_to_string(path(&dir)).unwrap(), text);
}

#[tokio::test]
async fn a_database_of_glance_is_taken_over() {
    let dir = glance_database("").await;
    let catalog = Catalog::open(&options(&dir)).await.unwrap();

    let found = catalog.find_image(&id_of_glance(1), None).await.unwrap().unwrap();
    let image = found.image;
    assert_eq!((image.status, image.visibility, image.size), (Status::Active, Visibility::Public, Some(5)));
    assert_eq!(image.created_at, datetime!(2026-01-02 03:04:01.000_250 UTC));
    assert_eq!(
        image.properties,
        BTreeMap::from([("os_distro".into(), "debian".into()), ("hw_note".into(), String::new())])
    );
    assert_eq!(image.tags, BTreeSet::from(["green".into()]));
    let stores: Vec<_> = image.locations.iter().map(|location| location.store().unwrap()).collect();
    assert_eq!(stores, ["fast", "cheap"]);

    assert!(catalog.find_image(&id_of_glance(3), Some("p2")).await.unwrap().unwrap().is_member);
    assert_eq!(catalog.find_image(&id_of_glance(4), None).await.unwrap(), None);
    assert_eq!(catalog.stranded_images().await.unwrap(), [id_of_glance(2)]);

    let mut changed = Image::clone(&image);
    changed.properties.insert("dropped".into(), "back".into());
    changed.tags.insert("blue".into());
    catalog.update_image(&image, &changed, at(0)).await.unwrap();
    let read = catalog.find_image(&id_of_glance(1), None).await.unwrap().unwrap().image;
    assert_eq!((&read.properties, &read.tags), (&changed.properties, &changed.tags));
}

#[tokio::test]
async fn an_image_that_a_glance_was_copying_is_not_on_its_way_any_more() {
    let dir = glance_database(
        "INSERT INTO image_properties (image_id, name, value, created_at, deleted) VALUES \
         ('00000001-1111-4222-8333-444444444444', 'os_glance_importing_to_stores', 'cheap', '2026-01-02 03:04:05.000000', 0), \
         ('00000001-1111-4222-8333-444444444444', 'os_glance_failed_import', 'slow', '2026-01-02 03:04:05.000000', 0); \
         UPDATE images SET status = 'queued' WHERE status = 'saving'",
    )
    .await;
    let catalog = Catalog::open(&options(&dir)).await.unwrap();
    assert_eq!(catalog.usage("p1").await.unwrap().uploading, 0);
    let image = catalog.find_image(&id_of_glance(1), None).await.unwrap().unwrap().image;
    let left: Vec<&str> = image.properties.keys().map(String::as_str).collect();
    assert_eq!(left, ["hw_note", "os_distro", "os_glance_failed_import"]);
}

#[tokio::test]
async fn an_image_whose_times_have_no_fraction_is_listed_once_and_can_be_changed() {
    let dir = glance_database(
        "UPDATE images SET created_at = '2016-01-02 03:04:05', updated_at = '2016-01-02 03:04:05' WHERE deleted = 0",
    )
    .await;
    let catalog = Catalog::open(&options(&dir)).await.unwrap();
    let caller = Caller { is_admin: true, ..Caller::default() };
    let mut query = ListQuery { limit: 2, ..ListQuery::default() };
    let first = catalog.list_images(&query, &caller).await.unwrap();
    query.marker = first.images.last().map(|image| image.id.clone());
    let second = catalog.list_images(&query, &caller).await.unwrap();
    let listed: Vec<_> = first.images.iter().chain(&second.images).map(|image| image.id.clone()).collect();
    assert_eq!(listed, [3, 2, 1].map(id_of_glance));
    let image = &first.images[0];
    assert_eq!(image.updated_at, datetime!(2016-01-02 03:04:05 UTC));
    catalog.update_image(image, &Image { name: Some("new".into()), ..image.clone() }, at(0)).await.unwrap();
}

#[tokio::test]
async fn glance_finds_its_migrations_where_it_left_them() {
    for missing in ["", "DROP TABLE alembic_version"] {
        let dir = glance_database(missing).await;
        Catalog::open(&options(&dir)).await.unwrap().close().await;
        let version: String = sqlx::query_scalar("SELECT version_num FROM alembic_version")
            .fetch_one(&mut raw(&dir).await)
            .await
            .unwrap();
        assert_eq!(version, "2024_1_contract01");
    }
}

#[tokio::test]
async fn a_database_of_an_older_glance_is_refused_and_left_as_it_is() {
    let dir = glance_database("UPDATE alembic_version SET version_num = 'train_contract01'").await;
    let error = Catalog::open(&options(&dir)).await.unwrap_err();
    assert_eq!(error.kind, Kind::Incompatible);
    assert!(error.message.contains("train_contract01") && error.message.contains("glance-manage db sync"), "{error}");
    let own: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master WHERE name LIKE 'casement%'")
        .fetch_one(&mut raw(&dir).await)
        .await
        .unwrap();
    assert_eq!(own, 0);
}

#[tokio::test]
async fn our_tables_have_the_columns_of_a_database_that_glance_made() {
    let glance = glance_database("").await;
    let bench = Bench::new().await;
    assert_eq!(columns(&mut raw(&glance).await).await, columns(&mut bench.raw().await).await);
}

/// Every column of every table of Glance with its type, whether it may be NULL, and its default; and every index.
async fn columns(raw: &mut SqliteConnection) -> BTreeSet<String> {
    sqlx::query(
        "SELECT t.name AS of, c.name, c.type, c.\"notnull\", COALESCE(c.dflt_value, '-') AS value, c.pk \
         FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'casement%' \
         UNION ALL SELECT tbl_name, name, '', 0, '', 0 FROM sqlite_master \
         WHERE type = 'index' AND tbl_name || name NOT LIKE '%casement%'",
    )
    .fetch_all(raw)
    .await
    .unwrap()
    .iter()
    .map(|row| {
        let text = |column: &str| row.get::<String, _>(column);
        let number = |column: &str| row.get::<i64, _>(column);
        format!(
            "{}.{} {} {} {} {}",
            text("of"),
            text("name"),
            text("type"),
            number("notnull"),
            text("value"),
            number("pk")
        )
    })
    .collect()
}
