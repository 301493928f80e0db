//! A plugin that breaks the contract costs its own operation, and never the gateway.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use bytes::Bytes;
use casement_sdk::{
    Error, Kind, Range, Result, WriteOptions,
    host::{Backend, Library, OpenOptions, Plugin},
};
use common::{Gateway, c_library};
use std::{
    future::Future,
    sync::{Arc, LazyLock},
    time::Duration,
};

/// Opens the fixture with a fault at one of its functions.
async fn faulty(fault: &str, at: &str) -> (Result<Backend>, Arc<Gateway>) {
    let gateway = Gateway::new();
    let config = format!(r#"{{"fault":"{fault}","at":"{at}"}}"#);
    (plugin().open(gateway.clone(), &config).await, gateway)
}

fn plugin() -> &'static Plugin {
    static PLUGIN: LazyLock<Plugin> = LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        let library = c_library("sdk::misbehaving", "../tests/fixtures/misbehaving.c", None, folder.path()).unwrap();
        Library::open(&library, &OpenOptions { allow_c_abi: true, allow_abort: false }).unwrap()
    });
    &PLUGIN
}

async fn put(backend: &Backend, key: &str) -> Result<u64> {
    let mut writer = backend.create(key, WriteOptions::default()).await?;
    writer.write(Bytes::from_static(b"hello")).await?;
    Ok(writer.commit().await?.size)
}

async fn get(backend: &Backend, key: &str) -> Result<Vec<u8>> {
    let mut reader = backend.read(key, Range { offset: 1, len: Some(3) }).await?;
    let mut data = Vec::new();
    while let Some(chunk) = reader.next().await? {
        data.extend_from_slice(&chunk);
    }
    Ok(data)
}

/// Gives up an operation that its fault keeps from being answered, once the plugin has it.
async fn give_up<T>(gateway: &Gateway, operation: impl Future<Output = T>) {
    let faults = gateway.count("faults");
    tokio::select! {
        _ = operation => panic!("it was answered"),
        () = gateway.until(|gateway| gateway.count("faults") > faults) => {}
    }
}

/// Whether `operation` is still waiting after a while.
async fn hangs<T>(operation: impl Future<Output = T>) -> bool {
    tokio::time::timeout(Duration::from_millis(50), operation).await.is_err()
}

async fn works(backend: &Backend) {
    assert_eq!(put(backend, "works").await.unwrap(), 5);
    assert_eq!(get(backend, "works").await.unwrap(), b"ell");
    backend.delete("works").await.unwrap();
}

#[tokio::test]
async fn without_a_fault_it_is_a_backend() {
    let (backend, gateway) = faulty("none", "nowhere").await;
    let backend = backend.unwrap();
    works(&backend).await;
    assert_eq!(backend.delete("works").await.unwrap_err().kind(), Kind::NotFound);
    drop(backend);
    gateway.until(|gateway| gateway.count("backends_destroyed") == 1).await;
    assert_eq!((gateway.count("writers_destroyed"), gateway.count("readers_destroyed")), (1, 1));
}

