//! Where data lies, changed by clients.

use crate::{Bench, at, queued, transfer_of};
use casement_catalog::{
    Begin, Bounds, Exceeded, Findings, ImportEnd, Kind, NewTransfer, Placed, Resource, TransferState,
};
use casement_image::{Image, Location, Status, Task, TaskStatus, task::LOCATION_IMPORT};
use serde_json::{Value, json};

pub(crate) fn place(url: &str, store: &str) -> Location {
    Location { url: url.into(), metadata: json!({"store": store}).as_object().unwrap().clone() }
}

async fn located(bench: &Bench, urls: &[&str]) -> Image {
    let locations = urls.iter().map(|url| place(url, "fast")).collect();
    let image = Image { status: Status::Active, size: Some(10), locations, ..queued() };
    bench.catalog.create_image(&image).await.unwrap();
    image
}

#[tokio::test]
async fn locations_come_in_the_order_they_were_given_and_untouched_rows_stay() {
    let bench = Bench::new().await;
    let mut before = located(&bench, &["a", "b", "c"]).await;
    for (round, urls) in [vec!["a", "d", "c"], vec!["c", "a"], vec!["c", "a", "e"], vec![]].into_iter().enumerate() {
        let locations: Vec<Location> = urls.iter().map(|url| place(url, "fast")).collect();
        let mut after = Image { locations, ..before.clone() };
        after.updated_at = bench.catalog.update_image(&before, &after, at(round as i64)).await.unwrap();
        assert_eq!(bench.image(&before.id).await, after);
        before = after;
    }
    let rows: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM image_locations").fetch_one(&mut bench.raw().await).await.unwrap();
    assert_eq!(rows, 8, "a, b, c; d, c; c, a; e");
}

#[tokio::test]
async fn what_an_image_drops_is_to_be_deleted_and_blocks_new_locations_in_that_store_until_it_is() {
    let bench = Bench::new().await;
    let before = located(&bench, &["a", "b"]).await;
    let after = Image { locations: vec![place("a", "fast")], ..before.clone() };
    let object = [NewTransfer { key: "b".into(), ..transfer_of(&before.id, "t1") }];
    let unbounded = Bounds::default();
    bench.catalog.relocate_image(&before, &after, &object, &unbounded, at(1)).await.unwrap();
    let changed = bench.catalog.relocate_image(&before, &after, &object, &unbounded, at(2)).await.unwrap_err();
    assert_eq!(changed.kind, Kind::Changed);
    let before = bench.image(&before.id).await;
    let again = Image { locations: vec![place("a", "fast"), place("c", "fast")], ..before.clone() };
    let busy = bench.catalog.update_image(&before, &again, at(3)).await.unwrap_err();
    assert_eq!(busy.kind, Kind::Busy);
    let elsewhere = Image { locations: vec![place("a", "fast"), place("c", "web")], ..before.clone() };
    bench.catalog.update_image(&before, &elsewhere, at(4)).await.unwrap();
    assert_eq!(bench.catalog.transfer("t1").await.unwrap().unwrap().state, TransferState::Deleting);
}

#[tokio::test]
async fn the_name_of_a_store_is_noted_and_takes_back_nothing_that_was_said_of_the_location_meanwhile() {
    let bench = Bench::new().await;
    let read = located(&bench, &["a", "b"]).await;
    let [unnamed, changed] = [0, 1].map(|at| read.locations[at].clone());
    let [mut said, mut named] = [changed.clone(), changed.clone()];
    said.metadata.insert("n".into(), "1".into());
    named.metadata.insert("store".into(), "slow".into());
    let after = Image { locations: vec![unnamed.clone(), said.clone()], ..read.clone() };
    bench.catalog.update_image(&read, &after, at(1)).await.unwrap();
    bench.catalog.name_store(&read.id, &changed, &named, at(2)).await.unwrap();
    bench.catalog.name_store(&read.id, &unnamed, &place("a", "slow"), at(2)).await.unwrap();
    assert_eq!(bench.image(&read.id).await.locations, [place("a", "slow"), said]);
}

#[tokio::test]
async fn locations_count_against_what_the_owner_may_store() {
    let bench = Bench::new().await;
    let before = located(&bench, &["a"]).await;
    let bounds = Bounds { bytes: Some(20), ..Bounds::default() };
    let with =
        |urls: &[&str]| Image { locations: urls.iter().map(|url| place(url, "fast")).collect(), ..before.clone() };
    let over = bench.catalog.relocate_image(&before, &with(&["a", "b", "c"]), &[], &bounds, at(1)).await.unwrap_err();
    let exceeded = Exceeded { resource: Resource::Bytes, limit: 20, usage: 10, delta: 20 };
    assert_eq!(over.kind, Kind::OverLimit(exceeded));
    bench.catalog.relocate_image(&before, &with(&["a", "b"]), &[], &bounds, at(2)).await.unwrap();
}

