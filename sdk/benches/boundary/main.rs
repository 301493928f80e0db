//! What a call of a plugin costs, through the tables of the contract and back.
#![allow(clippy::unwrap_used)]

mod null;

use casement_sdk::{
    Range, WriteOptions,
    host::{HostServices, Level, LogLine, Plugin},
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use null::{CHUNK, CHUNKS, Null};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// A gateway that does not listen.
struct Deaf;

impl HostServices for Deaf {
    fn log(&self, _line: &LogLine<'_>) {}

    fn log_enabled(&self, _level: Level) -> bool {
        false
    }

    fn concurrency(&self) -> usize {
        256
    }

    fn counter_add(&self, _name: &str, _delta: u64) {}

    fn gauge_set(&self, _name: &str, _value: f64) {}

    fn histogram_observe(&self, _name: &str, _value: f64) {}
}

fn benches(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let plugin = Plugin::from_static::<Null>().unwrap();
    let store = runtime.block_on(plugin.open(Arc::new(Deaf), "{}")).unwrap();
    criterion.bench_function("a call that moves no data", |bencher| {
        bencher.iter(|| runtime.block_on(store.stat("key")).unwrap());
    });
    let mut moving = criterion.benchmark_group("64 chunks of 1 MiB");
    moving.throughput(Throughput::Bytes((CHUNK * CHUNKS) as u64));
    let chunk = bytes::Bytes::from(vec![0; CHUNK]);
    moving.bench_function("written", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let mut writer = store.create("key", WriteOptions::default()).await.unwrap();
                for _ in 0..CHUNKS {
                    writer.write(chunk.clone()).await.unwrap();
                }
                writer.commit().await.unwrap()
            })
        });
    });
    moving.bench_function("read", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let mut reader = store.read("key", Range::default()).await.unwrap();
                while let Some(chunk) = reader.next().await.unwrap() {
                    drop(chunk);
                }
            });
        });
    });
    moving.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
