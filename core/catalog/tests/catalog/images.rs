//! Images: made, looked up, changed, deleted, by many at once.

use crate::*;
use casement_catalog::{Kind, TransferState};
use casement_image::Location;
use serde_json::json;
use sqlx::Row;

fn full() -> Image {
    let metadata = |store: &str| json!({"store": store, "weight": 3}).as_object().unwrap().clone();
    Image {
        name: Some("Ünïcode 😀 ' \" %".into()),
        status: Status::Active,
        visibility: Visibility::Community,
        protected: true,
        os_hidden: true,
        checksum: Some("d41d8cd98f00b204e9800998ecf8427e".into()),
        os_hash_algo: Some("sha512".into()),
        os_hash_value: Some("ab".repeat(64)),
        size: Some(i64::MAX as u64),
        virtual_size: Some(0),
        min_ram: u32::MAX,
        min_disk: 7,
        updated_at: at(5) + Duration::MICROSECOND,
        tags: ["a", "b", "ß"].map(String::from).into(),
        properties: [("os_distro", "debian"), ("empty", ""), ("", "no name")].map(|(k, v)| (k.into(), v.into())).into(),
        locations: vec![
            Location { url: "file:///images/z".into(), metadata: metadata("fast") },
            Location { url: "file:///images/a".into(), metadata: metadata("cheap") },
        ],
        ..queued()
    }
}

#[tokio::test]
async fn an_image_is_read_as_it_was_written() {
    let bench = Bench::new().await;
    for image in [full(), queued(), Image { owner: None, disk_format: None, container_format: None, ..queued() }] {
        bench.catalog.create_image(&image).await.unwrap();
        assert_eq!(bench.image(&image.id).await, image);
    }
    assert_eq!(bench.catalog.find_image(&ImageId::random(), None).await.unwrap(), None);
}

#[tokio::test]
async fn names_values_and_tags_of_any_characters_come_back_as_they_are() {
    let bench = Bench::new().await;
    let odd = ["", "a\0b", "a\0c", "\"\\/\n\u{1}\u{7f}", "[1, null]", "12", "\u{2028}\u{1f600}"].map(str::to_owned);
    let properties = odd.iter().map(|text| (text.clone(), text.clone())).collect();
    let tags = odd.iter().cloned().collect();
    let image = Image { properties, tags, ..queued() };
    bench.catalog.create_image(&image).await.unwrap();
    let found = bench.image(&image.id).await;
    assert_eq!((found.properties, found.tags), (image.properties, image.tags));
}

#[tokio::test]
async fn a_size_that_no_database_holds_is_refused_and_nothing_is_written() {
    let bench = Bench::new().await;
    let image = Image { size: Some(u64::MAX), ..queued() };
    bench.catalog.create_image(&image).await.unwrap_err();
    assert_eq!(bench.catalog.find_image(&image.id, None).await.unwrap(), None);
}

#[tokio::test]
async fn an_id_is_given_once_even_after_the_image_is_deleted() {
    let bench = Bench::new().await;
    let image = full();
    bench.catalog.create_image(&image).await.unwrap();
    assert_eq!(bench.catalog.create_image(&image).await.unwrap_err().kind, Kind::Exists);
    assert!(bench.catalog.delete_image(&image, &[], at(9)).await.unwrap());
    assert_eq!(bench.catalog.create_image(&image).await.unwrap_err().kind, Kind::Exists);
}

#[tokio::test]
async fn an_id_that_differs_in_case_only_is_taken() {
    let bench = Bench::new().await;
    let id = ImageId::parse("ABCDEFAB-cdef-4abc-8def-abcdefabcdef").unwrap();
    bench.catalog.create_image(&Image { id: id.clone(), ..queued() }).await.unwrap();
    let lower = ImageId::parse(&id.as_str().to_lowercase()).unwrap();
    let refused = bench.catalog.create_image(&Image { id: lower, ..queued() }).await;
    assert_eq!(refused.unwrap_err().kind, Kind::Exists);
}

#[tokio::test]
async fn a_member_of_whatever_status_is_known_as_one() {
    let bench = Bench::new().await;
    let image = queued();
    bench.catalog.create_image(&image).await.unwrap();
    bench.share(&image.id, "p2", "rejected").await;
    for (project, is_member) in [(Some("p2"), true), (Some("p1"), false), (None, false)] {
        let found = bench.catalog.find_image(&image.id, project).await.unwrap().unwrap();
        assert_eq!(found.is_member, is_member, "{project:?}");
    }
}

