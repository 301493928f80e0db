//! The way of an upload through the database.

use crate::*;
use casement_catalog::{Begin, Kind, Outcome, Residue, TransferState};
use casement_image::Location;
use serde_json::json;

fn outcome() -> Outcome {
    Outcome {
        size: 5,
        checksum: Some("5d41402abc4b2a76b9719d911017c592".into()),
        os_hash_algo: Some("sha512".into()),
        os_hash_value: Some("cd".repeat(64)),
        virtual_size: Some(1 << 40),
        location: Location {
            url: "file:///images/x".into(),
            metadata: json!({"store": "fast"}).as_object().unwrap().clone(),
        },
    }
}

/// An image whose upload `t1` is staged.
async fn staged(bench: &Bench) -> Image {
    let image = queued();
    bench.catalog.create_image(&image).await.unwrap();
    let begun = bench.catalog.begin_upload(&transfer_of(&image.id, "t1"), at(1)).await.unwrap();
    assert_eq!(begun, Begin::Started);
    assert!(bench.catalog.set_token("t1", "stage-7").await.unwrap());
    bench.image(&image.id).await
}

async fn committing(bench: &Bench) -> Image {
    let image = staged(bench).await;
    assert!(bench.catalog.begin_commit("t1", "n1", &outcome()).await.unwrap());
    image
}

#[tokio::test]
async fn an_upload_makes_the_image_active_with_all_that_is_known_of_its_data() {
    let bench = Bench::new().await;
    let image = staged(&bench).await;
    assert_eq!((image.status, image.updated_at), (Status::Saving, at(1)));
    let transfer = bench.catalog.transfer("t1").await.unwrap().unwrap();
    assert_eq!((transfer.state, transfer.token.as_str(), transfer.outcome), (TransferState::Staged, "stage-7", None));
    assert_eq!((transfer.node.as_str(), transfer.lease_until), ("n1", at(60)));

    assert!(bench.catalog.begin_commit("t1", "n1", &outcome()).await.unwrap());
    let transfer = bench.catalog.transfer("t1").await.unwrap().unwrap();
    assert_eq!((transfer.state, transfer.outcome), (TransferState::Committing, Some(outcome())));
    assert_eq!(bench.image(&image.id).await, image);

    assert!(bench.catalog.finish_upload("t1", at(2)).await.unwrap());
    let Outcome { size, checksum, os_hash_algo, os_hash_value, virtual_size, location } = outcome();
    let expected = Image {
        status: Status::Active,
        size: Some(size),
        checksum,
        os_hash_algo,
        os_hash_value,
        virtual_size,
        locations: vec![location],
        updated_at: at(2),
        ..image.clone()
    };
    assert_eq!(bench.image(&image.id).await, expected);
    assert_eq!(bench.catalog.transfer("t1").await.unwrap(), None);
}

#[tokio::test]
async fn an_outcome_of_which_little_is_known_is_kept_as_it_is() {
    let bench = Bench::new().await;
    staged(&bench).await;
    let little =
        Outcome { checksum: None, os_hash_algo: None, os_hash_value: None, virtual_size: None, size: 0, ..outcome() };
    assert!(bench.catalog.begin_commit("t1", "n1", &little).await.unwrap());
    assert_eq!(bench.catalog.transfer("t1").await.unwrap().unwrap().outcome, Some(little));
}

