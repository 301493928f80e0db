//! Imports of locations, on a store in memory that fails or stands still.
#![allow(clippy::unwrap_used)]

use crate::{
    Error, Kind,
    testing::{Bench, DATA, Fault, Step, caller},
};
use casement_image::{Caller, Image, ImageId, Status, Task, TaskStatus};
use serde_json::{Value, json};

/// Digests of [`DATA`].
const MD5: &str = "781e5e245d69b566979b86e28d23f2c7";
const SHA256: &str = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";
const SHA1: &str = "87acec17cd9dcd20a716cc2cf67417b71c8a7016";

/// A qcow2 header with a backing file.
fn harmful() -> Vec<u8> {
    let mut header = vec![0; 1024];
    header[..8].copy_from_slice(b"QFI\xfb\0\0\0\x03");
    header[15] = 0x68;
    header[19] = 4;
    header[23] = 16;
    header[30] = 16;
    header[103] = 104;
    header
}

fn service() -> Caller {
    let mut caller = caller();
    caller.roles.insert("service".to_owned());
    caller
}

async fn begin(bench: &Bench, id: &str, body: &Value) -> Result<(), Error> {
    bench.service.add_location(&service(), id, body, Some("req-1")).await
}

async fn add(bench: &Bench, id: &str, said: Option<(&str, &str)>) {
    let mut body = json!({"url": "memory:///data"});
    if let Some((algorithm, value)) = said {
        body["validation_data"] = json!({"os_hash_algo": algorithm, "os_hash_value": value});
    }
    begin(bench, id, &body).await.unwrap();
}

async fn image(bench: &Bench, id: &str) -> Image {
    Image::clone(&bench.service.catalog().find_image(&ImageId::parse(id).unwrap(), None).await.unwrap().unwrap().image)
}

async fn task(bench: &Bench, id: &str) -> Task {
    let now = time::OffsetDateTime::now_utc();
    bench.service.catalog().tasks_of_image(&ImageId::parse(id).unwrap(), now).await.unwrap().pop().unwrap()
}

/// Holds that the image is active with all that is to be known of [`DATA`].
async fn assert_imported(bench: &Bench, id: &str, case: &str) {
    let image = image(bench, id).await;
    assert_eq!((image.status, image.size), (Status::Active, Some(10)), "{case}");
    assert_eq!(image.checksum.as_deref(), Some(MD5), "{case}");
    assert_eq!(image.os_hash_value.as_deref(), Some(SHA256), "{case}");
    assert_eq!(image.virtual_size, Some(10), "{case}");
    assert_eq!(image.locations[0].store(), Some("fast"), "{case}");
    let task = task(bench, id).await;
    assert_eq!((task.status, task.message.as_deref()), (TaskStatus::Success, Some("")), "{case}");
    assert!(task.expires_at.is_some());
    bench.assert_settled(&["data"], case).await;
}

/// Holds that the image is queued with nothing of the import, which failed with this message.
async fn assert_taken_back(bench: &Bench, id: &str, message: &str, left: &[&str]) {
    let image = image(bench, id).await;
    assert_eq!((image.status, image.size, image.locations.len()), (Status::Queued, None, 0), "{message}");
    assert_eq!((image.checksum, image.os_hash_algo, image.os_hash_value), (None, None, None), "{message}");
    let task = task(bench, id).await;
    let said = task.message.unwrap_or_default();
    assert!(task.status == TaskStatus::Failure && said.contains(message), "{said}, not {message}");
    bench.assert_settled(left, message).await;
}

#[tokio::test]
async fn a_location_of_which_nothing_is_said_is_active_before_its_data_is_read() {
    let bench = Bench::new().await;
    let id = bench.queued().await;
    bench.world.put("data", DATA);
    bench.world.fault(Step::Read, Fault::Held);
    add(&bench, &id, None).await;
    bench.world.reached().await;
    let early = image(&bench, &id).await;
    assert_eq!((early.status, early.os_hash_algo.as_deref()), (Status::Active, Some("sha256")));
    assert_eq!((early.os_hash_value, early.checksum), (None, None));
    let under_way = task(&bench, &id).await;
    assert_eq!((under_way.status, under_way.request_id.as_deref()), (TaskStatus::Processing, Some("req-1")));
    bench.world.heal();
    bench.service.0.imports.idle().await;
    assert_imported(&bench, &id, "").await;
}