#[tokio::test]
async fn an_update_writes_fields_properties_and_tags_and_grows_the_time() {
    let bench = Bench::new().await;
    let before = Image { locations: Vec::new(), ..full() };
    bench.catalog.create_image(&before).await.unwrap();
    let mut after = Image { id: before.id.clone(), ..queued() };
    after.properties = [("os_distro", "arch"), ("new", "1")].map(|(k, v)| (k.into(), v.into())).into();
    after.tags = ["b", "c"].map(String::from).into();
    // A clock that went back must not make the new version look older.
    after.updated_at = bench.catalog.update_image(&before, &after, at(-100)).await.unwrap();
    assert_eq!(after.updated_at, before.updated_at + Duration::MICROSECOND);
    assert_eq!(bench.image(&before.id).await, after);

    let back = Image { updated_at: bench.catalog.update_image(&after, &before, at(50)).await.unwrap(), ..before };
    assert_eq!(back.updated_at, at(50));
    assert_eq!(bench.image(&back.id).await, back);
}

#[tokio::test]
async fn a_removed_property_comes_back_in_its_old_row() {
    let bench = Bench::new().await;
    let before = full();
    bench.catalog.create_image(&before).await.unwrap();
    let mut bare = Image { properties: BTreeMap::new(), tags: BTreeSet::new(), ..before.clone() };
    bare.updated_at = bench.catalog.update_image(&before, &bare, at(10)).await.unwrap();
    assert_eq!(bench.image(&before.id).await, bare);
    bench.catalog.update_image(&bare, &before, at(20)).await.unwrap();
    for table in ["image_properties", "image_tags"] {
        let count = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let rows: i64 = sqlx::query_scalar(count).fetch_one(&mut bench.raw().await).await.unwrap();
        assert_eq!(rows, 3, "{table}");
    }
}