#[tokio::test]
async fn one_that_never_answers_can_be_given_up() {
    let (backend, gateway) = faulty("never_answers", "write").await;
    let backend = backend.unwrap();
    let mut writer = backend.create("a", WriteOptions::default()).await.unwrap();
    give_up(&gateway, writer.write(Bytes::from_static(b"x"))).await;
    // Its answer may still come: destroying the writer now could be freeing what is in use.
    drop(writer);
    backend.health().await.unwrap();
    assert_eq!(gateway.count("writers_destroyed"), 0);

    let gateway = Gateway::new();
    give_up(&gateway, plugin().open(gateway.clone(), r#"{"fault":"never_answers","at":"open"}"#)).await;
}

#[tokio::test]
async fn one_that_answers_twice_is_heard_once() {
    for at in ["open", "open_write", "write", "commit", "next", "stat", "delete"] {
        let (backend, gateway) = faulty("answers_twice", at).await;
        let backend = backend.unwrap();
        works(&backend).await;
        assert!(backend.stat("a").await.is_err());
        drop(backend);
        gateway.until(|gateway| gateway.count("backends_destroyed") == 1).await;
        assert_eq!((gateway.count("writers_destroyed"), gateway.count("readers_destroyed")), (1, 1), "{at}");
    }
}

#[tokio::test]
async fn an_answer_to_an_unknown_operation_is_ignored() {
    let (backend, _) = faulty("answers_a_stranger", "write").await;
    works(&backend.unwrap()).await;
}

#[tokio::test]
async fn a_writer_that_comes_after_cancel_is_destroyed() {
    let (backend, gateway) = faulty("answers_after_cancel", "open_write").await;
    let backend = backend.unwrap();
    give_up(&gateway, backend.create("a", WriteOptions::default())).await;
    gateway.until(|gateway| gateway.count("writers_destroyed") == 1).await;
    drop(backend);
    gateway.until(|gateway| gateway.count("backends_destroyed") == 1).await;
}

#[tokio::test]
async fn bytes_that_come_after_cancel_are_released_and_the_reader_is_over() {
    let (backend, gateway) = faulty("answers_after_cancel", "next").await;
    let backend = backend.unwrap();
    put(&backend, "a").await.unwrap();
    let mut reader = backend.read("a", Range::default()).await.unwrap();
    give_up(&gateway, reader.next()).await;
    assert_eq!(reader.next().await.unwrap_err().kind(), Kind::Misuse, "else the bytes would be missing");
    drop(reader);
    gateway.until(|gateway| gateway.count("readers_destroyed") == 1).await;
}

#[tokio::test]
async fn an_abort_waits_for_the_write_that_was_given_up() {
    let (backend, gateway) = faulty("answers_after_cancel", "write").await;
    let mut writer = backend.unwrap().create("a", WriteOptions::default()).await.unwrap();
    give_up(&gateway, writer.write(Bytes::from_static(b"x"))).await;
    writer.abort().await.unwrap();
}

#[tokio::test]
async fn operations_that_never_end_use_up_the_places_of_their_own_store_only() {
    let gateway = Gateway::with_concurrency(2);
    let open = |fault: &'static str| plugin().open(gateway.clone(), fault);
    let backend = open(r#"{"fault":"never_answers","at":"stat"}"#).await.unwrap();
    give_up(&gateway, backend.stat("a")).await;
    backend.health().await.unwrap();
    give_up(&gateway, backend.stat("a")).await;
    assert!(hangs(backend.health()).await, "both places are taken");
    assert!(hangs(open("{}")).await, "also when the store is opened again");
    works(&faulty("none", "nowhere").await.0.unwrap()).await;
}

#[tokio::test]
async fn an_operation_that_was_given_up_leaves_its_place_when_it_is_answered() {
    let gateway = Gateway::with_concurrency(1);
    let backend = plugin().open(gateway.clone(), r#"{"fault":"answers_after_cancel","at":"stat"}"#).await.unwrap();
    for _ in 0..3 {
        give_up(&gateway, backend.stat("a")).await;
    }
    backend.health().await.unwrap();
}

#[tokio::test]
async fn a_writer_that_waited_for_a_place_in_vain_can_be_aborted() {
    let gateway = Gateway::with_concurrency(1);
    let backend = plugin().open(gateway.clone(), r#"{"fault":"answers_after_cancel","at":"stat"}"#).await.unwrap();
    let mut writer = backend.create("a", WriteOptions::default()).await.unwrap();
    let mut in_the_way = Box::pin(backend.stat("a"));
    give_up(&gateway, in_the_way.as_mut()).await;
    assert!(hangs(writer.write(Bytes::from_static(b"x"))).await);
    drop(in_the_way);
    assert_eq!(writer.write(Bytes::new()).await.unwrap_err().kind(), Kind::Misuse, "a chunk is missing");
    writer.abort().await.unwrap();
    gateway.until(|gateway| gateway.count("writers_destroyed") == 1).await;
}

#[test]
fn one_that_blocks_takes_no_worker() {
    // One worker: if the plugin could block it, nothing else would run.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (backend, gateway) = faulty("blocks", "stat").await;
        let backend = backend.unwrap();
        give_up(&gateway, backend.stat("a")).await;
        works(&backend).await;
    });
    // Its thread is lost until the process ends.
    runtime.shutdown_background();
}

#[tokio::test]
async fn nonsense_is_an_error() {
    let broken = "the plugin broke its contract: it answered";
    for (fault, at, kind, text) in [
        ("garbage_code", "stat", Kind::Internal, "no such object"),
        ("garbage_end", "commit", Kind::Internal, broken),
        ("garbage_end", "open_write", Kind::Internal, broken),
        ("garbage_error", "stat", Kind::Denied, "\u{fffd}\u{fffd} bad"),
        ("long_error", "health", Kind::Denied, "xxx"),
        ("garbage_text", "open_write", Kind::Internal, broken),
        ("garbage_text", "commit", Kind::Internal, broken),
        ("garbage_text", "format_location", Kind::Internal, broken),
        ("garbage_text", "list_staged", Kind::Internal, broken),
        ("long_text", "open_write", Kind::Internal, broken),
        ("long_text", "parse_location", Kind::Internal, broken),
        ("long_text", "list_staged", Kind::Internal, broken),
        ("null_data", "next", Kind::Internal, broken),
        ("huge_data", "next", Kind::Internal, broken),
        ("no_data", "next", Kind::Internal, broken),
        ("no_reply", "health", Kind::Internal, broken),
        ("short_reply", "health", Kind::Internal, broken),
        ("null_handle", "open_write", Kind::Internal, broken),
        ("null_handle", "open_read", Kind::Internal, broken),
    ] {
        let (backend, _) = faulty(fault, at).await;
        let backend = backend.unwrap();
        if at == "next" || at == "open_read" {
            put(&backend, "a").await.unwrap();
        }
        let error = provoke(&backend, at).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{fault} at {at}: {error}");
        assert!(error.message().starts_with(text), "{fault} at {at}: {error}");
        assert!(error.message().len() < 5000, "{fault} at {at}");
    }
    let (backend, _) = faulty("null_handle", "open").await;
    assert_eq!(backend.unwrap_err().kind(), Kind::Internal);
}

#[tokio::test]
async fn a_handle_nobody_asked_for_is_left_alone() {
    let (backend, gateway) = faulty("unasked_handle", "health").await;
    let backend = backend.unwrap();
    backend.health().await.unwrap();
    drop(backend);
    gateway.until(|gateway| gateway.count("backends_destroyed") == 1).await;
    let told: Vec<_> = gateway.metrics.lock().unwrap().iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(told, ["faults", "backends_destroyed"]);
}

async fn provoke(backend: &Backend, at: &str) -> Result<()> {
    match at {
        "stat" => backend.stat("missing").await.map(drop),
        "open_write" | "commit" => put(backend, "b").await.map(drop),
        "open_read" | "next" => get(backend, "a").await.map(drop),
        "format_location" => backend.format_location("a").await.map(drop),
        "parse_location" => backend.parse_location("a").await.map(drop),
        "list_staged" => backend.list_staged().await.map(drop),
        "health" => backend.health().await,
        other => Err(Error::new(Kind::Config, format!("no way to provoke {other}"))),
    }
}
