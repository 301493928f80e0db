//! Which volumes a store is on, and what is refused.

use super::*;
use casement_sdk::Kind;
use serde_json::json;

#[tokio::test]
async fn volumes_are_found_and_the_one_with_most_room_is_filled_first() {
    let scene = Scene::with_two_volumes();
    scene.set_free("Volume2", 1 << 31);
    let store = scene.open(json!({})).await.unwrap();
    put(&store, "a", b"data").await.unwrap();
    assert!(scene.has("Volume2", "a"));
    scene.set_free("Volume2", 3);
    put(&store, "b", b"data").await.unwrap();
    assert!(scene.has("Volume1", "b"));
    assert_eq!(
        (get(&store, "a").await.unwrap(), get(&store, "b").await.unwrap()),
        (b"data".to_vec(), b"data".to_vec())
    );
    assert_eq!(store.format_location("a").await.unwrap(), "file:///C:/ClusterStorage/Volume2/images/a");
    assert_eq!(store.parse_location("file:///c:/clusterstorage/VOLUME2/images/a").await.unwrap(), "a");
}

#[tokio::test]
async fn a_heavier_volume_is_filled_first_and_named_in_any_spelling() {
    for heavy in
        ["Volume1", "C:\\ClusterStorage\\Volume1", "c:/clusterstorage/Volume1/", r"\\?\C:\ClusterStorage\Volume1"]
    {
        let scene = Scene::with_two_volumes();
        scene.set_free("Volume2", 1 << 31);
        let volumes = json!({"volumes": [{"name": heavy, "weight": 2}, "Volume2"]});
        let store = scene.open(volumes).await.unwrap();
        put(&store, "a", b"data").await.unwrap();
        assert!(scene.has("Volume1", "a"), "{heavy}");
    }
}

#[tokio::test]
async fn a_folder_that_only_looks_like_a_volume_is_never_written_to() {
    let scene = Scene::new();
    scene.folder(&mount("Volume1"));
    scene.folder(&format!(r"{}\images", mount("Volume1")));
    for config in [json!({"volumes": ["Volume1"]}), json!({})] {
        let error = scene.refusal(config.clone()).await;
        assert_eq!(error.kind(), Kind::Unavailable, "{error}");
        assert!(error.message().contains("Get-ClusterSharedVolume"), "{error}");
        let shown =
            if config == json!({}) { "no cluster shared volume below" } else { "folder or file of the system disk" };
        assert!(error.message().contains(shown), "{error}");
    }
    assert_eq!(logged("WARN", "folder or file of the system disk"), 2);
    assert!(!scene.has("Volume1", ".casement-store"));

    // It is used as soon as the volume is there, and the other may serve until then.
    scene.mount(csv("Volume2", 12));
    let store = scene.open(json!({"volumes": ["Volume1", "Volume2"]})).await.unwrap();
    put(&store, "a", b"1").await.unwrap();
    assert!(scene.has("Volume2", "a"));
    scene.mount(FakeVolume { free: 1 << 40, ..csv("Volume1", 11) });
    put(&store, "b", b"2").await.unwrap();
    assert!(scene.has("Volume1", "b"));
}

#[tokio::test]
async fn a_volume_that_is_replaced_by_a_folder_is_noticed() {
    let scene = Scene::with_two_volumes();
    let store = scene.open(json!({"volumes": ["Volume1"], "pause_timeout_seconds": 0})).await.unwrap();
    put(&store, "a", b"1").await.unwrap();
    scene.windows.remove(&mount("Volume1"));
    scene.folder(&mount("Volume1"));
    scene.folder(&format!(r"{}\images", mount("Volume1")));
    assert_eq!(put(&store, "b", b"2").await.unwrap_err().kind(), Kind::Unavailable);
    assert!(!scene.has("Volume1", "b"));
}

#[tokio::test]
async fn a_mount_point_of_an_ordinary_disk_is_no_volume_of_the_cluster() {
    let scene = Scene::with([FakeVolume::ntfs(&mount("Volume1"), 11)]);
    let error = scene.refusal(json!({"volumes": ["Volume1"]})).await;
    assert!(error.message().contains("not CSVFS"), "{error}");
}

