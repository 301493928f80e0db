//! The whole life of a backend through the real tables, inside one binary, so that sanitizers see every pointer.
#![allow(clippy::unwrap_used)]

mod common;

use bytes::Bytes;
use casement_sdk::{
    Backend, Blocking, Capabilities, Entry, Error, Host, Kind, Lister, NoListing, ObjectFile, Range, Reader, Result,
    Staged, Stat, Usage, WriteOptions, Writer, blocking,
    host::{self, Plugin},
};
use common::Gateway;
use futures_util::poll;
use std::{
    collections::BTreeMap,
    future::{Future, pending},
    io::{self, Seek, Write as _},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::oneshot;

type Objects = Arc<Mutex<BTreeMap<String, Vec<Bytes>>>>;

struct Shelf {
    objects: Objects,
    host: Host,
}

impl Drop for Shelf {
    fn drop(&mut self) {
        self.host.counter_add("dropped", 1);
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// How deep.
    #[serde(default)]
    depth: u32,
    #[allow(dead_code)]
    inner: Option<Inner>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Inner {
    #[allow(dead_code)]
    name: String,
}

struct Draft {
    objects: Objects,
    key: String,
    token: String,
    chunks: Vec<Bytes>,
}
struct Chunks(std::vec::IntoIter<Bytes>);
struct Pages(Vec<Entry>);

impl Backend for Shelf {
    const NAME: &'static str = "shelf";
    type Config = Config;
    type Writer = Draft;
    type Reader = Chunks;
    type Lister = Pages;

    async fn open(config: Config, host: Host) -> Result<Self> {
        host.counter_add("opened", 1);
        host.gauge_set("depth", config.depth.into());
        host.histogram_observe("spread", 0.5);
        Ok(Self { objects: Objects::default(), host })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { list: true, presign: true, chunk_size: 4096, max_object_size: 7, ..Capabilities::default() }
    }

    async fn stat(&self, key: &str) -> Result<Stat> {
        let objects = self.objects.lock().unwrap();
        let chunks = objects.get(key).ok_or_else(|| Error::not_found(key))?;
        let size = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        Ok(Stat { size, etag: Some("e-1".into()), modified_ms: Some(12) })
    }

    async fn create(&self, key: &str, options: WriteOptions) -> Result<Draft> {
        match key {
            "hang" => pending().await,
            "late" => tokio::task::yield_now().await,
            _ => {}
        }
        let token = format!("{}/{:?}", options.transfer, options.size);
        Ok(Draft { objects: self.objects.clone(), key: key.into(), token, chunks: Vec::new() })
    }

    async fn read(&self, key: &str, range: Range) -> Result<Chunks> {
        assert_eq!(range, Range::default());
        let objects = self.objects.lock().unwrap();
        let chunks = objects.get(key).ok_or_else(|| Error::not_found(key))?;
        Ok(Chunks(chunks.clone().into_iter()))
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.objects.lock().unwrap().remove(key).map(drop).ok_or_else(|| Error::not_found(key))
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Pages> {
        let objects = self.objects.lock().unwrap();
        let keys = objects.keys().filter(|key| key.starts_with(prefix));
        let keys = keys.filter(|key| after.is_none_or(|after| key.as_str() > after));
        Ok(Pages(keys.map(|key| Entry { key: key.clone(), size: 1 }).collect()))
    }

    async fn discard(&self, token: &str) -> Result<()> {
        Err(Error::not_found(token))
    }

    async fn list_staged(&self) -> Result<Vec<Staged>> {
        Ok(vec![Staged { token: "t".into(), idle_ms: None }])
    }

    async fn presign_read(&self, key: &str, lifetime: Duration) -> Result<String> {
        Ok(format!("https://shelf/{key}?for={lifetime:?}"))
    }

    async fn open_file(&self, key: &str) -> Result<ObjectFile> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(key.as_bytes()).unwrap();
        file.rewind().unwrap();
        Ok(ObjectFile { file, size: 7 })
    }

    fn format_location(&self, key: &str) -> Result<String> {
        Ok(format!("shelf:{key}"))
    }

    fn parse_location(&self, uri: &str) -> Result<String> {
        uri.strip_prefix("shelf:").map(str::to_owned).ok_or_else(|| Error::not_found(uri))
    }

    async fn health(&self) -> Result<()> {
        Err(Error::new(Kind::Unavailable, "resting").with_retry_after_ms(250).of_one_object())
    }
}

impl Writer for Draft {
    fn token(&self) -> &str {
        &self.token
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        match &chunk[..] {
            b"hang" => pending().await,
            b"refuse" => return Err(Error::new(Kind::NoSpace, "full")),
            _ => self.chunks.push(chunk),
        }
        Ok(())
    }

    async fn commit(self) -> Result<Stat> {
        let size = self.chunks.iter().map(|chunk| chunk.len() as u64).sum();
        self.objects.lock().unwrap().insert(self.key, self.chunks);
        Ok(Stat { size, ..Stat::default() })
    }
}

impl Reader for Chunks {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        Ok(self.0.next())
    }
}

impl Lister for Pages {
    async fn next_page(&mut self) -> Result<Vec<Entry>> {
        Ok(std::mem::take(&mut self.0))
    }
}

async fn shelf() -> host::Backend {
    Plugin::from_static::<Shelf>().unwrap().open(Gateway::new(), "{}").await.unwrap()
}

async fn put(backend: &host::Backend, key: &str, chunk: Bytes) -> Stat {
    let mut writer = backend.create(key, WriteOptions::default()).await.unwrap();
    writer.write(chunk).await.unwrap();
    writer.commit().await.unwrap()
}

#[tokio::test]
async fn an_object_is_written_described_listed_read_and_deleted() {
    let backend = shelf().await;
    let options = WriteOptions { size: Some(5), transfer: "t-1".into() };
    let mut writer = backend.create("a", options).await.unwrap();
    assert_eq!(writer.token(), "t-1/Some(5)");
    writer.write(Bytes::from_static(b"hello")).await.unwrap();
    assert_eq!(backend.stat("a").await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(writer.commit().await.unwrap(), Stat { size: 5, ..Stat::default() });

    let stat = backend.stat("a").await.unwrap();
    assert_eq!(stat, Stat { size: 5, etag: Some("e-1".into()), modified_ms: Some(12) });

    put(&backend, "b", Bytes::from_static(b"x")).await;
    let mut lister = backend.list("", Some("a")).await.unwrap();
    assert_eq!(lister.next_page().await.unwrap(), [Entry { key: "b".into(), size: 1 }]);
    assert_eq!(lister.next_page().await.unwrap(), []);

    let mut reader = backend.read("a", Range::default()).await.unwrap();
    assert_eq!(reader.next().await.unwrap().unwrap(), "hello");
    assert_eq!(reader.next().await.unwrap(), None);

    backend.delete("a").await.unwrap();
    assert_eq!(backend.delete("a").await.unwrap_err(), Error::not_found("a"));
}

#[tokio::test]
async fn what_is_not_bytes_crosses_unchanged() {
    let plugin = Plugin::from_static::<Shelf>().unwrap();
    assert_eq!((plugin.name(), plugin.abi(), plugin.unwinds()), ("shelf", (1, 3), true));
    assert!(plugin.built_with().contains("rustc 1."), "{}", plugin.built_with());
    let schema: serde_json::Value = serde_json::from_str(plugin.config_schema()).unwrap();
    assert_eq!(schema["properties"]["depth"]["description"], "How deep.");
    assert_eq!(schema["additionalProperties"], false);
    assert!(!plugin.has_extension("casement.nothing/1"));
    for extension in ["casement.backend.presign/1", "casement.backend.placement/1", "casement.backend.file/1"] {
        assert!(plugin.has_extension(extension), "{extension}");
    }

    let gateway = Gateway::new();
    let backend = plugin.open(gateway.clone(), r#"{"depth": 3}"#).await.unwrap();
    let told: Vec<_> = gateway.metrics.lock().unwrap().clone();
    assert_eq!(told, [("opened".into(), 1.0), ("depth".into(), 3.0), ("spread".into(), 0.5)]);

    let expected =
        Capabilities { list: true, presign: true, chunk_size: 4096, max_object_size: 7, ..Capabilities::default() };
    assert_eq!(backend.capabilities(), &expected);
    assert_eq!(backend.list_staged().await.unwrap(), [Staged { token: "t".into(), idle_ms: None }]);
    assert_eq!(backend.discard("t").await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(backend.copy("a", "b").await.unwrap_err().kind(), Kind::Unsupported);
    assert_eq!(backend.usage().await.unwrap(), Usage::default());
    assert_eq!(backend.presign_read("ä", Duration::from_millis(1500)).await.unwrap(), "https://shelf/ä?for=1.5s");
    let opened = backend.open_file("ä").await.unwrap();
    assert_eq!((io::read_to_string(opened.file).unwrap(), opened.size), ("ä".to_owned(), 7));
    assert_eq!(backend.format_location("ä/b").await.unwrap(), "shelf:ä/b");
    assert_eq!(backend.parse_location("shelf:ä/b").await.unwrap(), "ä/b");
    let resting = Error::new(Kind::Unavailable, "resting").with_retry_after_ms(250).of_one_object();
    assert_eq!(backend.health().await.unwrap_err(), resting);
}

#[tokio::test]
async fn a_wrong_configuration_names_the_key_and_never_the_value() {
    let plugin = Plugin::from_static::<Shelf>().unwrap();
    for (config, text) in [
        (r#"{"depth": "deep"}"#, "`depth`: invalid type: string, expected u32"),
        (r#"{"inner": {"name": 5}}"#, "`inner.name`: invalid type: integer, expected a string"),
        (r#"{"depth": "a at line b, expected c"}"#, "`depth`: invalid type: string, expected u32"),
        (r#"{"dept": 1}"#, "`dept`: unknown field `dept`, expected `depth` or `inner`"),
    ] {
        let error = plugin.open(Gateway::new(), config).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (Kind::Config, text));
    }
}

#[tokio::test]
async fn bytes_are_moved_and_not_copied_both_ways() {
    let backend = shelf().await;
    let chunk = Bytes::from(vec![7; 1 << 20]);
    put(&backend, "a", chunk.clone()).await;
    let mut reader = backend.read("a", Range::default()).await.unwrap();
    let back = reader.next().await.unwrap().unwrap();
    assert_eq!((back.as_ptr(), back.len()), (chunk.as_ptr(), chunk.len()));
}

#[tokio::test]
async fn every_buffer_comes_back() {
    let backend = shelf().await;
    let chunk = Bytes::from(vec![7; 1000]);
    put(&backend, "a", chunk.clone()).await;
    drop(backend.read("a", Range::default()).await.unwrap().next().await.unwrap());
    let mut refused = backend.create("b", WriteOptions::default()).await.unwrap();
    refused.write(chunk.clone()).await.unwrap();
    refused.abort().await.unwrap();
    backend.delete("a").await.unwrap();
    assert!(chunk.is_unique());
}

#[tokio::test]
async fn a_panic_while_bytes_are_let_go_stays_on_its_side() {
    struct Bomb;
    impl AsRef<[u8]> for Bomb {
        fn as_ref(&self) -> &[u8] {
            b"x"
        }
    }
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    let backend = shelf().await;
    put(&backend, "a", Bytes::from_owner(Bomb)).await;
    backend.delete("a").await.unwrap();
    backend.list_staged().await.unwrap();
}

#[tokio::test]
async fn an_unfinished_writer_lets_go_when_dropped() {
    let backend = shelf().await;
    let (gone, dropped) = oneshot::channel::<()>();
    let mut writer = backend.create("a", WriteOptions::default()).await.unwrap();
    // Owned by the chunk: dropped when the author's writer is.
    struct Watched(#[allow(dead_code)] oneshot::Sender<()>);
    impl AsRef<[u8]> for Watched {
        fn as_ref(&self) -> &[u8] {
            b"x"
        }
    }
    writer.write(Bytes::from_owner(Watched(gone))).await.unwrap();
    drop(writer);
    assert!(soon(dropped).await.is_err(), "the sender is dropped unused");
    assert_eq!(backend.stat("a").await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn an_operation_nobody_waits_for_ends() {
    let gateway = Gateway::new();
    let plugin = Plugin::from_static::<Shelf>().unwrap();
    let backend = plugin.open(gateway.clone(), "{}").await.unwrap();
    let mut hanging = Box::pin(backend.create("hang", WriteOptions::default()));
    assert!(poll!(hanging.as_mut()).is_pending());
    drop(hanging);
    let mut late = Box::pin(backend.create("late", WriteOptions::default()));
    drop(poll!(late.as_mut()));
    drop(late);
    drop(backend.create("never polled", WriteOptions::default()));
    // A backend ends after every operation on it, and after every writer that a late answer carried.
    drop(backend);
    gateway.until(|gateway| gateway.count("dropped") == 1).await;
}

#[tokio::test]
async fn after_a_write_that_was_given_up_only_abort_is_legal() {
    let backend = shelf().await;
    let mut writer = backend.create("a", WriteOptions::default()).await.unwrap();
    let mut hanging = Box::pin(writer.write(Bytes::from_static(b"hang")));
    assert!(poll!(hanging.as_mut()).is_pending());
    drop(hanging);
    let error = writer.write(Bytes::from_static(b"more")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Misuse);
    writer.abort().await.unwrap();

    let mut writer = backend.create("a", WriteOptions::default()).await.unwrap();
    let error = writer.write(Bytes::from_static(b"refuse")).await.unwrap_err();
    assert_eq!(error, Error::new(Kind::NoSpace, "full"));
    assert_eq!(writer.commit().await.unwrap_err().kind(), Kind::Misuse);
    assert_eq!(backend.stat("a").await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn a_blocking_backend_runs_through_the_adapter() {
    let plugin = Plugin::from_static::<Blocking<Folder>>().unwrap();
    let backend = plugin.open(Gateway::new(), "{}").await.unwrap();
    assert_eq!(put(&backend, "a", Bytes::from_static(b"hello")).await.size, 5);
    let mut reader = backend.read("a", Range::default()).await.unwrap();
    assert_eq!(reader.next().await.unwrap().unwrap(), "hello");
    assert_eq!(reader.next().await.unwrap(), None);
    let error = backend.delete("a").await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Panicked, "no deletion"));
    assert_eq!(backend.list("", None).await.unwrap_err().kind(), Kind::Unsupported);
    assert_eq!(backend.presign_read("a", Duration::from_secs(1)).await.unwrap_err().kind(), Kind::Unsupported);
}

#[test]
fn what_the_gateway_holds_can_be_sent_and_shared() {
    fn both<T: Send + Sync>(value: T) -> T {
        value
    }
    fn check(plugin: &Plugin, backend: &host::Backend, reader: &mut host::Reader, writer: &mut host::Writer) {
        drop(both(plugin.open(both(Gateway::new()), "")));
        drop(both(backend.read("", Range::default())));
        drop(both(reader.next()));
        drop(both(writer.write(Bytes::new())));
    }
    let _: fn(&Plugin, &host::Backend, &mut host::Reader, &mut host::Writer) = check;
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.unwrap()
}

/// A backend of the blocking kind, for the adapter.
struct Folder(Objects);
struct File(Objects, String, Vec<u8>);
struct Content(Option<Bytes>);

impl blocking::Backend for Folder {
    const NAME: &'static str = "folder";
    type Config = Config;
    type Writer = File;
    type Reader = Content;
    type Lister = NoListing;

    fn open(_: Config, _: Host) -> Result<Self> {
        Ok(Self(Objects::default()))
    }

    fn stat(&self, key: &str) -> Result<Stat> {
        Err(Error::not_found(key))
    }

    fn create(&self, key: &str, _: WriteOptions) -> Result<File> {
        Ok(File(self.0.clone(), key.into(), Vec::new()))
    }

    fn read(&self, key: &str, _: Range) -> Result<Content> {
        Ok(Content(self.0.lock().unwrap().get(key).map(|chunks| chunks[0].clone())))
    }

    fn delete(&self, _: &str) -> Result<()> {
        panic!("no deletion")
    }

    fn format_location(&self, key: &str) -> Result<String> {
        Ok(key.into())
    }

    fn parse_location(&self, uri: &str) -> Result<String> {
        Ok(uri.into())
    }
}

impl blocking::Writer for File {
    fn token(&self) -> &str {
        ""
    }

    fn write(&mut self, chunk: &[u8]) -> Result<()> {
        self.2.extend_from_slice(chunk);
        Ok(())
    }

    fn commit(self) -> Result<Stat> {
        let size = self.2.len() as u64;
        self.0.lock().unwrap().insert(self.1, vec![self.2.into()]);
        Ok(Stat { size, ..Stat::default() })
    }
}

impl blocking::Reader for Content {
    fn next(&mut self) -> Result<Option<Bytes>> {
        Ok(self.0.take())
    }
}
