//! Plugins as files: loading, refusing, and what a loaded file must not be able to do.
#![allow(clippy::unwrap_used)]

mod common;

use bytes::Bytes;
use casement_sdk::{
    Kind, Range, Result, WriteOptions,
    host::{Backend, Level, Library, LoadErrorKind, OpenOptions, Plugin},
};
use common::{Gateway, Line, c_library, cdylib};
use std::{path::Path, sync::Arc, time::Duration};

fn open(path: &Path) -> Plugin {
    Library::open(path, &OpenOptions::default()).unwrap()
}

fn refused(path: &Path, options: OpenOptions) -> (LoadErrorKind, String) {
    let error = Library::open(path, &options).unwrap_err();
    (error.kind(), error.to_string())
}

const ANY_LANGUAGE: OpenOptions = OpenOptions { allow_c_abi: true, allow_abort: false };

async fn put(backend: &Backend, key: &str, data: &'static [u8]) -> Result<u64> {
    let mut writer = backend.create(key, WriteOptions { size: None, transfer: "t".into() }).await?;
    writer.write(Bytes::from_static(data)).await?;
    Ok(writer.commit().await?.size)
}

async fn get(backend: &Backend, key: &str, range: Range) -> Result<Vec<u8>> {
    let mut reader = backend.read(key, range).await?;
    let mut data = Vec::new();
    while let Some(chunk) = reader.next().await? {
        data.extend_from_slice(&chunk);
    }
    Ok(data)
}

#[tokio::test]
async fn the_memory_example_keeps_objects() {
    let plugin = open(&cdylib("casement-memory"));
    assert_eq!((plugin.name(), plugin.version()), ("memory", env!("CASEMENT_SDK_VERSION")));
    assert!(plugin.layout_checked() && plugin.unwinds() && !plugin.declares_blocking());

    let backend = plugin.open(Gateway::new(), "{}").await.unwrap();
    assert_eq!(put(&backend, "a/1", b"hello world").await.unwrap(), 11);
    assert_eq!(put(&backend, "a/1", b"again").await.unwrap_err().kind(), Kind::Exists);
    assert_eq!(put(&backend, "b", b"").await.unwrap(), 0);

    for (offset, len, expected) in
        [(0, None, "hello world"), (6, None, "world"), (3, Some(5), "lo wo"), (9, Some(99), "ld"), (50, None, "")]
    {
        assert_eq!(get(&backend, "a/1", Range { offset, len }).await.unwrap(), expected.as_bytes());
    }

    let mut staged = backend.create("c", WriteOptions { size: None, transfer: "t-3".into() }).await.unwrap();
    staged.write(Bytes::from_static(b"x")).await.unwrap();
    assert_eq!(staged.token(), "", "nothing of it outlives the process");
    assert_eq!(backend.stat("c").await.unwrap_err().kind(), Kind::NotFound);
    staged.abort().await.unwrap();

    let uri = backend.format_location("a/1").await.unwrap();
    assert_eq!(backend.parse_location(&uri).await.unwrap(), "a/1");
    backend.delete("a/1").await.unwrap();
    assert_eq!(backend.delete("a/1").await.unwrap_err().kind(), Kind::NotFound);
}

#[cfg(target_os = "linux")]
#[test]
fn a_rust_plugin_exports_its_two_doors_and_nothing_else() {
    let symbols = common::exported_symbols(&cdylib("casement-memory"));
    assert_eq!(symbols, ["_1as_0lib_1header_0root_bmodule_bloader", "casement_plugin_entry_v1"]);
}

