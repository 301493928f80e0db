//! Changes of locations, on a store in memory.
#![allow(clippy::unwrap_used)]

use crate::{
    Error, Kind,
    testing::{Bench, DATA, Fault, Step, caller},
};
use casement_image::{Caller, Image, ImageId, Status, patch::Dialect};
use serde_json::{Value, json};

async fn patch(bench: &Bench, id: &str, operations: &Value) -> Result<(), Error> {
    bench.service.update_image(&caller(), id, Dialect::V2_1, operations, None).await.map(drop)
}

fn add(at: &str, url: &str) -> Value {
    json!({"op": "add", "path": format!("/locations/{at}"), "value": {"url": url, "metadata": {"store": "mine"}}})
}

fn remove(at: &str) -> Value {
    json!({"op": "remove", "path": format!("/locations/{at}")})
}

async fn image(bench: &Bench, id: &str) -> Image {
    Image::clone(&bench.service.catalog().find_image(&ImageId::parse(id).unwrap(), None).await.unwrap().unwrap().image)
}

async fn urls(bench: &Bench, id: &str) -> Vec<String> {
    image(bench, id).await.locations.into_iter().map(|location| location.url).collect()
}

/// An active image with locations at these objects.
async fn located(bench: &Bench, objects: &[&str]) -> String {
    let id = bench.queued().await;
    for object in objects {
        bench.world.put(object, DATA);
        patch(bench, &id, &json!([add("-", &format!("memory:///{object}"))])).await.unwrap();
    }
    id
}

#[tokio::test]
async fn a_first_location_makes_a_queued_image_active_with_the_size_and_the_store_of_its_data() {
    let bench = Bench::new().await;
    let id = located(&bench, &["a"]).await;
    let image = image(&bench, &id).await;
    assert_eq!((image.status, image.size), (Status::Active, Some(DATA.len() as u64)));
    assert_eq!(image.locations[0].store(), Some("fast"), "whose it is is not the client's to say");
    assert_eq!((image.checksum, image.os_hash_algo, image.os_hash_value), (None, None, None));
}

