#![allow(clippy::unwrap_used)]

use super::*;
use crate::testing::{Bench, DATA, caller};
use bytes::Bytes;
use casement_image::{Caller, ImageId, patch::Dialect};
use serde_json::{Value, json};

async fn shown(bench: &Bench, caller: &Caller, id: &str) -> (Arc<Record>, Value) {
    let record = bench.service.show_image(caller, id).await.unwrap();
    let document = serde_json::from_slice(&record.json).unwrap();
    (record, document)
}

async fn patch(bench: &Bench, id: &str, change: Value) {
    bench.service.update_image(&caller(), id, Dialect::V2_1, &json!([change]), None).await.unwrap();
}

#[tokio::test]
async fn a_record_is_written_once_until_its_image_changes() {
    let bench = Bench::new().await;
    let id = bench.queued().await;
    let (first, before) = shown(&bench, &caller(), &id).await;
    assert_eq!(before["name"], Value::Null);
    assert!(Arc::ptr_eq(&first, &shown(&bench, &caller(), &id).await.0));
    patch(&bench, &id, json!({"op": "add", "path": "/name", "value": "other"})).await;
    assert_eq!(shown(&bench, &caller(), &id).await.1["name"], "other");
}

#[tokio::test]
async fn nobody_is_shown_what_only_administrators_may_see() {
    let bench = Bench::new().await;
    let id = bench.queued().await;
    bench.world.put("a", DATA);
    patch(
        &bench,
        &id,
        json!({"op": "replace", "path": "/locations", "value": [{"url": "memory:///a", "metadata": {}}]}),
    )
    .await;
    patch(&bench, &id, json!({"op": "replace", "path": "/visibility", "value": "public"})).await;
    bench.service.deactivate_image(&caller(), &id).await.unwrap();
    let member = Caller { is_admin: false, roles: ["reader".to_owned()].into(), ..caller() };
    for _ in 0..2 {
        assert_eq!(shown(&bench, &caller(), &id).await.1["locations"][0]["url"], "memory:///a");
        assert_eq!(shown(&bench, &member, &id).await.1["locations"], json!([]));
    }
}

#[tokio::test]
async fn another_configuration_shows_it_anew() {
    let bench = Bench::new().await;
    let id = bench.queued().await;
    assert_eq!(shown(&bench, &caller(), &id).await.1["locations"], json!([]));
    let service = bench.reconfigured(|settings| settings.show_multiple_locations = false).await;
    let record = service.show_image(&caller(), &id).await.unwrap();
    let document: Value = serde_json::from_slice(&record.json).unwrap();
    assert_eq!(document.get("locations"), None);
}

#[tokio::test]
async fn neither_many_records_nor_long_ones_take_much_memory() {
    let bench = Bench::new().await;
    let id = ImageId::parse(&bench.queued().await).unwrap();
    let image = bench.service.catalog().find_image(&id, None).await.unwrap().unwrap().image;
    let record = |json: Bytes| Arc::new(Record { id: id.clone(), json, version: String::new() });
    let rendered = Rendered::default();
    let images: Vec<_> = (0..3 * CAPACITY).map(|_| Arc::new(Image::clone(&image))).collect();
    for image in &images {
        rendered.keep(image, false, &record("{}".into()));
        assert!(rendered.find(image, false).is_none(), "nobody else holds it");
        let _other = image.clone();
        rendered.keep(image, false, &record(vec![b' '; LONGEST + 1].into()));
        assert!(rendered.find(image, false).is_none(), "it is long");
    }
    let others = images.clone();
    for image in &others {
        rendered.keep(image, false, &record("{}".into()));
        assert!(rendered.find(image, false).is_some());
        assert!(rendered.kept().len() <= CAPACITY);
    }
}