#[tokio::test]
async fn the_null_example_is_a_plugin_in_c() {
    let folder = tempfile::tempdir().unwrap();
    let test = "sdk::plugin_files::the_null_example_is_a_plugin_in_c";
    let Some(library) = c_library(test, "examples/null/null.c", None, folder.path()) else { return };
    #[cfg(target_os = "linux")]
    assert_eq!(common::exported_symbols(&library), ["casement_plugin_entry_v1"]);

    let (kind, text) = refused(&library, OpenOptions::default());
    assert_eq!(kind, LoadErrorKind::NeedsCAbi);
    assert!(text.contains("abi = \"c\""), "{text}");

    let plugin = Library::open(&library, &ANY_LANGUAGE).unwrap();
    assert!(!plugin.layout_checked());
    let gateway = Gateway::new();
    let backend = plugin.open(gateway.clone(), "{}").await.unwrap();
    assert!(gateway.logged("keeps nothing"));
    assert!(backend.capabilities().write && !backend.capabilities().list);
    assert_eq!(put(&backend, "a", b"hello").await.unwrap(), 5);
    assert_eq!(*gateway.metrics.lock().unwrap(), [("bytes_forgotten".into(), 5.0)]);
    assert_eq!(backend.stat("a").await.unwrap_err().message(), "this backend keeps nothing");
    assert_eq!(backend.format_location("a").await.unwrap(), "null://a");
    assert!(gateway.line("forgets").is_some_and(|line| line.request.is_none()));
    put(&backend.for_request("req-1"), "b", b"x").await.unwrap();
    let for_requests = |line: &&Line| line.request.as_deref() == Some("req-1");
    assert_eq!(gateway.lines.lock().unwrap().iter().filter(for_requests).count(), 1, "the C knows of no request");
    assert!(!plugin.has_extension("casement.backend.presign/1"));
    assert_eq!(backend.place("a", "p").await.unwrap(), "a");
    assert_eq!(backend.presign_read("a", Duration::from_secs(1)).await.unwrap_err().kind(), Kind::Unsupported);
    // Functions the plugin left null.
    assert_eq!(backend.list("", None).await.unwrap_err().kind(), Kind::Unsupported);
    assert_eq!(backend.read("a", Range::default()).await.unwrap_err().kind(), Kind::Unsupported);
    backend.health().await.unwrap();
    assert_eq!(backend.usage().await.unwrap(), casement_sdk::Usage::default());
}

#[test]
fn what_is_no_plugin_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.so");
    assert_eq!(refused(&missing, ANY_LANGUAGE).0, LoadErrorKind::Open);
    let text_file = folder.path().join("text.so");
    std::fs::write(&text_file, "no library").unwrap();
    assert_eq!(refused(&text_file, ANY_LANGUAGE).0, LoadErrorKind::Open);

    let (test, source) = ("sdk::plugin_files::what_is_no_plugin_is_refused", "../tests/fixtures/misbehaving.c");
    for (define, kind, text) in [
        (
            "FAULT_WRONG_MAJOR",
            LoadErrorKind::Version,
            "it speaks version 2 of the contract, this gateway 1; rebuild it",
        ),
        ("FAULT_SHORT_DESCRIPTOR", LoadErrorKind::Version, "its descriptor has 16 bytes of 136; rebuild it"),
        ("FAULT_NO_DESCRIPTOR", LoadErrorKind::NotAPlugin, "its entry function refused to start"),
        ("FAULT_NO_DESTROY", LoadErrorKind::NotAPlugin, "its backend has no `destroy`"),
        (
            "FAULT_SHORT_EXTENSION",
            LoadErrorKind::Version,
            "its casement.backend.presign/1 table has 8 bytes of 16; rebuild it",
        ),
    ] {
        let Some(library) = c_library(test, source, Some(define), folder.path()) else { return };
        let (got, message) = refused(&library, ANY_LANGUAGE);
        assert_eq!(got, kind, "{message}");
        assert!(message.starts_with(text), "{message}");
    }
}

#[test]
fn a_plugin_with_other_structs_is_refused_before_any_call() {
    // Its entry function aborts the process.
    let (kind, text) = refused(&cdylib("casement-fixture-changed-layout"), ANY_LANGUAGE);
    assert_eq!(kind, LoadErrorKind::Layout);
    assert!(text.starts_with("its structs differ from this gateway's; rebuild it with casement-sdk"), "{text}");
    assert!(text.len() < 2000, "{} bytes", text.len());
}