#[tokio::test]
async fn an_upload_begins_only_on_a_queued_image() {
    let bench = Bench::new().await;
    let image = staged(&bench).await;
    let second = bench.catalog.begin_upload(&transfer_of(&image.id, "t2"), at(2)).await.unwrap();
    assert_eq!(second, Begin::WrongStatus(Status::Saving));
    let nobody = bench.catalog.begin_upload(&transfer_of(&ImageId::random(), "t3"), at(2)).await.unwrap();
    assert_eq!(nobody, Begin::Gone);
    for id in ["t2", "t3"] {
        assert_eq!(bench.catalog.transfer(id).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_uploads_at_once_exactly_one_begins() {
    let bench = Bench::new().await;
    let image = queued();
    bench.catalog.create_image(&image).await.unwrap();
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let (catalog, new) = (bench.catalog.clone(), transfer_of(&image.id, &format!("t{n}")));
            tokio::spawn(async move { catalog.begin_upload(&new, at(1)).await.unwrap() })
        })
        .collect();
    let mut started = 0;
    for task in tasks {
        match task.await.unwrap() {
            Begin::Started => started += 1,
            other => assert_eq!(other, Begin::WrongStatus(Status::Saving)),
        }
    }
    assert_eq!(started, 1);
}

#[tokio::test]
async fn an_upload_waits_for_the_deletion_of_an_older_object_in_the_same_store_only() {
    let bench = Bench::new().await;
    let image = committing(&bench).await;
    assert!(bench.catalog.release_upload("t1", Residue::Object, at(2)).await.unwrap());
    let before = bench.image(&image.id).await;

    let Begin::Outstanding(rows) = bench.catalog.begin_upload(&transfer_of(&image.id, "t2"), at(3)).await.unwrap()
    else {
        panic!("the old object would be deleted under the new one")
    };
    assert_eq!(rows, [bench.catalog.transfer("t1").await.unwrap().unwrap()]);
    assert_eq!(bench.image(&image.id).await, before);
    assert_eq!(bench.catalog.transfer("t2").await.unwrap(), None);

    let elsewhere = NewTransfer { store: "cheap".into(), ..transfer_of(&image.id, "t3") };
    assert_eq!(bench.catalog.begin_upload(&elsewhere, at(4)).await.unwrap(), Begin::Started);
    assert!(bench.catalog.release_upload("t3", Residue::None, at(5)).await.unwrap());
    bench.catalog.end_transfer("t1").await.unwrap();
    assert_eq!(bench.catalog.begin_upload(&transfer_of(&image.id, "t2"), at(6)).await.unwrap(), Begin::Started);
}

#[tokio::test]
async fn a_released_upload_leaves_a_queued_image_and_a_row_for_its_residue() {
    for (residue, state) in [
        (Residue::None, None),
        (Residue::Stage, Some(TransferState::Discarding)),
        (Residue::Object, Some(TransferState::Deleting)),
    ] {
        let bench = Bench::new().await;
        let image = committing(&bench).await;
        assert!(bench.catalog.release_upload("t1", residue, at(2)).await.unwrap());
        assert_eq!(bench.image(&image.id).await, Image { status: Status::Queued, updated_at: at(2), ..image });
        assert_eq!(bench.catalog.transfer("t1").await.unwrap().map(|found| found.state), state, "{residue:?}");
    }
}

#[tokio::test]
async fn a_release_after_the_release_does_not_end_a_later_upload() {
    let bench = Bench::new().await;
    let image = staged(&bench).await;
    assert!(bench.catalog.release_upload("t1", Residue::Stage, at(2)).await.unwrap());
    assert_eq!(bench.catalog.begin_upload(&transfer_of(&image.id, "t2"), at(3)).await.unwrap(), Begin::Started);
    assert!(!bench.catalog.release_upload("t1", Residue::None, at(4)).await.unwrap());
    assert!(!bench.catalog.release_upload("t1", Residue::None, at(4)).await.unwrap());
    assert_eq!(bench.status(&image.id).await, Status::Saving);
}

#[tokio::test]
async fn an_upload_of_an_image_that_was_deleted_meanwhile_ends_with_an_object_to_delete() {
    let bench = Bench::new().await;
    let image = committing(&bench).await;
    assert!(bench.catalog.delete_image(&image, &[], at(2)).await.unwrap());
    let still = bench.catalog.transfer("t1").await.unwrap().unwrap();
    assert_eq!(still.state, TransferState::Committing);

    assert!(!bench.catalog.finish_upload("t1", at(3)).await.unwrap());
    let left = bench.catalog.transfer("t1").await.unwrap().unwrap();
    assert_eq!((left.state, left.key.as_str()), (TransferState::Deleting, image.id.as_str()));
    assert_eq!(bench.catalog.find_image(&image.id, None).await.unwrap(), None);
    let locations: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM image_locations").fetch_one(&mut bench.raw().await).await.unwrap();
    assert_eq!(locations, 0);
}

#[tokio::test]
async fn a_release_after_the_image_was_deleted_keeps_the_residue() {
    let bench = Bench::new().await;
    let image = staged(&bench).await;
    assert!(bench.catalog.delete_image(&image, &[], at(2)).await.unwrap());
    assert!(!bench.catalog.release_upload("t1", Residue::Stage, at(3)).await.unwrap());
    assert_eq!(bench.catalog.transfer("t1").await.unwrap().unwrap().state, TransferState::Discarding);
}

#[tokio::test]
async fn an_upload_that_another_node_adopted_is_not_published_any_more() {
    let bench = Bench::new().await;
    staged(&bench).await;
    let transfer = bench.catalog.transfer("t1").await.unwrap().unwrap();
    assert!(bench.catalog.adopt(&transfer, "n2", at(200)).await.unwrap());
    assert!(!bench.catalog.begin_commit("t1", "n1", &outcome()).await.unwrap());
    assert_eq!(bench.catalog.transfer("t1").await.unwrap().unwrap().state, TransferState::Staged);
}

#[tokio::test]
async fn a_transfer_that_is_gone_or_at_another_point_is_not_moved_on() {
    let bench = Bench::new().await;
    assert!(!bench.catalog.set_token("t1", "x").await.unwrap());
    assert!(!bench.catalog.begin_commit("t1", "n1", &outcome()).await.unwrap());
    assert_eq!(bench.catalog.finish_upload("t1", at(1)).await.unwrap_err().kind, Kind::Changed);

    let image = staged(&bench).await;
    assert_eq!(bench.catalog.finish_upload("t1", at(2)).await.unwrap_err().kind, Kind::Changed);
    assert!(bench.catalog.release_upload("t1", Residue::Stage, at(3)).await.unwrap());
    assert!(!bench.catalog.begin_commit("t1", "n1", &outcome()).await.unwrap());
    assert_eq!(bench.status(&image.id).await, Status::Queued);
}