#[tokio::test]
async fn an_update_of_a_version_that_is_gone_changes_nothing() {
    let bench = Bench::new().await;
    let before = full();
    bench.catalog.create_image(&before).await.unwrap();
    assert!(bench.catalog.add_tag(&before.id, "late", at(9)).await.unwrap());
    let current = bench.image(&before.id).await;
    let after = Image { name: Some("lost".into()), properties: BTreeMap::new(), ..before.clone() };
    let error = bench.catalog.update_image(&before, &after, at(10)).await.unwrap_err();
    assert_eq!((error.kind, error.retryable), (Kind::Changed, false));
    assert_eq!(bench.image(&before.id).await, current);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_updates_at_once_exactly_one_wins() {
    let bench = Bench::new().await;
    let mut before = queued();
    bench.catalog.create_image(&before).await.unwrap();
    for round in 0..20 {
        let rivals = ["one", "two"].map(|name| {
            let (catalog, before) = (bench.catalog.clone(), before.clone());
            let after = Image { name: Some(name.into()), ..before.clone() };
            tokio::spawn(async move { catalog.update_image(&before, &after, at(round)).await })
        });
        let mut won = Vec::new();
        for (rival, name) in rivals.into_iter().zip(["one", "two"]) {
            match rival.await.unwrap() {
                Ok(updated_at) => won.push((name, updated_at)),
                Err(error) => assert_eq!(error.kind, Kind::Changed),
            }
        }
        let [(name, updated_at)] = won[..] else { panic!("{won:?}") };
        before = bench.image(&before.id).await;
        assert_eq!((before.name.as_deref(), before.updated_at), (Some(name), updated_at));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_creations_and_as_many_reads_at_once_all_succeed() {
    let bench = Bench::new().await;
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let catalog = bench.catalog.clone();
            tokio::spawn(async move {
                let image = Image { properties: full().properties, tags: full().tags, ..queued() };
                catalog.create_image(&image).await.unwrap();
                assert_eq!(catalog.find_image(&image.id, Some("p1")).await.unwrap().unwrap().image, image.into());
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn a_write_waits_for_a_foreign_program_instead_of_failing() {
    let bench = Bench::new().await;
    let mut foreign = bench.raw().await;
    let tx = foreign.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let image = queued();
    let (catalog, ours) = (bench.catalog.clone(), image.clone());
    let waiting = tokio::spawn(async move { catalog.create_image(&ours).await });
    // A reader sees the state before, and does not wait.
    assert_eq!(bench.catalog.find_image(&image.id, None).await.unwrap(), None);
    assert!(!waiting.is_finished());
    tx.commit().await.unwrap();
    waiting.await.unwrap().unwrap();
    assert_eq!(bench.image(&image.id).await, image);
}

#[tokio::test]
async fn a_write_that_is_given_up_leaves_nothing_and_blocks_nobody() {
    let bench = Bench::new().await;
    for steps in 0..40 {
        let given_up = full();
        let mut writing = Box::pin(bench.catalog.create_image(&given_up));
        // Polled a few times and dropped: wherever it was, it must not hold the writer.
        let mut done = false;
        for _ in 0..steps {
            if polled_to_the_end(&mut writing).await {
                done = true;
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(writing);
        let next = queued();
        bench.catalog.create_image(&next).await.unwrap();
        let found = bench.catalog.find_image(&given_up.id, None).await.unwrap();
        match found {
            Some(found) => assert_eq!(*found.image, given_up, "half an image was written"),
            None => assert!(!done),
        }
    }
}

async fn polled_to_the_end<T>(future: &mut (impl Future<Output = T> + Unpin)) -> bool {
    std::future::poll_fn(|context| std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_ready()))
        .await
}

#[tokio::test]
async fn tags_are_added_and_removed_once_and_the_image_notices() {
    let bench = Bench::new().await;
    let image = queued();
    let id = &image.id;
    bench.catalog.create_image(&image).await.unwrap();
    let tagged_at = |seconds| Image { tags: ["a".to_owned()].into(), updated_at: at(seconds), ..image.clone() };

    assert!(bench.catalog.add_tag(id, "a", at(1)).await.unwrap());
    assert_eq!(bench.image(id).await, tagged_at(1));
    assert!(bench.catalog.add_tag(id, "a", at(2)).await.unwrap());
    assert_eq!(bench.image(id).await, tagged_at(1));
    assert!(bench.catalog.remove_tag(id, "a", at(3)).await.unwrap());
    assert!(!bench.catalog.remove_tag(id, "a", at(4)).await.unwrap());
    assert_eq!(bench.image(id).await, Image { updated_at: at(3), ..image.clone() });
    assert!(bench.catalog.add_tag(id, "a", at(5)).await.unwrap());
    assert_eq!(bench.image(id).await, tagged_at(5));

    let nobody = ImageId::random();
    assert!(!bench.catalog.add_tag(&nobody, "a", at(6)).await.unwrap());
    assert!(!bench.catalog.remove_tag(&nobody, "a", at(6)).await.unwrap());
}

#[tokio::test]
async fn a_status_changes_only_from_where_it_was_said_to_be() {
    let bench = Bench::new().await;
    let image = full();
    bench.catalog.create_image(&image).await.unwrap();
    assert!(!bench.catalog.change_status(&image.id, Status::Queued, Status::Active, at(9)).await.unwrap());
    assert_eq!(bench.image(&image.id).await, image);
    assert!(bench.catalog.change_status(&image.id, Status::Active, Status::Deactivated, at(9)).await.unwrap());
    assert_eq!(bench.image(&image.id).await, Image { status: Status::Deactivated, updated_at: at(9), ..image });
}

#[tokio::test]
async fn a_deleted_image_leaves_marked_rows_and_one_transfer_for_each_object() {
    let bench = Bench::new().await;
    let image = full();
    bench.catalog.create_image(&image).await.unwrap();
    bench.share(&image.id, "p2", "accepted").await;
    let objects = [transfer_of(&image.id, "t1"), NewTransfer { store: "cheap".into(), ..transfer_of(&image.id, "t2") }];
    assert!(bench.catalog.delete_image(&image, &objects, at(9)).await.unwrap());

    assert_eq!(bench.catalog.find_image(&image.id, None).await.unwrap(), None);
    for object in &objects {
        let transfer = bench.catalog.transfer(&object.id).await.unwrap().unwrap();
        assert_eq!(
            (transfer.state, transfer.store, transfer.key),
            (TransferState::Deleting, object.store.clone(), object.key.clone())
        );
    }
    let rows = sqlx::query(
        "SELECT 'image' AS what, deleted, deleted_at, status FROM images \
         UNION ALL SELECT 'property', deleted, deleted_at, '' FROM image_properties \
         UNION ALL SELECT 'tag', deleted, deleted_at, '' FROM image_tags \
         UNION ALL SELECT 'member', deleted, deleted_at, 'accepted' FROM image_members \
         UNION ALL SELECT 'location', deleted, deleted_at, status FROM image_locations",
    )
    .fetch_all(&mut bench.raw().await)
    .await
    .unwrap();
    assert_eq!(rows.len(), 1 + 3 + 3 + 1 + 2);
    for row in rows {
        let what: String = row.get("what");
        assert_eq!(
            (row.get::<i64, _>("deleted"), row.get::<String, _>("deleted_at")),
            (1, "2026-03-01 12:00:09.000000".into()),
            "{what}"
        );
        let status = match what.as_str() {
            "image" | "location" => "deleted",
            "member" => "accepted",
            _ => "",
        };
        assert_eq!(row.get::<String, _>("status"), status, "{what}");
    }
}

#[tokio::test]
async fn an_image_that_changed_its_status_or_became_protected_is_not_deleted() {
    let bench = Bench::new().await;
    let image = full();
    bench.catalog.create_image(&image).await.unwrap();
    let other_status = Image { status: Status::Queued, ..image.clone() };
    let open = Image { protected: false, ..image.clone() };
    let locked = Image { protected: true, ..image.clone() };
    let updated_at = bench.catalog.update_image(&open, &locked, at(8)).await.unwrap();
    for stale in [other_status, open] {
        assert!(!bench.catalog.delete_image(&stale, &[transfer_of(&image.id, "t1")], at(9)).await.unwrap());
    }
    assert_eq!(bench.image(&image.id).await, Image { updated_at, ..locked });
    assert_eq!(bench.catalog.transfer("t1").await.unwrap(), None);
}
