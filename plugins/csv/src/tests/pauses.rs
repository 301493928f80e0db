//! Volumes whose I/O the cluster holds back, and volumes that move.

use super::*;
use casement_sdk::Kind;
use casement_share::win32::Code;
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
            scene.node.refuse(call, r"Volume1\images\", code, 2);
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
        scene.node.refuse("read", r"images\a", code, 2);
        assert_eq!(get(&store, "a").await.unwrap(), b"data", "{code:?}");
    }
}

#[tokio::test]
async fn a_pause_without_end_is_an_answer_that_asks_to_come_back() {
    let scene = Scene::with_two_volumes();
    let store = scene.open(json!({"volumes": ["Volume1"], "pause_timeout_seconds": 0})).await.unwrap();
    put(&store, "a", b"data").await.unwrap();
    scene.node.refuse("open", "Volume1", Code::CLUSTER_CSV_IO_PAUSE_TIMEOUT, usize::MAX);
    for error in [
        store.stat("a").await.unwrap_err(),
        put(&store, "b", b"data").await.unwrap_err(),
        get(&store, "a").await.unwrap_err(),
        store.health().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), Kind::Unavailable, "{error}");
        assert!(error.retry_after_ms() > 0, "{error}");
        assert!(error.message().contains("ERROR_CLUSTER_CSV_IO_PAUSE_TIMEOUT"), "{error}");
    }
}

#[tokio::test]
async fn a_volume_that_is_away_at_the_start_is_waited_for_while_others_serve() {
    let scene = Scene::with_two_volumes();
    scene.node.change("Volume1", |volume| volume.available *= 2);
    scene.node.refuse("open", "Volume1", Code::RESOURCE_NOT_ONLINE, 6);
    let store = scene.open(json!({"pause_timeout_seconds": 0})).await.unwrap();
    assert_eq!(logged("WARN", "not there yet"), 1);
    put(&store, "a", b"1").await.unwrap();
    assert!(scene.node.has(r"C:\ClusterStorage\Volume2\images\a"));
    // Nobody knows yet that there is no such image.
    assert_eq!(store.stat("b").await.unwrap_err().kind(), Kind::Unavailable);
    while store.health().await.is_err() {}
    assert_eq!(store.stat("b").await.unwrap_err().kind(), Kind::NotFound);
    put(&store, "c", b"3").await.unwrap();
    assert!(scene.node.has(r"C:\ClusterStorage\Volume1\images\c"));
}

#[tokio::test]
async fn what_an_owner_node_took_with_it_when_it_died_is_noticed() {
    let scene = Scene::new();
    scene.node.volume("Volume1", Volume::healthy(11));
    let store = scene.open(json!({})).await.unwrap();
    let mut writer = store.create("a", WriteOptions { size: None, transfer: "t".into() }).await.unwrap();
    writer.write(b"1234".to_vec().into()).await.unwrap();
    scene.node.overwrite(r"C:\ClusterStorage\Volume1\images\.casement-staging\t", b"\0\0\0\0");
    scene.node.refuse("write", r"images\", Code::CLUSTER_CSV_INVALID_HANDLE, 1);
    let error = writer.write(b"5678".to_vec().into()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.message().contains("came back without"), "{error}");
}

#[tokio::test]
async fn a_volume_that_moves_to_another_node_in_mid_upload_takes_the_rest() {
    let scene = Scene::new();
    scene.node.volume("Volume1", Volume::healthy(11));
    let store = scene.open(json!({})).await.unwrap();
    store.health().await.unwrap();
    let mut writer = store.create("a", WriteOptions { size: Some(8), transfer: "t".into() }).await.unwrap();
    writer.write(b"1234".to_vec().into()).await.unwrap();
    scene.node.change("Volume1", |volume| volume.access = Ok((3, 1, true, true)));
    scene.node.refuse("write", r"images\", Code::CLUSTER_CSV_INVALID_HANDLE, 1);
    writer.write(b"5678".to_vec().into()).await.unwrap();
    writer.commit().await.unwrap();
    assert_eq!(get(&store, "a").await.unwrap(), b"12345678");
    store.health().await.unwrap();
    assert_eq!(scene.gateway.metric("csv_volume1_owner_changes"), Some(1.0));
}
