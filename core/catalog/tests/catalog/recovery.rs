//! What is left when a gateway dies, and who takes it over.

use crate::{
    locations::{place, task},
    *,
};
use casement_catalog::{Begin, Residue, Transfer, TransferState};

/// An upload that is staged, of an image of its own.
async fn upload(bench: &Bench, id: &str, node: &str, lease_until: OffsetDateTime) -> ImageId {
    let image = queued();
    bench.catalog.create_image(&image).await.unwrap();
    let new = NewTransfer { node: node.into(), lease_until, ..transfer_of(&image.id, id) };
    bench.catalog.begin_upload(&new, at(1)).await.unwrap();
    image.id
}

fn ids(transfers: Vec<Transfer>) -> Vec<String> {
    transfers.into_iter().map(|transfer| transfer.id).collect()
}

#[tokio::test]
async fn an_orphan_is_anothers_whose_lease_ran_out_or_whose_node_can_not_be_alive() {
    let bench = Bench::new().await;
    upload(&bench, "old", "n1", at(10)).await;
    upload(&bench, "young", "n2", at(100)).await;
    upload(&bench, "ours", "n3", at(10)).await;
    assert_eq!(ids(bench.catalog.orphans("n3", at(50), false).await.unwrap()), ["old"]);
    assert_eq!(ids(bench.catalog.orphans("n3", at(50), true).await.unwrap()), ["old", "young"]);
    assert_eq!(ids(bench.catalog.orphans("n3", at(10), false).await.unwrap()), Vec::<String>::new());
    assert_eq!(ids(bench.catalog.transfers_of("n3").await.unwrap()), ["ours"]);
}

#[tokio::test]
async fn a_node_prolongs_its_own_leases_only() {
    let bench = Bench::new().await;
    upload(&bench, "ours", "n1", at(10)).await;
    upload(&bench, "theirs", "n2", at(10)).await;
    bench.catalog.renew_leases("n1", at(100)).await.unwrap();
    assert_eq!(ids(bench.catalog.orphans("n3", at(50), false).await.unwrap()), ["theirs"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_nodes_exactly_one_adopts_an_orphan() {
    let bench = Bench::new().await;
    upload(&bench, "t1", "dead", at(10)).await;
    let orphan = bench.catalog.transfer("t1").await.unwrap().unwrap();
    let tasks: Vec<_> = (0..10)
        .map(|n| {
            let (catalog, orphan, node) = (bench.catalog.clone(), orphan.clone(), format!("n{n}"));
            tokio::spawn(async move { catalog.adopt(&orphan, &node, at(100)).await.unwrap().then_some(node) })
        })
        .collect();
    let mut adopters = Vec::new();
    for task in tasks {
        adopters.extend(task.await.unwrap());
    }
    assert_eq!(adopters.len(), 1);
    let adopted = bench.catalog.transfer("t1").await.unwrap().unwrap();
    assert_eq!(adopted, Transfer { node: adopters.remove(0), lease_until: at(100), ..orphan });
}

#[tokio::test]
async fn an_orphan_whose_owner_came_back_is_not_adopted() {
    let bench = Bench::new().await;
    upload(&bench, "t1", "n1", at(10)).await;
    let orphan = bench.catalog.transfer("t1").await.unwrap().unwrap();
    bench.catalog.renew_leases("n1", at(100)).await.unwrap();
    assert!(!bench.catalog.adopt(&orphan, "n2", at(200)).await.unwrap());
    bench.catalog.end_transfer("t1").await.unwrap();
    assert!(!bench.catalog.adopt(&orphan, "n2", at(200)).await.unwrap());
}

#[tokio::test]
async fn live_stages_are_those_of_one_store_by_token_or_else_by_the_name_of_the_transfer() {
    let bench = Bench::new().await;
    upload(&bench, "t1", "n1", at(10)).await;
    upload(&bench, "t2", "n1", at(10)).await;
    upload(&bench, "unnamed", "n1", at(10)).await;
    let image = queued();
    bench.catalog.create_image(&image).await.unwrap();
    let elsewhere = NewTransfer { store: "cheap".into(), ..transfer_of(&image.id, "t3") };
    bench.catalog.begin_upload(&elsewhere, at(1)).await.unwrap();
    for (id, token) in [("t1", "b"), ("t2", "a"), ("t3", "c")] {
        assert!(bench.catalog.set_token(id, token).await.unwrap());
    }
    assert_eq!(bench.catalog.live_stages("fast").await.unwrap(), ["a", "b", "unnamed"]);
    bench.catalog.release_upload("t1", Residue::None, at(2)).await.unwrap();
    bench.catalog.release_upload("t2", Residue::Stage, at(2)).await.unwrap();
    assert_eq!(bench.catalog.live_stages("fast").await.unwrap(), ["a", "unnamed"]);
    assert_eq!(bench.catalog.live_stages("cheap").await.unwrap(), ["c"]);
}

#[tokio::test]
async fn an_image_that_nobody_brings_to_active_is_found_and_queued_again_and_no_other_is() {
    let bench = Bench::new().await;
    let uploading = upload(&bench, "t1", "n1", at(10)).await;
    let importing = queued();
    bench.catalog.create_image(&importing).await.unwrap();
    let (new, task) = (transfer_of(&importing.id, "t2"), task(&importing));
    assert_eq!(bench.catalog.begin_location_import(&new, &task, at(1)).await.unwrap(), Begin::Started);
    bench.catalog.create_image(&queued()).await.unwrap();
    for status in [Status::Saving, Status::Uploading, Status::Importing] {
        let left = Image { status, size: Some(3), locations: vec![place("a", "fast")], ..queued() };
        bench.catalog.create_image(&left).await.unwrap();
        assert_eq!(bench.catalog.stranded_images().await.unwrap(), std::slice::from_ref(&left.id));

        let older = Image { updated_at: at(-1), ..left.clone() };
        assert!(!bench.catalog.requeue(&older, &[], at(2)).await.unwrap());
        let object = transfer_of(&left.id, left.id.as_str());
        assert!(bench.catalog.requeue(&left, std::slice::from_ref(&object), at(2)).await.unwrap());
        let after = bench.image(&left.id).await;
        let queued = Image { status: Status::Queued, size: None, locations: vec![], updated_at: at(2), ..left.clone() };
        assert_eq!(after, queued);
        assert_eq!(bench.catalog.transfer(&object.id).await.unwrap().unwrap().state, TransferState::Deleting);
        assert!(!bench.catalog.requeue(&after, &[], at(3)).await.unwrap());
    }
    for id in [uploading, importing.id] {
        let held = bench.image(&id).await;
        assert!(!bench.catalog.requeue(&held, &[], at(3)).await.unwrap());
        assert_eq!(bench.status(&id).await, held.status);
    }
    assert_eq!(bench.catalog.stranded_images().await.unwrap(), Vec::<ImageId>::new());
}