/// Opens the fixture that panics in `method`, or says why it could not.
async fn panicking(plugin: &Plugin, gateway: &Arc<Gateway>, method: &str) -> Result<Backend> {
    plugin.open(gateway.clone(), &format!(r#"{{"panic_in": "{method}"}}"#)).await
}

/// Calls what leads to `method` of the author's.
async fn provoke(backend: &Backend, method: &str) -> Result<()> {
    let range = Range::default();
    match method {
        "stat" => backend.stat("a").await.map(drop),
        "create" | "token" | "write" | "commit" => put(backend, "b", b"x").await.map(drop),
        "abort" | "drop" => backend.create("b", WriteOptions::default()).await?.abort().await,
        "read" | "next" => get(backend, "a", range).await.map(drop),
        "delete" => backend.delete("a").await,
        "list" | "next_page" => backend.list("", None).await?.next_page().await.map(drop),
        "discard" => backend.discard("t").await,
        "list_staged" => backend.list_staged().await.map(drop),
        "copy" => backend.copy("a", "b").await.map(drop),
        "presign_read" => backend.presign_read("a", Duration::from_secs(1)).await.map(drop),
        "place" => backend.place("a", "p").await.map(drop),
        "format_location" => backend.format_location("a").await.map(drop),
        "parse_location" => backend.parse_location("panicking://a").await.map(drop),
        "health" => backend.health().await,
        "usage" => backend.usage().await.map(drop),
        other => panic!("no way to provoke {other}"),
    }
}

const METHODS: [&str; 20] = [
    "stat",
    "create",
    "token",
    "write",
    "commit",
    "abort",
    "drop",
    "read",
    "next",
    "delete",
    "list",
    "next_page",
    "discard",
    "list_staged",
    "copy",
    "presign_read",
    "place",
    "format_location",
    "parse_location",
    "usage",
];

#[tokio::test]
async fn a_panic_in_any_method_is_an_answer_and_a_line_in_the_log() {
    let plugin = open(&cdylib("casement-fixture-panicking"));
    let gateway = Gateway::new();
    for method in ["open", "capabilities"] {
        let error = panicking(&plugin, &gateway, method).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (Kind::Panicked, &*told(method)));
    }
    for method in METHODS.into_iter().chain(["health"]) {
        let gateway = Gateway::new();
        let backend = panicking(&plugin, &gateway, method).await.unwrap();
        let writes = ["create", "token", "write", "commit", "drop"];
        if !writes.contains(&method) {
            put(&backend, "a", b"hello").await.unwrap();
        }
        let error = provoke(&backend, method).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (Kind::Panicked, &*told(method)), "{method}");
        gateway.until(|gateway| gateway.logged(&told(method))).await;
        // The rest of the backend still works.
        let alive = if method == "usage" { "health" } else { "usage" };
        provoke(&backend, alive).await.unwrap();
    }
}

fn told(method: &str) -> String {
    format!("the fixture was told to panic in {method}")
}

#[tokio::test]
async fn a_panic_in_drop_is_logged_when_the_gateway_drops_a_writer() {
    let plugin = open(&cdylib("casement-fixture-panicking"));
    let gateway = Gateway::new();
    let backend = panicking(&plugin, &gateway, "drop").await.unwrap();
    drop(backend.create("a", WriteOptions::default()).await.unwrap());
    gateway.until(|gateway| gateway.logged(&told("drop"))).await;
    backend.health().await.unwrap();
}

#[tokio::test]
async fn what_a_plugin_logs_reaches_the_store_it_works_for() {
    let plugin = open(&cdylib("casement-fixture-panicking"));
    let (first, second) = (Gateway::new(), Gateway::new());
    plugin.open(first.clone(), "{}").await.unwrap();
    let before = first.lines.lock().unwrap().len();
    plugin.open(second.clone(), "{}").await.unwrap();
    let line = Line {
        level: Level::INFO,
        target: "casement_fixture_panicking".to_owned(),
        message: "opening store=\"fixture\"".to_owned(),
        request: None,
    };
    assert_eq!(*second.lines.lock().unwrap(), [line]);
    assert_eq!(first.lines.lock().unwrap().len(), before);
}

#[tokio::test]
async fn what_a_plugin_logs_in_an_operation_bears_the_id_of_the_request_that_it_is_for() {
    let plugin = open(&cdylib("casement-fixture-panicking"));
    for method in METHODS {
        let gateway = Gateway::new();
        let backend = panicking(&plugin, &gateway, method).await.unwrap();
        let request = format!("req-{method}");
        let backend = backend.for_request(&request);
        if !["create", "token", "write", "commit", "drop"].contains(&method) {
            put(&backend, "a", b"hello").await.unwrap();
        }
        provoke(&backend, method).await.unwrap_err();
        gateway.until(|gateway| gateway.logged(&told(method))).await;
        assert_eq!(gateway.line(&told(method)).unwrap().request, Some(request));
    }
}