#[tokio::test]
async fn the_name_of_the_file_system_tells_where_the_control_code_is_not_known() {
    for file_system in ["CSVFS", "CSVFS_ReFS"] {
        let controls = vec![(IS_CSV_FILE, Err(Code::NOT_SUPPORTED))];
        let scene = Scene::with([FakeVolume { file_system, controls, ..csv("Volume1", 11) }]);
        scene.open(json!({})).await.unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_a_volume_is_told_what_to_write() {
    let scene = Scene::with_two_volumes();
    for (config, advice) in [
        (json!({"volumes": ["D:\\images"]}), "write the name of one, as in \"Volume1\""),
        (json!({"volumes": ["C:\\ClusterStorage"]}), "'C:\\ClusterStorage\\Volume1'"),
        (json!({"volumes": ["C:\\ClusterStorage\\Volume1\\vms\\a"]}), "volumes = [\"Volume1\"] and folder = 'vms\\a'"),
        (json!({"volumes": ["\\\\srv\\share"]}), "no cluster shared volume"),
        (json!({"volumes": ["Volume1\\images"]}), "is not absolute"),
        (json!({"volumes": [".."]}), "leads upwards"),
        (json!({"folder": ""}), "folder is empty"),
        (json!({"folder": "..\\other"}), "leads upwards"),
        (json!({"folder": "C:\\images"}), "colon"),
        (json!({"volumes": ["Volume1", "volume1"]}), "named twice"),
        (json!({"chunk_size": 1}), "from 65536 to 16777216"),
    ] {
        let error = scene.refusal(config.clone()).await;
        assert_eq!(error.kind(), Kind::Config, "{config}: {error}");
        assert!(error.message().contains(advice), "{config}: {error}");
    }
}

#[tokio::test]
async fn a_folder_that_leads_to_another_volume_is_refused() {
    let scene = Scene::with_two_volumes();
    scene.windows.add(csv(r"Volume1\images", 99));
    let error = scene.refusal(json!({"volumes": ["Volume1"]})).await;
    assert_eq!(error.kind(), Kind::Config, "{error}");
    assert!(error.message().contains("another volume"), "{error}");
}

#[tokio::test]
async fn only_volumes_with_the_folder_are_used_and_those_that_come_later_are_told_of_once() {
    let scene = Scene::with_two_volumes();
    scene.folder(&format!(r"{}\other", mount("Volume2")));
    let store = scene.open(json!({"folder": "other"})).await.unwrap();
    put(&store, "a", b"1").await.unwrap();
    assert!(scene.windows.data(&format!(r"{}\other\a", mount("Volume2"))).is_some());
    assert_eq!(logged("INFO", "a volume without this folder is not used"), 1);

    scene.folder(&format!(r"{}\other", mount("Volume1")));
    store.health().await.unwrap();
    store.health().await.unwrap();
    assert_eq!(logged("WARN", "restart the gateway to use it"), 1);

    let error = scene.refusal(json!({"folder": "nowhere"})).await;
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.message().contains(r"New-Item -ItemType Directory 'C:\ClusterStorage\Volume1\nowhere'"), "{error}");
}

#[tokio::test]
async fn a_machine_without_a_cluster_is_told_so() {
    for (answer, kind, words) in [
        (Err(Code::MOD_NOT_FOUND), Kind::Unsupported, "no failover clustering"),
        (Ok(0), Kind::Unsupported, "no node of a failover cluster"),
        (Ok(1), Kind::Unsupported, "no node of a failover cluster"),
        (Ok(3), Kind::Unavailable, "Start-ClusterNode"),
    ] {
        let scene = Scene::with_two_volumes();
        scene.cluster.told().node_state = answer;
        let error = scene.refusal(json!({})).await;
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(words), "{error}");
    }
    // One that does not answer is not in the way.
    let scene = Scene::with_two_volumes();
    scene.cluster.told().node_state = Err(Code::ACCESS_DENIED);
    scene.open(json!({})).await.unwrap();
}

#[tokio::test]
async fn a_copy_inside_a_volume_with_refs_shares_whole_clusters() {
    let scene = Scene::with([csv_on_refs("Volume1", 11)]);
    let store = scene.open(json!({})).await.unwrap();
    let data: Vec<u8> = (0..200_000_u32).map(|at| (at % 251) as u8).collect();
    put(&store, "a", &data).await.unwrap();
    store.copy("a", "b").await.unwrap();
    assert_eq!(scene.windows.called("clone"), 1);
    assert_eq!(get(&store, "b").await.unwrap(), data);

    // Another node may be the only one that can: then it is copied, and tried again the next time.
    scene.fail("clone", "", Code::CLUSTER_CSV_SUPPORTED_ONLY_ON_COORDINATOR, 1);
    store.copy("a", "c").await.unwrap();
    assert_eq!(get(&store, "c").await.unwrap(), data);
    store.copy("a", "d").await.unwrap();
    assert_eq!(scene.windows.called("clone"), 3);
}

#[tokio::test]
async fn a_copy_inside_a_volume_with_ntfs_reads_and_writes() {
    let scene = Scene::with_two_volumes();
    let store = scene.open(json!({})).await.unwrap();
    put(&store, "a", b"data").await.unwrap();
    store.copy("a", "b").await.unwrap();
    assert_eq!(scene.windows.called("clone"), 0);
    assert_eq!(get(&store, "b").await.unwrap(), b"data");
}
