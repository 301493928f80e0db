//! What a process leaves at each step of its work when it dies there, and what comes of it.
#![allow(clippy::unwrap_used)]

use crate::testing::{Bench, Fault, Step, caller};
use casement_image::Status;
use std::time::Duration;

#[tokio::test]
async fn a_process_that_dies_at_any_step_of_an_upload_leaves_the_image_active_or_queued_and_no_residue() {
    for fault in [Fault::Held, Fault::DoneAndHeld] {
        for step in [Step::Stat, Step::Create, Step::Write, Step::Commit] {
            let (mut bench, case) = (Bench::new().await, format!("{step:?} {fault:?}"));
            let id = bench.queued().await;
            bench.world.fault(step, fault);
            let _dies = bench.begin_upload(&id);
            bench.world.reached().await;
            bench.crash(&["fast"]).await;
            if (step, fault) == (Step::Commit, Fault::DoneAndHeld) {
                assert_eq!(bench.status(&id).await, Some(Status::Active), "{case}");
                bench.assert_settled(&[&id], &case).await;
            } else {
                bench.assert_taken_back(&id, &case).await;
            }
        }
    }
}

#[tokio::test]
async fn a_process_that_dies_while_it_deletes_leaves_nothing() {
    for (step, fault) in [(Step::Discard, Fault::Held), (Step::Delete, Fault::Held), (Step::Delete, Fault::DoneAndHeld)]
    {
        let mut bench = Bench::new().await;
        let id = bench.queued().await;
        bench.upload(&id).await.unwrap();
        bench.world.fault(step, fault);
        let (service, image) = (bench.service.clone(), id.clone());
        let _dies = tokio::spawn(async move { service.delete_image(&caller(), &image, None).await });
        bench.world.reached().await;
        bench.crash(&["fast"]).await;
        assert_eq!(bench.status(&id).await, None);
        bench.assert_settled(&[], &format!("{step:?} {fault:?}")).await;
    }
}

#[tokio::test]
async fn a_process_that_lives_settles_what_one_beside_it_left_when_that_died() {
    for (step, fault) in [(Step::Write, Fault::DoneAndHeld), (Step::Commit, Fault::Held)] {
        let mut bench = Bench::new().await;
        let id = bench.queued().await;
        bench.world.fault(step, fault);
        let _dies = bench.begin_upload(&id);
        bench.world.reached().await;
        let other = bench.beside().await;
        bench.crash_beside(other).await;
        bench.assert_taken_back(&id, &format!("{step:?}")).await;
    }
}

#[tokio::test]
async fn what_a_process_that_lives_removes_is_left_to_it_by_an_upload_through_another_one() {
    let bench = Bench::new().await;
    let (id, other) = (bench.queued().await, bench.beside().await);
    bench.world.fault(Step::Commit, Fault::DoneAndRefused);
    bench.world.fault(Step::Delete, Fault::Refused);
    bench.upload_through(&other, &id).await.unwrap_err();
    other.drain().await;
    bench.world.heal();
    let refused = bench.upload(&id).await.unwrap_err();
    assert!(refused.message.contains("elsewhere"), "{refused}");
    assert!(refused.retry_after.is_some(), "{refused:?}");
    other.maintain_once().await.unwrap();
    bench.upload(&id).await.unwrap();
    bench.assert_settled(&[&id], "").await;
}

#[tokio::test]
async fn a_delete_whose_client_went_away_is_carried_on_by_maintenance() {
    let bench = Bench::new().await;
    let id = bench.queued().await;
    bench.upload(&id).await.unwrap();
    bench.world.fault(Step::Delete, Fault::Held);
    tokio::select! {
        _ = bench.delete(&id) => panic!("the store stands still"),
        () = bench.world.reached() => {}
    }
    bench.world.fault(Step::Delete, Fault::Refused);
    bench.service.maintain_once().await.unwrap();
    assert_eq!(bench.transfers().await, 1);
    bench.world.heal();
    bench.service.maintain_once().await.unwrap();
    bench.assert_settled(&[], "").await;
}

#[tokio::test]
async fn an_image_does_not_wait_in_saving_for_a_store_that_was_removed_and_nothing_is_left_when_it_returns() {
    for (step, fault) in
        [(Step::Write, Fault::DoneAndHeld), (Step::Commit, Fault::Held), (Step::Commit, Fault::DoneAndHeld)]
    {
        let (mut bench, case) = (Bench::new().await, format!("{step:?} {fault:?}"));
        let id = bench.queued().await;
        bench.world.fault(step, fault);
        let _dies = bench.begin_upload(&id);
        bench.world.reached().await;
        bench.crash(&["other"]).await;
        assert_eq!(bench.status(&id).await, Some(Status::Queued), "{case}");
        assert_eq!(bench.transfers().await, 1, "{case}");
        bench.crash(&["fast"]).await;
        bench.assert_taken_back(&id, &case).await;
    }
}

#[tokio::test]
async fn what_an_unfinished_upload_left_is_removed_before_the_next_one_begins() {
    let bench = Bench::new().await;
    let id = bench.queued().await;
    bench.world.fault(Step::Commit, Fault::DoneAndRefused);
    bench.world.fault(Step::Delete, Fault::Refused);
    bench.upload(&id).await.unwrap_err();
    bench.service.drain().await;
    bench.upload(&id).await.unwrap_err();
    assert_eq!(bench.status(&id).await, Some(Status::Queued));
    bench.world.heal();
    bench.upload(&id).await.unwrap();
    bench.assert_settled(&[&id], "").await;
}

#[tokio::test]
async fn a_sweep_removes_what_no_transfer_knows_and_no_stage_whose_token_is_not_noted_yet() {
    let bench = Bench::new().await;
    let id = bench.queued().await;
    bench.world.stage("abandoned");
    bench.world.fault(Step::Create, Fault::DoneAndHeld);
    let upload = bench.begin_upload(&id);
    bench.world.reached().await;
    bench.service.sweep_stages(Duration::ZERO).await;
    bench.world.heal();
    upload.await.unwrap().unwrap();
    bench.assert_settled(&[&id], "").await;
}

#[tokio::test]
async fn what_a_failed_upload_left_is_not_removed_once_the_image_has_it_through_another_store_in_the_same_place() {
    let mut bench = Bench::new().await;
    bench.crash(&["fast", "other"]).await;
    let id = bench.queued().await;
    bench.world.fault(Step::Commit, Fault::DoneAndRefused);
    bench.world.fault(Step::Discard, Fault::Refused);
    bench.upload_to("fast", &id).await.unwrap_err();
    bench.service.drain().await;
    bench.world.heal();
    bench.upload_to("other", &id).await.unwrap();
    bench.service.maintain_once().await.unwrap();
    bench.assert_settled(&[&id], "").await;
}

#[tokio::test]
async fn an_image_that_a_glance_left_on_its_way_to_active_is_queued_again() {
    for status in ["saving", "uploading", "importing"] {
        let mut bench = Bench::new().await;
        let id = bench.queued().await;
        bench.sql(&format!("UPDATE images SET status = '{status}', size = 10")).await;
        bench.crash(&["fast"]).await;
        bench.assert_taken_back(&id, status).await;
    }
}

#[tokio::test]
async fn what_an_import_of_a_glance_had_brought_to_some_stores_is_removed_with_its_locations() {
    let mut bench = Bench::new().await;
    let id = bench.queued().await;
    bench.upload(&id).await.unwrap();
    bench.sql("UPDATE images SET status = 'importing'").await;
    bench.crash(&["fast"]).await;
    bench.assert_taken_back(&id, "").await;
}