pub(crate) fn task(image: &Image) -> Task {
    Task {
        id: "11111111-0000-4000-8000-000000000001".into(),
        kind: LOCATION_IMPORT.into(),
        status: TaskStatus::Processing,
        owner: "p1".into(),
        expires_at: None,
        image_id: Some(image.id.as_str().into()),
        request_id: None,
        user_id: None,
        created_at: at(0),
        updated_at: at(0),
        input: json!({"loc_url": "a"}),
        result: Value::Null,
        message: None,
    }
}

fn placed(active: bool) -> Placed {
    Placed { location: place("a", "fast"), size: 10, os_hash_algo: Some("md5".into()), os_hash_value: None, active }
}

/// An image that is importing, and its import.
async fn importing(bench: &Bench) -> (Image, String) {
    let image = queued();
    bench.catalog.create_image(&image).await.unwrap();
    let task = task(&image);
    let new = transfer_of(&image.id, &task.id);
    assert_eq!(bench.catalog.begin_location_import(&new, &task, at(1)).await.unwrap(), Begin::Started);
    (image, task.id)
}

#[tokio::test]
async fn an_import_is_begun_once_by_its_node_and_ended_with_what_was_found() {
    let bench = Bench::new().await;
    let (image, import) = importing(&bench).await;
    let again = bench.catalog.begin_location_import(&transfer_of(&image.id, "t2"), &task(&image), at(2)).await.unwrap();
    assert_eq!(again, Begin::WrongStatus(Status::Importing));
    let unbounded = Bounds::default();
    assert!(!bench.catalog.place_location(&import, "n2", &placed(false), &unbounded, at(2)).await.unwrap());
    assert!(bench.catalog.place_location(&import, "n1", &placed(false), &unbounded, at(2)).await.unwrap());
    assert_eq!(bench.status(&image.id).await, Status::Importing);
    let found = Findings { checksum: Some("c".into()), os_hash_value: "v".into(), virtual_size: Some(7) };
    let done = ImportEnd::Done(Some(&found));
    assert!(!bench.catalog.end_location_import(&import, "n2", &done, at(3)).await.unwrap());
    assert!(bench.catalog.end_location_import(&import, "n1", &done, at(3)).await.unwrap());
    assert!(!bench.catalog.end_location_import(&import, "n1", &done, at(3)).await.unwrap());
    let image = bench.image(&image.id).await;
    assert_eq!((image.status, image.size, image.virtual_size), (Status::Active, Some(10), Some(7)));
    assert_eq!((image.checksum.as_deref(), image.os_hash_value.as_deref()), (Some("c"), Some("v")));
    let task = bench.catalog.find_task(&import).await.unwrap().unwrap();
    assert_eq!((task.status, task.expires_at), (TaskStatus::Success, Some(at(3 + 48 * 3600))));
    assert_eq!(bench.catalog.transfer(&import).await.unwrap(), None);
}

#[tokio::test]
async fn an_import_that_failed_leaves_a_queued_image_and_its_location_only_where_it_must_stay() {
    for keep_location in [true, false] {
        let bench = Bench::new().await;
        let (image, import) = importing(&bench).await;
        bench.catalog.place_location(&import, "n1", &placed(false), &Bounds::default(), at(2)).await.unwrap();
        let end = ImportEnd::Failed { message: "no", harmful: false, keep_location, object: None };
        bench.catalog.end_location_import(&import, "n1", &end, at(3)).await.unwrap();
        let failed = bench.image(&image.id).await;
        assert_eq!((failed.status, failed.size, failed.os_hash_algo), (Status::Queued, None, None));
        assert_eq!(failed.locations.len(), usize::from(keep_location));
        // It goes with whatever comes next.
        assert_eq!(bench.catalog.begin_upload(&transfer_of(&image.id, "t9"), at(4)).await.unwrap(), Begin::Started);
        assert_eq!(bench.image(&image.id).await.locations, []);
    }
}

#[tokio::test]
async fn an_import_whose_image_is_gone_ends_with_its_task() {
    let bench = Bench::new().await;
    let (image, import) = importing(&bench).await;
    let before = bench.image(&image.id).await;
    bench.catalog.delete_image(&before, &[], at(2)).await.unwrap();
    assert!(!bench.catalog.place_location(&import, "n1", &placed(true), &Bounds::default(), at(3)).await.unwrap());
    assert!(bench.catalog.end_location_import(&import, "n1", &ImportEnd::Done(None), at(3)).await.unwrap());
    let task = bench.catalog.find_task(&import).await.unwrap().unwrap();
    assert_eq!((task.status, task.message.as_deref()), (TaskStatus::Failure, Some("The image was deleted.")));
}
