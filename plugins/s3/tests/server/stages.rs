use crate::support::{PART, data, key, options, read, server, write};
use casement_s3::S3;
use casement_sdk::{Backend, Kind, Staged, Writer};
use serde_json::json;
use std::time::Duration;

async fn staged(store: &S3, key: &str) -> Vec<Staged> {
    let all = store.list_staged().await.unwrap();
    all.into_iter().filter(|staged| staged.token.ends_with(key)).collect()
}

/// A write of which one part has been sent at least.
async fn half_written(store: &S3, key: &str) -> casement_s3::Writer {
    let mut writer = store.create(key, options(None)).await.unwrap();
    writer.write(data(2 * PART)).await.unwrap();
    writer
}

#[tokio::test]
async fn nothing_is_readable_before_the_commit_and_nothing_staged_behind_it() {
    let Some(server) = server("nothing_is_readable_before_the_commit_and_nothing_staged_behind_it") else { return };
    let store = server.store(json!({})).await;
    let key = key();
    let writer = half_written(&store, &key).await;
    assert_eq!(store.stat(&key).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(staged(&store, &key).await.len(), 1);
    writer.commit().await.unwrap();
    assert_eq!(staged(&store, &key).await, []);
    assert_eq!(read(&store, &key, 0, None).await.unwrap(), data(2 * PART));
    store.delete(&key).await.unwrap();
}

#[tokio::test]
async fn an_abort_leaves_no_upload() {
    let Some(server) = server("an_abort_leaves_no_upload") else { return };
    let store = server.store(json!({})).await;
    let key = key();
    half_written(&store, &key).await.abort().await.unwrap();
    assert_eq!(staged(&store, &key).await, []);
    assert_eq!(store.stat(&key).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn a_writer_that_is_dropped_aborts_its_upload() {
    let Some(server) = server("a_writer_that_is_dropped_aborts_its_upload") else { return };
    let store = server.store(json!({})).await;
    let key = key();
    drop(half_written(&store, &key).await);
    let is_gone = async {
        while !staged(&store, &key).await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), is_gone).await.expect("the upload is still there");
}

#[tokio::test]
async fn what_a_process_left_is_found_and_discarded_by_the_next() {
    let Some(server) = server("what_a_process_left_is_found_and_discarded_by_the_next") else { return };
    let key = key();
    let lost = server.store(json!({})).await;
    let writer = half_written(&lost, &key).await;
    let token = writer.token().to_owned();
    // As a process that is killed: nobody aborts.
    std::mem::forget(writer);

    let store = server.store(json!({})).await;
    let found = staged(&store, &key).await;
    assert_eq!(found.iter().map(|staged| &*staged.token).collect::<Vec<_>>(), [&*token]);
    assert!(found[0].idle_ms.unwrap() < 60_000, "{found:?}");
    store.discard(&token).await.unwrap();
    assert_eq!(staged(&store, &key).await, []);
    assert_eq!(store.discard(&token).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn what_is_not_staged_can_not_be_discarded() {
    let Some(server) = server("what_is_not_staged_can_not_be_discarded") else { return };
    let store = server.store(json!({})).await;
    write(&store, &key(), &data(1), true).await.unwrap();
    for token in ["", "nonsense", "0123456789abcdef nothing"] {
        assert_eq!(store.discard(token).await.unwrap_err().kind(), Kind::NotFound, "{token}");
    }
}

#[tokio::test]
async fn an_upload_that_was_taken_away_is_not_published() {
    let Some(server) = server("an_upload_that_was_taken_away_is_not_published") else { return };
    let store = server.store(json!({})).await;
    let key = key();
    let writer = half_written(&store, &key).await;
    store.discard(writer.token()).await.unwrap();
    writer.commit().await.unwrap_err();
    assert_eq!(store.stat(&key).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(staged(&store, &key).await, []);
}

#[tokio::test]
async fn of_two_who_write_one_image_the_first_to_commit_wins() {
    let Some(server) = server("of_two_who_write_one_image_the_first_to_commit_wins") else { return };
    let store = server.store(json!({})).await;
    for sizes in [[1, 2], [2 * PART, 2 * PART + 1], [1, 2 * PART], [2 * PART, 1]] {
        let key = key();
        let mut writers = Vec::new();
        for size in sizes {
            let mut writer = store.create(&key, options(Some(size))).await.unwrap();
            writer.write(data(size)).await.unwrap();
            writers.push(writer);
        }
        let second = writers.pop().unwrap();
        writers.pop().unwrap().commit().await.unwrap();
        assert_eq!(second.commit().await.unwrap_err().kind(), Kind::Exists, "{sizes:?}");
        assert_eq!(store.stat(&key).await.unwrap().size, sizes[0]);
        assert_eq!(staged(&store, &key).await, []);
        store.delete(&key).await.unwrap();
    }
}
