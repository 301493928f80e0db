//! Volumes whose I/O the cluster holds back, and volumes that move.

use super::*;
use casement_sdk::Kind;
use serde_json::json;

const PAUSES: [Code; 4] = [
    Code::CLUSTER_CSV_IO_PAUSE_TIMEOUT,
    Code::CSV_VOLUME_NOT_LOCAL,
    Code::CLUSTER_CSV_INVALID_HANDLE,
    Code::RESOURCE_NOT_ONLINE,
];

#[tokio::test]
async fn a_pause_anywhere_in_an_upload_is_waited_out() {
    for code in PAUSES {
        for call in ["open", "write", "flush", "find"] {
            let scene = Scene::with_two_volumes();
            let store = scene.open(json!({"volumes": ["Volume1"]})).await.unwrap();
            scene.fail(call, r"Volume1\images\", code, 2);
            put(&store, "a", b"data").await.unwrap_or_else(|error| panic!("{call} answers {code:?}: {error}"));
            assert_eq!(get(&store, "a").await.unwrap(), b"data", "{call} answers {code:?}");
        }
    }
}

#[tokio::test]
async fn a_pause_in_a_download_is_waited_out() {
    for code in PAUSES {
        let scene = Scene::with_two_volumes();
        let store = scene.open(json!({"volumes": ["Volume1"]})).await.unwrap();
        put(&store, "a", b"data").await.unwrap();
        scene.fail("read", r"images\a", code, 2);
        assert_eq!(get(&store, "a").await.unwrap(), b"data", "{code:?}");
    }
}

#[tokio::test]
async fn a_pause_without_end_is_an_answer_that_asks_to_come_back() {
    let scene = Scene::with_two_volumes();
    let store = scene.open(json!({"volumes": ["Volume1"], "pause_timeout_seconds": 0})).await.unwrap();
    put(&store, "a", b"data").await.unwrap();
    scene.windows.cut(&mount("Volume1"), Code::CLUSTER_CSV_IO_PAUSE_TIMEOUT);
    for error in [
        store.stat("a").await.unwrap_err(),
        put(&store, "b", b"data").await.unwrap_err(),
        get(&store, "a").await.unwrap_err(),
        store.health().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), Kind::Unavailable, "{error}");
        assert!(error.is_retryable(), "{error}");
        assert!(error.message().contains("ERROR_CLUSTER_CSV_IO_PAUSE_TIMEOUT"), "{error}");
    }
}

#[tokio::test]
async fn a_volume_that_is_away_at_the_start_is_waited_for_while_others_serve() {
    let scene = Scene::with_two_volumes();
    scene.set_free("Volume1", 1 << 31);
    scene.fail("open", "Volume1", Code::RESOURCE_NOT_ONLINE, 6);
    let store = scene.open(json!({"pause_timeout_seconds": 0})).await.unwrap();
    assert_eq!(logged("WARN", "not there yet"), 1);
    put(&store, "a", b"1").await.unwrap();
    assert!(scene.has("Volume2", "a"));
    // Nobody knows yet that there is no such image.
    assert_eq!(store.stat("b").await.unwrap_err().kind(), Kind::Unavailable);
    while store.health().await.is_err() {}
    assert_eq!(store.stat("b").await.unwrap_err().kind(), Kind::NotFound);
    put(&store, "c", b"3").await.unwrap();
    assert!(scene.has("Volume1", "c"));
}

#[tokio::test]
async fn what_an_owner_node_took_with_it_when_it_died_is_noticed() {
    let scene = Scene::with([csv("Volume1", 11)]);
    let store = scene.open(json!({})).await.unwrap();
    let mut writer = store.create("a", WriteOptions { size: None, transfer: "t".into() }).await.unwrap();
    writer.write(b"1234".to_vec().into()).await.unwrap();
    scene.windows.forget();
    scene.fail("write", r"images\", Code::CLUSTER_CSV_INVALID_HANDLE, 1);
    let error = writer.write(b"5678".to_vec().into()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.message().contains("came back without"), "{error}");
}

#[tokio::test]
async fn a_volume_that_moves_to_another_node_in_mid_upload_takes_the_rest() {
    let scene = Scene::with([csv("Volume1", 11)]);
    let store = scene.open(json!({})).await.unwrap();
    store.health().await.unwrap();
    let mut writer = store.create("a", WriteOptions { size: Some(8), transfer: "t".into() }).await.unwrap();
    writer.write(b"1234".to_vec().into()).await.unwrap();
    scene.reach("Volume1", access(3, 1, true, true));
    scene.fail("write", r"images\", Code::CLUSTER_CSV_INVALID_HANDLE, 1);
    writer.write(b"5678".to_vec().into()).await.unwrap();
    writer.commit().await.unwrap();
    assert_eq!(get(&store, "a").await.unwrap(), b"12345678");
    store.health().await.unwrap();
    assert_eq!(scene.gateway.metric("csv_volume1_owner_changes"), Some(1.0));
}
