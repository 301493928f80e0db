//! Data on its way in: through the digests alone, and to a backend that forgets it.
#![allow(clippy::unwrap_used)]

#[path = "../../../sdk/benches/boundary/null.rs"]
mod null;

use bytes::Bytes;
use casement_image::ImageId;
use casement_sdk::{Backend, host::Plugin};
use casement_stores::{
    BodyStream, DigestThreads, Multihash, Store, Stores, WriteOptions,
    config::{Limits, StoreOptions},
    host::LoadedPlugin,
    ingest::Ingest,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures_util::stream;
use null::{CHUNK, CHUNKS, Null};
use std::{path::PathBuf, sync::Arc};
use tokio::runtime::Runtime;

/// As hyper hands on what it reads from a connection that sends fast.
const FRAME: usize = 256 << 10;

fn benches(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let digests = DigestThreads::start().unwrap();
    let store = runtime.block_on(store());
    let mut group = criterion.benchmark_group("64 MiB in");
    group.sample_size(10).throughput(Throughput::Bytes((CHUNK * CHUNKS) as u64));
    let chunk = Bytes::from(vec![7; CHUNK]);
    for multihash in [Multihash::Sha256, Multihash::Sha512] {
        group.bench_function(format!("digested, md5 and {}", multihash.name()), |bencher| {
            bencher.iter(|| {
                let data = stream::iter((0..CHUNKS).map(|_| Ok(chunk.clone())));
                runtime.block_on(ingest(&digests, multihash).measure(data, "null")).unwrap()
            });
        });
    }
    group.bench_function("ingested", |bencher| {
        bencher.iter(|| runtime.block_on(upload(&digests, &store, &chunk)));
    });
    group.finish();
}

fn ingest(digests: &DigestThreads, multihash: Multihash) -> Ingest<'_> {
    Ingest { digests, multihash, legacy_md5: true, at_most: u64::MAX, inspector: None }
}

async fn upload(digests: &DigestThreads, store: &Arc<Store>, chunk: &Bytes) {
    let frames: Vec<_> = (0..CHUNKS)
        .flat_map(|_| (0..CHUNK / FRAME).map(|frame| Ok(chunk.slice(frame * FRAME..(frame + 1) * FRAME))))
        .collect();
    let body: BodyStream = Box::pin(stream::iter(frames));
    let mut write = store.create(ImageId::random().as_str(), WriteOptions::default()).await.unwrap();
    ingest(digests, Multihash::Sha512).run(body, &mut write).await.unwrap();
    write.commit().await.unwrap();
}

async fn store() -> Arc<Store> {
    let options = StoreOptions {
        id: "null".into(),
        plugin: Null::NAME.into(),
        description: None,
        default: true,
        required: true,
        read_only: false,
        client_locations: false,
        weight: 0,
        limits: Limits::default(),
        config: serde_json::Map::new(),
        base_dir: PathBuf::new(),
    };
    let plugin = LoadedPlugin::linked_in(Plugin::from_static::<Null>().unwrap());
    let stores = Stores::open_on(vec![plugin], vec![options]).await.unwrap();
    Arc::clone(stores.default_store().unwrap())
}

criterion_group!(all, benches);
criterion_main!(all);