#[tokio::test]
async fn what_is_said_of_the_data_is_verified_before_it_can_be_used() {
    let bench = Bench::new().await;
    for (algorithm, value) in [("sha256", SHA256.to_owned()), ("sha1", SHA1.to_uppercase()), ("md5", MD5.to_owned())] {
        let id = bench.queued().await;
        bench.world.put("data", DATA);
        bench.world.fault(Step::Read, Fault::Held);
        add(&bench, &id, Some((algorithm, &value))).await;
        bench.world.reached().await;
        assert_eq!(bench.status(&id).await, Some(Status::Importing));
        let again = begin(&bench, &id, &json!({"url": "memory:///data"})).await.unwrap_err();
        let message = "It's not allowed to add locations if image status is importing.";
        assert_eq!((again.kind, again.message.as_str()), (Kind::Conflict, message));
        bench.world.heal();
        bench.service.0.imports.idle().await;
        let image = image(&bench, &id).await;
        assert_eq!((image.status, image.os_hash_algo.as_deref()), (Status::Active, Some(algorithm)));
        assert_eq!((image.os_hash_value, image.checksum.as_deref()), (Some(value.to_lowercase()), Some(MD5)));
    }
}

#[tokio::test]
async fn a_location_whose_data_is_not_what_is_said_is_taken_back() {
    let bench = Bench::new().await;
    let id = bench.queued().await;
    bench.world.put("data", DATA);
    add(&bench, &id, Some(("sha256", &"0a".repeat(32)))).await;
    bench.service.0.imports.idle().await;
    let message = format!("not matched with actual os_hash_value: ({SHA256})");
    assert_taken_back(&bench, &id, &message, &[]).await;
    bench.upload(&id).await.unwrap();
    bench.assert_settled(&[&id], "").await;
}

#[tokio::test]
async fn a_location_that_leads_to_nothing_is_taken_back() {
    let bench = Bench::new().await;
    let id = bench.queued().await;
    add(&bench, &id, None).await;
    bench.service.0.imports.idle().await;
    assert_taken_back(&bench, &id, "Invalid location", &[]).await;
    bench.world.put("data", vec![0; (1 << 20) + 1]);
    add(&bench, &id, None).await;
    bench.service.0.imports.idle().await;
    assert_taken_back(&bench, &id, "Image exceeds the maximum size", &["data"]).await;
}

#[tokio::test]
async fn data_that_can_t_be_read_leaves_an_active_image_without_digests_and_takes_another_back() {
    let bench = Bench::new().await;
    bench.world.fault(Step::Read, Fault::Refused);
    bench.world.put("data", DATA);
    let id = bench.queued().await;
    add(&bench, &id, None).await;
    bench.service.0.imports.idle().await;
    let unread = image(&bench, &id).await;
    assert_eq!((unread.status, unread.os_hash_algo, unread.os_hash_value), (Status::Active, None, None));
    assert_eq!(task(&bench, &id).await.status, TaskStatus::Failure);
    let id = bench.queued().await;
    add(&bench, &id, Some(("md5", MD5))).await;
    bench.service.0.imports.idle().await;
    // The first one still has it.
    assert_taken_back(&bench, &id, "can't be read", &["data"]).await;
}

#[tokio::test]
async fn harmful_data_is_refused_and_an_image_that_was_active_with_it_is_deactivated() {
    let bench = Bench::new().await;
    bench.world.put("data", harmful());
    let id = bench.queued().await;
    add(&bench, &id, None).await;
    bench.service.0.imports.idle().await;
    assert_eq!(bench.status(&id).await, Some(Status::Deactivated));
    assert_eq!(task(&bench, &id).await.status, TaskStatus::Failure);
    let digest = "05efb78846d1ec45732dec479eaf46de";
    let id = bench.queued().await;
    add(&bench, &id, Some(("md5", digest))).await;
    bench.service.0.imports.idle().await;
    assert_eq!(bench.status(&id).await, Some(Status::Queued));
}

#[tokio::test]
async fn an_image_that_is_deleted_while_its_data_is_looked_at_leaves_nothing() {
    for step in [Step::Stat, Step::Read] {
        for said in [None, Some(("sha256", SHA256))] {
            let bench = Bench::new().await;
            let id = bench.queued().await;
            bench.world.put("data", DATA);
            bench.world.fault(step, Fault::Held);
            add(&bench, &id, said).await;
            bench.world.reached().await;
            bench.delete(&id).await.unwrap();
            bench.service.0.imports.idle().await;
            assert_eq!(bench.status(&id).await, None);
            let task = task(&bench, &id).await;
            assert_eq!((task.status, task.message.as_deref()), (TaskStatus::Failure, Some("The image was deleted.")));
            // Before it was known to be there, nobody had given the data to the image.
            bench.world.heal();
            bench.service.maintain_once().await.unwrap();
            bench.assert_settled(if step == Step::Stat { &["data"] } else { &[] }, &format!("{step:?}")).await;
        }
    }
}

