//! What a project may have, and what uploads reserve of it.

use crate::*;
use casement_catalog::{Begin, Bounds, Exceeded, Kind, Outcome, Reserved, Residue, Resource, Usage, Wanted};
use casement_image::Location;
use serde_json::Map;

const MIB: u64 = 1 << 20;

fn bytes(limit: u64) -> Bounds {
    Bounds { bytes: Some(limit), ..Bounds::default() }
}

fn outcome(size: u64) -> Outcome {
    Outcome {
        size,
        checksum: None,
        os_hash_algo: None,
        os_hash_value: None,
        virtual_size: None,
        location: Location { url: "file:///images/x".into(), metadata: Map::new() },
    }
}

impl Bench {
    /// Begins the upload `id` of a new image of `p1`.
    async fn begin(&self, id: &str, wanted: Wanted, bounds: &Bounds) -> (Image, Begin) {
        let image = queued();
        self.catalog.create_image(&image).await.unwrap();
        let begun = self.catalog.begin_upload_within(&transfer_of(&image.id, id), wanted, bounds, at(1)).await.unwrap();
        (image, begun)
    }

    async fn finish(&self, id: &str, size: u64) {
        assert!(self.catalog.begin_commit(id, "n1", &outcome(size)).await.unwrap());
        assert!(self.catalog.finish_upload(id, at(2)).await.unwrap());
    }

    async fn grow(&self, id: &str, to: u64, bounds: &Bounds) -> Reserved {
        self.catalog.reserve(id, Wanted::AtLeast(to), bounds).await.unwrap()
    }
}

fn over(limit: u64, usage: u64, delta: u64) -> Exceeded {
    Exceeded { resource: Resource::Bytes, limit, usage, delta }
}

#[tokio::test]
async fn what_an_upload_reserved_counts_until_its_image_does() {
    let bench = Bench::new().await;
    let bounds = bytes(10);
    assert_eq!(bench.begin("t1", Wanted::Whole(6), &bounds).await.1, Begin::Started);
    assert_eq!(bench.begin("t2", Wanted::Whole(5), &bounds).await.1, Begin::OverLimit(over(10, 6, 5)));
    bench.finish("t1", 6).await;
    assert_eq!(bench.begin("t3", Wanted::Whole(5), &bounds).await.1, Begin::OverLimit(over(10, 6, 5)));
    // To the byte.
    assert_eq!(bench.begin("t4", Wanted::Whole(4), &bounds).await.1, Begin::Started);
    assert_eq!(bench.begin("t5", Wanted::Whole(0), &bounds).await.1, Begin::Started);
    assert_eq!(bench.begin("t6", Wanted::AtLeast(1), &bounds).await.1, Begin::OverLimit(over(10, 10, 1)));
}

#[tokio::test]
async fn a_refused_upload_leaves_the_image_queued_and_reserves_nothing() {
    let bench = Bench::new().await;
    let (image, begun) = bench.begin("t1", Wanted::Whole(11), &bytes(10)).await;
    assert_eq!(begun, Begin::OverLimit(over(10, 0, 11)));
    assert_eq!(bench.image(&image.id).await, image);
    assert_eq!(bench.catalog.transfer("t1").await.unwrap(), None);
}

#[tokio::test]
async fn whatever_ends_an_upload_gives_its_room_back() {
    for residue in [Residue::None, Residue::Stage, Residue::Object] {
        let bench = Bench::new().await;
        bench.begin("t1", Wanted::Whole(10), &bytes(10)).await;
        assert!(bench.catalog.release_upload("t1", residue, at(2)).await.unwrap());
        assert_eq!(bench.begin("t2", Wanted::Whole(10), &bytes(10)).await.1, Begin::Started, "{residue:?}");
    }
}

#[tokio::test]
async fn an_image_that_is_deleted_in_mid_upload_counts_until_the_upload_ends() {
    let bench = Bench::new().await;
    let (image, _) = bench.begin("t1", Wanted::Whole(10), &bytes(10)).await;
    let image = bench.image(&image.id).await;
    assert!(bench.catalog.delete_image(&image, &[], at(2)).await.unwrap());
    assert_eq!(bench.begin("t2", Wanted::Whole(1), &bytes(10)).await.1, Begin::OverLimit(over(10, 10, 1)));
    assert_eq!(bench.grow("t1", 10, &bytes(10)).await, Reserved::Gone);
    bench.catalog.release_upload("t1", Residue::None, at(3)).await.unwrap();
    assert_eq!(bench.begin("t3", Wanted::Whole(1), &bytes(10)).await.1, Begin::Started);
}

#[tokio::test]
async fn an_upload_of_unknown_size_reserves_in_steps_and_the_last_byte_is_free_to_take() {
    let bench = Bench::new().await;
    let bounds = bytes(10 << 30);
    bench.begin("t1", Wanted::AtLeast(1), &bounds).await;
    let mut steps = 0;
    let mut covered = 0;
    while covered < 10 << 30 {
        let Reserved::Until(until) = bench.grow("t1", (covered + MIB).min(10 << 30), &bounds).await else {
            panic!("refused after {covered} bytes")
        };
        assert!(until > covered && until <= 10 << 30, "{until} after {covered}");
        covered = until;
        steps += 1;
    }
    // 10,240 chunks of 1 MiB.
    assert!(steps < 300, "{steps} steps");
    assert_eq!(bench.grow("t1", covered + 1, &bounds).await, Reserved::Exceeded(over(10 << 30, 0, covered + 1)));
}

