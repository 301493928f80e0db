//! What health, log and metrics say of the volumes.

use super::{cluster::Disk, *};
use casement_sdk::Kind;
use serde_json::json;

/// A store on one volume.
async fn store(scene: &Scene, access: Result<Vec<u8>, Code>) -> Backend {
    scene.mount(csv("Volume1", 11));
    scene.reach("Volume1", access);
    scene.open(json!({})).await.unwrap()
}

#[tokio::test]
async fn a_volume_with_direct_access_is_told_of_once_and_measured() {
    let scene = Scene::new();
    scene.cluster.disk("N2", "Volume1", 0, 0);
    let store = store(&scene, access(2, 1, true, true)).await;
    scene.set_free("Volume1", 1 << 30);
    for _ in 0..3 {
        store.health().await.unwrap();
    }
    assert_eq!(logged("INFO", "owned by node `N2`, with direct access"), 1);
    for (name, value) in
        [("available", 1.0), ("redirected", 0.0), ("owned_here", 0.0), ("free_bytes", (1_u64 << 30) as f64)]
    {
        assert_eq!(scene.gateway.metric(&format!("csv_volume1_{name}")), Some(value), "{name}");
    }
    assert_eq!(scene.cluster.told().asked, 1, "the cluster is asked when something changes");
}

#[tokio::test]
async fn an_owner_has_the_disk_at_hand_however_others_reach_it() {
    let scene = Scene::new();
    scene.cluster.disk("N1", "Volume1", 1, 1);
    let store = store(&scene, access(1, 1, true, false)).await;
    store.health().await.unwrap();
    assert_eq!(logged("INFO", "owned by this node, `N1`, with the disk at hand"), 1);
    assert_eq!(logged("INFO", "no direct access on any node, in backup"), 1);
    assert_eq!(scene.gateway.metric("csv_volume1_owned_here"), Some(1.0));
    assert_eq!(scene.gateway.metric("csv_volume1_redirected"), Some(0.0));
}

#[tokio::test]
async fn redirected_access_is_a_warning_with_its_reason_and_its_owner_and_its_end_is_told() {
    for (reached, reason) in [
        (access(2, 1, true, false), "owned by node `N2`, file system redirected: direct access is switched off"),
        (access(2, 1, false, true), "owned by node `N2`, block redirected: this node does not reach the disk"),
    ] {
        let scene = Scene::new();
        scene.cluster.disk("N2", "Volume1", 0, 0);
        let store = store(&scene, reached).await;
        store.health().await.unwrap();
        store.health().await.unwrap();
        assert_eq!(logged("WARN", reason), 1, "{}", LOG.lock().unwrap());
        assert_eq!(scene.gateway.metric("csv_volume1_redirected"), Some(1.0));
        scene.reach("Volume1", access(2, 1, true, true));
        store.health().await.unwrap();
        assert_eq!(logged("INFO", "with direct access"), 1);
        assert_eq!(scene.gateway.metric("csv_volume1_redirected"), Some(0.0));
    }
}

#[tokio::test]
async fn redirected_access_is_usual_with_refs_and_no_warning_while_the_disk_is_reached() {
    let scene = Scene::with([csv_on_refs("Volume1", 11)]);
    scene.reach("Volume1", access(2, 1, true, false));
    let store = scene.open(json!({})).await.unwrap();
    store.health().await.unwrap();
    assert_eq!(logged("INFO", "as always with ReFS"), 1);
    assert_eq!(logged("WARN", ""), 0);
    scene.reach("Volume1", access(2, 1, false, false));
    store.health().await.unwrap();
    assert_eq!(logged("WARN", "block redirected"), 1);
}

#[tokio::test]
async fn a_new_owner_is_counted_and_named() {
    let scene = Scene::new();
    scene.cluster.disk("N2", "Volume1", 0, 0);
    let store = store(&scene, access(2, 1, true, true)).await;
    store.health().await.unwrap();
    scene.cluster.disk("N1", "Volume1", 0, 0);
    scene.reach("Volume1", access(1, 1, true, true));
    store.health().await.unwrap();
    assert_eq!(scene.gateway.metric("csv_volume1_owner_changes"), Some(1.0));
    assert_eq!(scene.gateway.metric("csv_volume1_owned_here"), Some(1.0));
    assert_eq!(logged("INFO", "owned by this node, `N1`"), 1);
}

#[tokio::test]
async fn a_volume_that_cannot_be_used_makes_the_store_unhealthy_and_says_why() {
    for (faults, words) in [(4, "is in maintenance"), (8, "is dismounted"), (2, "cannot be accessed")] {
        let scene = Scene::new();
        let store = store(&scene, access(2, 1, true, true)).await;
        store.health().await.unwrap();
        scene.cluster.disk("N2", "Volume1", faults, 0);
        scene.fail("open", "Volume1", Code::CLUSTER_CSV_IO_PAUSE_TIMEOUT, 1);
        let error = store.health().await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable, "{error}");
        assert!(error.message().contains(words) && error.message().contains("`N2`"), "{error}");
        assert_eq!(scene.gateway.metric("csv_volume1_available"), Some(0.0));
        assert_eq!(logged("WARN", "is not available"), 1);

        scene.cluster.disk("N2", "Volume1", 0, 0);
        store.health().await.unwrap();
        assert_eq!(scene.gateway.metric("csv_volume1_available"), Some(1.0));
    }
}

#[tokio::test]
async fn what_the_account_may_not_know_hinders_nothing() {
    let scene = Scene::new();
    scene.cluster.told().disks = Err(Code::ACCESS_DENIED);
    let store = store(&scene, Err(Code::ACCESS_DENIED)).await;
    store.health().await.unwrap();
    assert_eq!(logged("INFO", "its owner is not known, its way to the disk is not known"), 1);
    assert_eq!(scene.gateway.metric("csv_volume1_redirected"), None);
    assert_eq!(scene.gateway.metric("csv_volume1_owned_here"), None);
}

#[tokio::test]
async fn a_disk_that_is_not_online_hides_no_other() {
    let scene = Scene::new();
    scene.cluster.disk("N2", "Volume1", 0, 0);
    scene.cluster.insert("A", Disk { owner: "N3".into(), info: Err(Code::RESOURCE_NOT_ONLINE) });
    let store = store(&scene, access(2, 1, true, true)).await;
    store.health().await.unwrap();
    assert_eq!(logged("INFO", "owned by node `N2`"), 1);
}

#[tokio::test]
async fn a_volume_that_is_gone_or_replaced_makes_the_store_unhealthy() {
    for is_replaced in [false, true] {
        let scene = Scene::new();
        let store = store(&scene, access(2, 1, true, true)).await;
        scene.windows.remove(&mount("Volume1"));
        if is_replaced {
            scene.folder(&mount("Volume1"));
        }
        let error = store.health().await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable, "{error}");
        assert!(error.message().contains(r"`C:\ClusterStorage\Volume1`"), "{error}");
        assert_eq!(scene.gateway.metric("csv_volume1_available"), Some(0.0));
    }
}