#[tokio::test]
async fn an_import_whose_process_dies_is_taken_up_by_the_next_one() {
    for (step, fault) in [(Step::Stat, Fault::Held), (Step::Read, Fault::Held), (Step::Read, Fault::DoneAndHeld)] {
        for said in [None, Some(("sha256", SHA256))] {
            let (mut bench, case) = (Bench::new().await, format!("{step:?} {fault:?} {said:?}"));
            let id = bench.queued().await;
            bench.world.put("data", DATA);
            bench.world.fault(step, fault);
            add(&bench, &id, said).await;
            bench.world.reached().await;
            bench.crash(&["fast"]).await;
            bench.service.0.imports.idle().await;
            assert_imported(&bench, &id, &case).await;
        }
    }
}

#[tokio::test]
async fn an_import_stands_still_when_the_service_stops_and_goes_on_with_the_next_one() {
    let mut bench = Bench::new().await;
    let id = bench.queued().await;
    bench.world.put("data", DATA);
    bench.world.fault(Step::Read, Fault::Held);
    add(&bench, &id, Some(("sha256", SHA256))).await;
    bench.world.reached().await;
    bench.service.drain().await;
    assert_eq!(bench.status(&id).await, Some(Status::Importing));
    bench.crash(&["fast"]).await;
    bench.service.0.imports.idle().await;
    assert_imported(&bench, &id, "").await;
}

#[tokio::test]
async fn a_catalog_that_refuses_changes_delays_an_import() {
    for change in ["INSERT ON image_locations", "UPDATE OF status ON tasks", "DELETE ON casement_transfers"] {
        let bench = Bench::new().await;
        let id = bench.queued().await;
        bench.world.put("data", DATA);
        bench.sql(&format!("CREATE TRIGGER full BEFORE {change} BEGIN SELECT RAISE(ABORT, 'full'); END")).await;
        add(&bench, &id, Some(("sha256", SHA256))).await;
        bench.service.0.imports.idle().await;
        assert_eq!(bench.status(&id).await, Some(Status::Importing), "{change}");
        bench.sql("DROP TRIGGER full").await;
        bench.service.maintain_once().await.unwrap();
        bench.service.0.imports.idle().await;
        assert_imported(&bench, &id, change).await;
    }
}

#[tokio::test]
async fn a_task_that_another_service_left_has_failed_at_the_next_start() {
    let mut bench = Bench::new().await;
    let id = bench.queued().await;
    bench
        .sql(&format!(
            "INSERT INTO tasks (id, type, status, owner, image_id, created_at, deleted) VALUES \
             ('t1', 'api_image_import', 'processing', 'p', '{id}', '2026-01-01 00:00:00.000000', 0)"
        ))
        .await;
    bench.crash(&["fast"]).await;
    assert_eq!(task(&bench, &id).await.status, TaskStatus::Failure);
}

#[tokio::test]
async fn what_can_never_be_imported_is_refused_at_once() {
    let bench = Bench::new().await;
    let id = bench.queued().await;
    let said = |value: &str| json!({"url": "memory:///data", "validation_data": {"os_hash_algo": "md5", "os_hash_value": value}});
    for (body, message) in [
        (json!({}), "Provided object does not match schema 'location': 'url' is a required property"),
        (json!({"url": "file:///etc/passwd"}), "Invalid location"),
        (json!({"url": "unknown:///x"}), "Invalid location"),
        (json!({"url": "http://127.0.0.1/x"}), "URI for add location does not pass filtering: http://127.0.0.1/x"),
        (said("zz"), "os_hash_value (zz) is not a valid hexadecimal value"),
    ] {
        let refused = begin(&bench, &id, &body).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Invalid);
        assert!(refused.message.starts_with(message), "{}", refused.message);
    }
    let refused =
        bench.service.add_location(&caller(), &id, &json!({"url": "memory:///data"}), None).await.unwrap_err();
    let message = "http store must be enabled to use location API by normal user.";
    assert_eq!((refused.kind, refused.message.as_str()), (Kind::Forbidden, message));
    assert_eq!(bench.status(&id).await, Some(Status::Queued));
    bench.upload(&id).await.unwrap();
    let refused = begin(&bench, &id, &json!({"url": "memory:///data"})).await.unwrap_err();
    let message = "It's not allowed to add locations if image status is active.";
    assert_eq!((refused.kind, refused.message.as_str()), (Kind::Conflict, message));
}
