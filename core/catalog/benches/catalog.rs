//! What requests ask of the catalog, with few images and with many.
#![allow(clippy::unwrap_used)]

use casement_catalog::{Catalog, Options};
use casement_image::{Caller, Image, ImageId, ListQuery, Status, Visibility, list::ListSettings};
use criterion::{Criterion, criterion_group, criterion_main};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};
use time::{Duration, macros::datetime};
use tokio::runtime::Runtime;

const SIZES: [u32; 2] = [1000, 100_000];

fn benches(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    for size in SIZES {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("catalog.sqlite");
        let (catalog, known) = runtime.block_on(filled(&file, size));
        criterion.bench_function(&format!("an image by its id, of {size}"), |bencher| {
            bencher.iter(|| runtime.block_on(catalog.find_image(&known, Some("p1"))).unwrap().unwrap());
        });
        for sort in ["created_at:desc", "name:asc"] {
            let query = query(sort);
            criterion.bench_function(&format!("a page by {sort}, of {size}"), |bencher| {
                bencher.iter(|| runtime.block_on(catalog.list_images(&query, &caller())).unwrap());
            });
        }
        criterion.bench_function(&format!("a new image, beside {size}"), |bencher| {
            bencher.iter(|| runtime.block_on(catalog.create_image(&image(0))).unwrap());
        });
        runtime.block_on(catalog.close());
    }
}

fn query(sort: &str) -> ListQuery {
    ListQuery::parse(&[("sort".to_owned(), sort.to_owned())], &ListSettings::default()).unwrap()
}

fn caller() -> Caller {
    Caller { project_id: Some("p1".into()), ..Caller::default() }
}

fn image(number: u32) -> Image {
    Image {
        id: ImageId::random(),
        name: Some(format!("image-{:06}", number.wrapping_mul(7919) % 1_000_000)),
        status: Status::Queued,
        visibility: Visibility::Private,
        protected: false,
        os_hidden: false,
        checksum: None,
        os_hash_algo: None,
        os_hash_value: None,
        owner: Some("p1".into()),
        size: None,
        virtual_size: None,
        container_format: Some("bare".into()),
        disk_format: Some("raw".into()),
        min_ram: 0,
        min_disk: 0,
        created_at: datetime!(2026-03-01 12:00:00 UTC) + Duration::seconds(number.into()),
        updated_at: datetime!(2026-03-01 12:00:00 UTC) + Duration::seconds(number.into()),
        tags: BTreeSet::from(["bench".into()]),
        properties: BTreeMap::from([("os_distro".into(), "debian".into())]),
        locations: Vec::new(),
    }
}

/// One that was created, and as many copies of its row.
async fn filled(file: &Path, size: u32) -> (Catalog, ImageId) {
    let options = Options { path: file.to_owned(), readers: 4 };
    let catalog = Catalog::open(&options).await.unwrap();
    let first = image(0);
    catalog.create_image(&first).await.unwrap();
    let mut raw = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await.unwrap();
    let copies = "INSERT INTO images (id, name, disk_format, container_format, status, visibility, min_disk, min_ram, owner, \
         protected, os_hidden, created_at, updated_at, deleted) \
         WITH RECURSIVE counting(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counting WHERE n < ?) \
         SELECT PRINTF('%08x-0000-4000-8000-%012x', (n * 2654435761) % 4294967296, n), \
         PRINTF('image-%06d', (n * 7919) % 1000000), disk_format, container_format, status, visibility, min_disk, min_ram, \
         owner, protected, os_hidden, STRFTIME('%Y-%m-%d %H:%M:%S.000000', 1700000000 + n, 'unixepoch'), updated_at, deleted \
         FROM counting, images";
    sqlx::query(copies).bind(size - 1).execute(&mut raw).await.unwrap();
    raw.close().await.unwrap();
    (catalog, first.id)
}

criterion_group!(all, benches);
criterion_main!(all);
