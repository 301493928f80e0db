//! A database that is looked at while it is in use.

use crate::*;
use casement_catalog::{Kind, Onlooker, Version};

#[tokio::test]
async fn a_database_in_use_is_looked_at_and_backed_up() {
    let bench = Bench::new().await;
    let image = queued();
    bench.catalog.create_image(&image).await.unwrap();
    let mut onlooker = Onlooker::open(&path(&bench.dir)).await.unwrap();
    let version = Version { casement: Some(Onlooker::SERVED), glance: Some("2024_1_contract01".into()) };
    assert_eq!(onlooker.version().await.unwrap(), version);
    assert_eq!(onlooker.faults().await.unwrap(), Vec::<String>::new());

    let copy = tempfile::tempdir().unwrap();
    onlooker.back_up(&path(&copy)).await.unwrap();
    // What was there is not written over.
    onlooker.back_up(&path(&copy)).await.unwrap_err();
    onlooker.close().await.unwrap();
    // The one that is in use goes on, and the copy is one of its own.
    bench.catalog.create_image(&queued()).await.unwrap();
    let restored = Catalog::open(&options(&copy)).await.unwrap();
    assert_eq!(restored.find_image(&image.id, None).await.unwrap().unwrap().image, image.into());
}

#[tokio::test]
async fn an_older_database_is_told_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = raw(&dir).await;
    for sql in [include_str!("../../src/schema/glance.sql"), include_str!("../../src/schema/casement.sql")] {
        sqlx::raw_sql(sql).execute(&mut first).await.unwrap();
    }
    first.close().await.unwrap();
    for _ in 0..2 {
        let mut onlooker = Onlooker::open(&path(&dir)).await.unwrap();
        assert_eq!(onlooker.version().await.unwrap().casement, Some(1));
        onlooker.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_damaged_database_is_found_out() {
    let bench = Bench::new().await;
    for _ in 0..200 {
        bench.catalog.create_image(&queued()).await.unwrap();
    }
    bench.catalog.close().await;
    let file = path(&bench.dir);
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xa5);
    std::fs::write(&file, bytes).unwrap();
    let mut onlooker = Onlooker::open(&file).await.unwrap();
    let found = onlooker.faults().await;
    assert!(found.as_ref().is_ok_and(|faults| !faults.is_empty()) || found.is_err(), "{found:?}");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let error = Onlooker::open(&path(&dir)).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(error.message.contains("there is no such file"), "{error}");
    assert!(!path(&dir).exists());
}
