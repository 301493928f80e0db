use crate::support::{data, key, server, write};
use casement_s3::S3;
use casement_sdk::{Backend, Kind};
use serde_json::json;
use std::fs;

#[tokio::test]
async fn wrong_keys_are_refused_with_what_to_check() {
    let Some(server) = server("wrong_keys_are_refused_with_what_to_check") else { return };
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong");
    fs::write(&wrong, "hush-hush").unwrap();
    for (keys, named) in
        [(json!({"access_key": "nobody"}), "access_key"), (json!({"secret_key_file": wrong}), "secret_key_file")]
    {
        let error = S3::new(server.config(keys)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Denied, "{error}");
        assert!(error.message().contains(named) && !error.message().contains("hush"), "{error}");
    }
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_made_only_where_that_is_said() {
    let Some(server) = server("a_bucket_that_is_not_there_is_made_only_where_that_is_said") else { return };
    let bucket = format!("casement-{}", key());
    let error = S3::new(server.config(json!({"bucket": bucket, "create_bucket_on_put": false}))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    assert!(error.message().contains("create_bucket_on_put"), "{error}");

    let store = server.store(json!({"bucket": bucket})).await;
    // What is to come is as good as an empty one.
    assert_eq!(store.stat("x").await.unwrap_err().kind(), Kind::NotFound);
    store.health().await.unwrap();
    write(&store, "x", &data(10), true).await.unwrap();
    store.health().await.unwrap();
    assert_eq!(server.store(json!({"bucket": bucket})).await.stat("x").await.unwrap().size, 10);
}

#[tokio::test]
async fn a_store_that_can_be_used_is_healthy() {
    let Some(server) = server("a_store_that_can_be_used_is_healthy") else { return };
    let store = server.store(json!({})).await;
    write(&store, &key(), &data(1), true).await.unwrap();
    store.health().await.unwrap();
}