#[tokio::test]
async fn locations_stand_where_they_were_put() {
    let bench = Bench::new().await;
    let id = located(&bench, &["a", "b", "c"]).await;
    bench.world.put("d", DATA);
    patch(&bench, &id, &json!([add("1", "memory:///d")])).await.unwrap();
    assert_eq!(urls(&bench, &id).await, ["memory:///a", "memory:///d", "memory:///b", "memory:///c"]);
    let mut turned: Vec<Value> = Vec::new();
    for url in ["memory:///c", "memory:///a", "memory:///b", "memory:///d"] {
        turned.push(json!({"url": url, "metadata": {"n": "1"}}));
    }
    patch(&bench, &id, &json!([{"op": "replace", "path": "/locations", "value": turned}])).await.unwrap();
    let image = image(&bench, &id).await;
    assert_eq!(image.locations[0].url, "memory:///c");
    assert!(image.locations.iter().all(|location| location.store() == Some("fast") && location.metadata["n"] == "1"));
    assert_eq!(bench.world.objects(), ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn a_removed_location_takes_its_data_with_it() {
    let bench = Bench::new().await;
    let id = located(&bench, &["a", "b", "c"]).await;
    patch(&bench, &id, &json!([remove("0"), remove("-")])).await.unwrap();
    assert_eq!(urls(&bench, &id).await, ["memory:///b"]);
    bench.assert_settled(&["b"], "").await;
    assert_eq!(patch(&bench, &id, &json!([remove("0")])).await.unwrap_err().kind, Kind::Forbidden);
}

#[tokio::test]
async fn an_operation_that_fails_takes_the_whole_patch_with_it_and_no_data_is_touched() {
    let bench = Bench::new().await;
    let id = located(&bench, &["a", "b"]).await;
    bench.world.put("c", DATA);
    for last in [
        json!({"op": "replace", "path": "/nope", "value": "x"}),
        add("-", "memory:///missing"),
        add("x", "memory:///c"),
        add("-", "memory:///b"),
        remove("7"),
    ] {
        let patched = patch(&bench, &id, &json!([add("-", "memory:///c"), remove("0"), last])).await;
        patched.unwrap_err();
        assert_eq!(urls(&bench, &id).await, ["memory:///a", "memory:///b"], "{last}");
        bench.assert_settled(&["a", "b", "c"], "").await;
    }
    bench.sql("CREATE TRIGGER full BEFORE INSERT ON casement_transfers BEGIN SELECT RAISE(ABORT, 'full'); END").await;
    patch(&bench, &id, &json!([remove("0")])).await.unwrap_err();
    assert_eq!(urls(&bench, &id).await, ["memory:///a", "memory:///b"]);
    bench.assert_settled(&["a", "b"].map(|name| name).into_iter().chain(["c"]).collect::<Vec<_>>(), "").await;
}

#[tokio::test]
async fn data_of_a_removed_location_that_the_store_keeps_is_removed_later_or_by_the_next_process() {
    let mut bench = Bench::new().await;
    let id = located(&bench, &["a", "b"]).await;
    bench.world.fault(Step::Delete, Fault::Refused);
    patch(&bench, &id, &json!([remove("0")])).await.unwrap();
    assert_eq!((bench.world.objects(), bench.transfers().await), (vec!["a".to_owned(), "b".to_owned()], 1));
    let again = patch(&bench, &id, &json!([add("-", "memory:///a")])).await;
    assert_eq!(again.unwrap_err().kind, Kind::Unavailable, "it would be removed under the image");
    bench.crash(&["fast"]).await;
    bench.assert_settled(&["b"], "").await;
}

#[tokio::test]
async fn an_object_that_another_image_owns_is_no_location() {
    let bench = Bench::new().await;
    let secret = bench.queued().await;
    bench.upload(&secret).await.unwrap();
    let id = bench.queued().await;
    let stolen = patch(&bench, &id, &json!([add("-", &format!("memory:///{secret}"))])).await.unwrap_err();
    assert_eq!((stolen.kind, stolen.message.as_str()), (Kind::Invalid, "Invalid location"));
    bench.assert_settled(&[&secret], "").await;
}

#[tokio::test]
async fn an_object_at_which_two_images_have_their_data_is_removed_with_the_second_one() {
    let bench = Bench::new().await;
    let [first, second] = [located(&bench, &["a", "b"]).await, located(&bench, &["a"]).await];
    patch(&bench, &first, &json!([remove("0")])).await.unwrap();
    bench.assert_settled(&["a", "b"], "").await;
    bench.delete(&first).await.unwrap();
    bench.assert_settled(&["a"], "").await;
    bench.delete(&second).await.unwrap();
    bench.assert_settled(&[], "").await;
}

#[tokio::test]
async fn what_leads_to_nothing_or_to_where_nobody_may_go_is_refused() {
    let bench = Bench::new().await;
    let id = bench.queued().await;
    bench.world.put("empty", "");
    for (url, message) in [
        ("memory:///missing", "Invalid location"),
        ("memory:///empty", "Invalid location"),
        ("unknown:///a", "Invalid location"),
        ("file:///etc/passwd", "Invalid location"),
        ("http://127.0.0.1/x", "The Store URI was malformed."),
        ("http://[::ffff:169.254.169.254]/x", "The Store URI was malformed."),
        ("http://10.0.0.1:22/x", "The Store URI was malformed."),
        ("http://nowhere.invalid/x", "The Store URI was malformed."),
        ("http://10.0.0.1/x", "Invalid location"),
    ] {
        let refused = patch(&bench, &id, &json!([add("-", url)])).await.unwrap_err();
        assert_eq!((refused.kind, refused.message.as_str()), (Kind::Invalid, message), "{url}");
    }
    bench.world.put("large", vec![0; (1 << 20) + 1]);
    let refused = patch(&bench, &id, &json!([add("-", "memory:///large")])).await.unwrap_err();
    let message = "Image exceeds the maximum size of 1048576 bytes.";
    assert_eq!((refused.kind, refused.message.as_str()), (Kind::LimitExceeded, message));
    assert_eq!(bench.status(&id).await, Some(Status::Queued));
    let id = located(&bench, &["a"]).await;
    let refused = patch(&bench, &id, &json!([add("-", "http://127.0.0.1/x")])).await.unwrap_err();
    assert_eq!((refused.kind, refused.message.as_str()), (Kind::Invalid, "Invalid location"));
}

#[tokio::test]
async fn locations_are_bounded_in_the_image_and_in_one_request() {
    let bench = Bench::new().await;
    let names: Vec<String> = (0..11).map(|n| format!("o{n}")).collect();
    let id = located(&bench, &names[..10].iter().map(String::as_str).collect::<Vec<_>>()).await;
    bench.world.put("o10", DATA);
    let refused = patch(&bench, &id, &json!([add("-", "memory:///o10")])).await.unwrap_err();
    let message = "The limit has been exceeded on the number of allowed image locations. Attempted: 11, Maximum: 10";
    assert_eq!((refused.kind, refused.message.as_str()), (Kind::LimitExceeded, message));
    let endless: Vec<Value> = (0..101).map(|_| remove("0")).collect();
    assert_eq!(patch(&bench, &id, &json!(endless)).await.unwrap_err().kind, Kind::LimitExceeded);
}

#[tokio::test]
async fn the_store_of_a_location_is_found_again_when_it_is_not_said_or_has_another_name() {
    let mut bench = Bench::new().await;
    let id = located(&bench, &["a"]).await;
    bench.crash(&["renamed"]).await;
    for metadata in [r#"{"store": "fast", "k": "v"}"#, r#"{"k": "v"}"#] {
        bench.sql(&format!("UPDATE image_locations SET meta_data = '{metadata}'")).await;
        let shown = bench.service.show_image(&caller(), &id).await.unwrap();
        let shown: Value = serde_json::from_slice(&shown.json).unwrap();
        assert_eq!(shown["stores"], "renamed");
        let noted = image(&bench, &id).await.locations.remove(0);
        assert_eq!((noted.store(), noted.metadata["k"].as_str()), (Some("renamed"), Some("v")));
    }
}

#[tokio::test]
async fn a_copy_is_removed_from_one_store_and_the_last_one_stays() {
    let mut bench = Bench::new().await;
    let id = located(&bench, &["a", "b"]).await;
    bench.crash(&["fast", "other"]).await;
    bench.sql(r#"UPDATE image_locations SET meta_data = '{"store": "other"}' WHERE value = 'memory:///b'"#).await;
    let delete = async |store: &str, id: &str| {
        let refused = bench.service.delete_from_store(&caller(), store, id).await.unwrap_err();
        (refused.kind, refused.message)
    };
    let nowhere = "b44f4a0f-0000-4000-8000-00805f9b34fb";
    assert_eq!(
        delete("nope", &id).await,
        (Kind::Conflict, "The selected store nope is not available on this node.".to_owned())
    );
    assert_eq!(delete("fast", nowhere).await, (Kind::NotFound, format!("Failed to find image {nowhere}")));
    bench.service.delete_from_store(&caller(), "other", &id).await.unwrap();
    bench.assert_settled(&["a"], "").await;
    let message = "Cannot delete image data from the only store containing it. Consider deleting the image instead.";
    assert_eq!(delete("fast", &id).await, (Kind::Forbidden, message.to_owned()));
    bench.world.put("c", DATA);
    patch(&bench, &id, &json!([add("-", "memory:///c")])).await.unwrap();
    assert_eq!(delete("other", &id).await, (Kind::NotFound, format!("Image {id} is not stored in store other.")));
    let queued = bench.queued().await;
    let message = "It's not allowed to remove image data from store if image status is not 'active'";
    assert_eq!(delete("fast", &queued).await, (Kind::Conflict, message.to_owned()));
}

#[tokio::test]
async fn where_the_data_of_a_deactivated_image_lies_is_told_to_administrators_only() {
    let bench = Bench::new().await;
    let id = located(&bench, &["a"]).await;
    let service =
        Caller { project_id: Some("services".into()), roles: ["service".to_owned()].into(), ..Caller::default() };
    bench.sql("UPDATE images SET visibility = 'public'").await;
    let told = async |caller: &Caller| bench.service.image_locations(caller, &id).await.unwrap();
    assert_eq!(told(&service).await[0]["url"], "memory:///a");
    bench.service.deactivate_image(&caller(), &id).await.unwrap();
    assert_eq!(told(&service).await, json!([]));
    assert_eq!(told(&caller()).await[0]["url"], "memory:///a");
}

#[tokio::test]
async fn no_text_of_a_location_is_a_failure_of_the_service() {
    let bench = Bench::new().await;
    bench.world.put("odd\0\u{1F600}", DATA);
    let long = format!("http://{}/x", "a".repeat(70_000));
    for url in
        ["", ":", "memory:///odd\0\u{1F600}", "memory:///\0", "http://\0/", "http://a\u{1F600}.invalid:0/", &long]
    {
        let id = bench.queued().await;
        let metadata = json!({"\0\u{1F600}": "\0\u{1F600}"});
        let value = json!({"url": url, "metadata": metadata});
        let operation = json!([{"op": "add", "path": "/locations/-", "value": value}]);
        if let Err(refused) = patch(&bench, &id, &operation).await {
            assert!(matches!(refused.kind, Kind::Invalid | Kind::Conflict), "{url:?}: {refused:?}");
        }
        let body = json!({"url": url, "validation_data": {}});
        if let Err(refused) = bench.service.add_location(&caller(), &id, &body, None).await {
            assert!(matches!(refused.kind, Kind::Invalid | Kind::Conflict | Kind::Forbidden), "{url:?}: {refused:?}");
        }
        bench.service.show_image(&caller(), &id).await.unwrap();
        bench.delete(&id).await.unwrap();
    }
}