#[tokio::test]
async fn what_was_reserved_ahead_is_free_again_once_the_size_is_known() {
    let bench = Bench::new().await;
    let bounds = bytes(1600);
    bench.begin("t1", Wanted::AtLeast(1), &bounds).await;
    assert!(matches!(bench.grow("t1", 100, &bounds).await, Reserved::Until(193)));
    assert_eq!(bench.begin("t2", Wanted::Whole(1500), &bounds).await.1, Begin::OverLimit(over(1600, 193, 1500)));
    assert!(bench.catalog.begin_commit("t1", "n1", &outcome(100)).await.unwrap());
    assert_eq!(bench.begin("t3", Wanted::Whole(1500), &bounds).await.1, Begin::Started);
}

#[tokio::test]
async fn an_image_counts_once_for_each_of_its_locations_and_no_other_project_is_asked() {
    let bench = Bench::new().await;
    let (image, _) = bench.begin("t1", Wanted::Whole(10), &Bounds::default()).await;
    bench.finish("t1", 10).await;
    sqlx::query(
        "INSERT INTO image_locations (image_id, value, meta_data, status, created_at, deleted) \
         SELECT image_id, 'file:///second', '{}', 'active', created_at, 0 FROM image_locations",
    )
    .execute(&mut bench.raw().await)
    .await
    .unwrap();
    let other = Image { owner: Some("p2".into()), ..queued() };
    bench.catalog.create_image(&other).await.unwrap();
    bench.begin("t2", Wanted::Whole(3), &Bounds::default()).await;
    let usage = bench.catalog.usage("p1").await.unwrap();
    assert_eq!(usage, Usage { bytes: 20, staged: 0, images: 2, uploading: 1 });
    let usage = bench.catalog.usage("p2").await.unwrap();
    assert_eq!(usage, Usage { images: 1, ..Usage::default() });
    let active = bench.image(&image.id).await;
    assert!(bench.catalog.delete_image(&active, &[], at(3)).await.unwrap());
    assert_eq!(bench.catalog.usage("p1").await.unwrap().bytes, 0);
}

#[tokio::test]
async fn images_and_uploads_are_counted_in_the_transaction_that_adds_one() {
    let bench = Bench::new().await;
    let bounds = Bounds { images: Some(2), uploading: Some(1), ..Bounds::default() };
    for _ in 0..2 {
        bench.catalog.create_image_within(&queued(), &bounds).await.unwrap();
    }
    let refused = bench.catalog.create_image_within(&queued(), &bounds).await.unwrap_err();
    let exceeded = Exceeded { resource: Resource::Images, limit: 2, usage: 2, delta: 1 };
    assert_eq!(refused.kind, Kind::OverLimit(exceeded));
    let free = Image { owner: None, ..queued() };
    bench.catalog.create_image_within(&free, &bounds).await.unwrap();

    assert_eq!(bench.begin("t1", Wanted::Whole(1), &bounds).await.1, Begin::Started);
    let exceeded = Exceeded { resource: Resource::Uploading, limit: 1, usage: 2, delta: 0 };
    assert_eq!(bench.begin("t2", Wanted::Whole(1), &bounds).await.1, Begin::OverLimit(exceeded));
    bench.finish("t1", 1).await;
    assert_eq!(bench.begin("t3", Wanted::Whole(1), &bounds).await.1, Begin::Started);
}

#[tokio::test]
async fn a_lone_upload_of_unknown_size_may_pass_a_bound_that_allows_for_it() {
    let bench = Bench::new().await;
    let bounds = Bounds { lone_overrun: true, ..bytes(10) };
    bench.begin("t1", Wanted::Whole(10), &bounds).await;
    bench.finish("t1", 10).await;
    assert_eq!(bench.begin("t2", Wanted::AtLeast(1), &bounds).await.1, Begin::Started);
    assert!(matches!(bench.grow("t2", 500, &bounds).await, Reserved::Until(_)));
    // Not two at a time, not with a size that is known, and not above the bound.
    assert!(matches!(bench.begin("t3", Wanted::AtLeast(1), &bounds).await.1, Begin::OverLimit(_)));
    bench.finish("t2", 500).await;
    assert_eq!(bench.begin("t4", Wanted::AtLeast(1), &bounds).await.1, Begin::OverLimit(over(10, 510, 1)));
    let wider = Bounds { lone_overrun: true, ..bytes(510) };
    assert_eq!(bench.begin("t5", Wanted::Whole(1), &wider).await.1, Begin::OverLimit(over(510, 510, 1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_uploads_at_once_only_as_many_begin_as_there_is_room_for() {
    let bench = Bench::new().await;
    let mut tasks = Vec::new();
    for n in 0..20 {
        let image = queued();
        bench.catalog.create_image(&image).await.unwrap();
        let (catalog, new) = (bench.catalog.clone(), transfer_of(&image.id, &format!("t{n}")));
        tasks.push(tokio::spawn(async move {
            catalog.begin_upload_within(&new, Wanted::Whole(3), &bytes(10), at(1)).await.unwrap()
        }));
    }
    let mut started = 0;
    for task in tasks {
        started += u32::from(task.await.unwrap() == Begin::Started);
    }
    assert_eq!(started, 3);
}
