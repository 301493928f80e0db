//! Uploads whose store or catalog fails at each of their steps.
#![allow(clippy::unwrap_used)]

use crate::{
    Kind,
    testing::{Bench, DATA, Fault, Step},
};
use bytes::Bytes;
use casement_image::Status;
use casement_stores::config::Limits;
use futures_util::{StreamExt, stream};

const STEPS: [Step; 4] = [Step::Stat, Step::Create, Step::Write, Step::Commit];

#[tokio::test]
async fn a_step_that_fails_or_only_seems_to_takes_the_upload_back() {
    for fault in [Fault::Refused, Fault::DoneAndRefused] {
        for step in STEPS {
            let (bench, case) = (Bench::new().await, format!("{step:?} {fault:?}"));
            let id = bench.queued().await;
            bench.world.fault(step, fault);
            bench.upload(&id).await.unwrap_err();
            bench.world.heal();
            bench.service.drain().await;
            bench.assert_taken_back(&id, &case).await;
        }
    }
}

#[tokio::test]
async fn a_catalog_that_refuses_any_change_on_the_way_leaves_nothing_once_it_takes_changes_again() {
    for change in [
        "UPDATE OF token ON casement_transfers",
        "UPDATE OF state ON casement_transfers",
        "UPDATE OF status ON images WHEN NEW.status = 'active'",
        "DELETE ON casement_transfers",
        // The upload can't even be taken back.
        "UPDATE OF token ON casement_transfers BEGIN SELECT RAISE(ABORT, 'full'); END; \
         CREATE TRIGGER worse BEFORE UPDATE OF status ON images WHEN NEW.status = 'queued'",
    ] {
        let bench = Bench::new().await;
        let id = bench.queued().await;
        bench.sql(&format!("CREATE TRIGGER full BEFORE {change} BEGIN SELECT RAISE(ABORT, 'full'); END")).await;
        bench.upload(&id).await.unwrap_err();
        bench.service.drain().await;
        bench.sql("DROP TRIGGER full; DROP TRIGGER IF EXISTS worse").await;
        bench.service.maintain_once().await.unwrap();
        match bench.status(&id).await {
            Some(Status::Active) => bench.assert_settled(&[&id], change).await,
            _ => bench.assert_taken_back(&id, change).await,
        }
    }
}

#[tokio::test]
async fn an_image_that_is_deleted_during_its_upload_leaves_nothing() {
    for fault in [Fault::Held, Fault::DoneAndHeld] {
        for step in STEPS {
            let (bench, case) = (Bench::new().await, format!("{step:?} {fault:?}"));
            let id = bench.queued().await;
            bench.world.fault(step, fault);
            let upload = bench.begin_upload(&id);
            bench.world.reached().await;
            bench.delete(&id).await.unwrap();
            bench.world.heal();
            assert_eq!(upload.await.unwrap().unwrap_err().kind, Kind::Gone, "{case}");
            bench.service.drain().await;
            assert_eq!(bench.status(&id).await, None, "{case}");
            bench.assert_settled(&[], &case).await;
        }
    }
}

#[tokio::test]
async fn a_commit_that_is_given_up_and_happens_all_the_same_publishes_nothing() {
    for fault in [Fault::Held, Fault::DoneAndHeld] {
        let (bench, case) = (Bench::new().await, format!("{fault:?}"));
        let id = bench.queued().await;
        bench.world.fault(Step::Commit, fault);
        let upload = bench.begin_upload(&id);
        bench.world.reached().await;
        tokio::time::pause();
        tokio::time::advance(Limits::default().commit).await;
        tokio::time::resume();
        assert_eq!(upload.await.unwrap().unwrap_err().kind, Kind::Unavailable, "{case}");
        bench.service.drain().await;
        bench.world.heal();
        bench.assert_taken_back(&id, &case).await;
    }
}

#[tokio::test]
async fn maintenance_leaves_an_upload_alone_however_long_it_takes() {
    let bench = Bench::new().await;
    let id = bench.queued().await;
    let upload = {
        // Between two chunks, maintenance comes by; the lease has run out long since.
        let service = bench.service.clone();
        let maintained = stream::once(async move {
            service.maintain_once().await.unwrap();
            Ok(Bytes::from(&DATA[4..]))
        });
        bench.upload_body(&id, Box::pin(stream::iter([Ok(Bytes::from(&DATA[..4]))]).chain(maintained)))
    };
    upload.await.unwrap();
    bench.assert_settled(&[&id], "").await;
}

#[tokio::test]
async fn data_that_no_image_owns_does_not_block_an_upload() {
    let bench = Bench::new().await;
    let id = bench.queued().await;
    bench.world.put(&id, "left behind");
    bench.upload(&id).await.unwrap();
    bench.assert_settled(&[&id], "").await;
}

#[tokio::test]
async fn a_body_that_panics_takes_the_upload_back() {
    let bench = Bench::new().await;
    let id = bench.queued().await;
    let body = stream::once(async { panic!("on purpose") });
    assert_eq!(bench.upload_body(&id, Box::pin(body)).await.unwrap_err().kind, Kind::Internal);
    bench.service.drain().await;
    bench.assert_taken_back(&id, "").await;
}

#[tokio::test]
async fn data_is_held_against_the_format_that_the_image_has_when_it_is_saved() {
    let bench = Bench::new().await;
    let id = bench.queued().await;
    // A change of the format that comes between the upload's first look at the image and its move to `saving`.
    bench
        .sql(
            "CREATE TRIGGER patched AFTER UPDATE OF status ON images WHEN NEW.status = 'saving' \
             BEGIN UPDATE images SET disk_format = 'qcow2', container_format = 'bare' WHERE id = NEW.id; END",
        )
        .await;
    assert_eq!(bench.upload(&id).await.unwrap_err().kind, Kind::UnsupportedMedia);
    bench.service.drain().await;
    assert_eq!(bench.status(&id).await, Some(Status::Queued));
    bench.assert_settled(&[], "format changed").await;
}
