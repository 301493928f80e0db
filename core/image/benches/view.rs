//! The text of images as clients see them.
#![allow(clippy::unwrap_used)]

use casement_image::{
    Image, ImageId, Location, Status, Visibility,
    schema::Schemas,
    view::{self, ViewOptions},
};
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Map, json};
use std::hint::black_box;
use time::macros::datetime;

fn active() -> Image {
    let properties = [("os_distro", "debian"), ("os_version", "12"), ("hw_disk_bus", "virtio")];
    let store = Map::from_iter([("store".to_owned(), json!("files"))]);
    Image {
        id: ImageId::random(),
        name: Some("Debian 12".into()),
        status: Status::Active,
        visibility: Visibility::Public,
        protected: false,
        os_hidden: false,
        checksum: Some("d".repeat(32)),
        os_hash_algo: Some("sha512".into()),
        os_hash_value: Some("e".repeat(128)),
        owner: Some("f".repeat(32)),
        size: Some(1 << 30),
        virtual_size: Some(1 << 31),
        container_format: Some("bare".into()),
        disk_format: Some("qcow2".into()),
        min_ram: 512,
        min_disk: 10,
        created_at: datetime!(2026-11-22 7:08:09 UTC),
        updated_at: datetime!(2026-11-23 7:08:09 UTC),
        tags: ["linux".to_owned(), "stable".to_owned()].into(),
        properties: properties.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        locations: vec![Location { url: "file:///images/1".into(), metadata: store }],
    }
}

fn benches(criterion: &mut Criterion) {
    let options = ViewOptions { multi_store: true, ..ViewOptions::default() };
    let schemas = Schemas::default();
    let (one, page) = (active(), vec![active(); 25]);
    criterion.bench_function("JSON of an image", |bencher| {
        bencher.iter(|| serde_json::to_vec(&view::image(black_box(&one), &options, &schemas)).unwrap());
    });
    criterion.bench_function("JSON of a list of 25", |bencher| {
        bencher.iter(|| {
            let images: Vec<_> = black_box(&page).iter().map(|image| view::image(image, &options, &schemas)).collect();
            serde_json::to_vec(&images).unwrap()
        });
    });
}

criterion_group!(all, benches);
criterion_main!(all);
