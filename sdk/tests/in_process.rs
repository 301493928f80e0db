//! The whole life of a backend through the real tables, inside one binary, so that sanitizers see every pointer.
#![allow(clippy::unwrap_used)]

mod common;

use bytes::Bytes;
use casement_sdk::{
    Backend, Capabilities, Entry, Error, Host, Kind, Lister, Range, Reader, Result, Staged, Stat, WriteOptions, Writer,
    host::{self, Plugin},
};
use common::Gateway;
use std::{
    collections::BTreeMap,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

type Objects = Arc<Mutex<BTreeMap<String, Vec<Bytes>>>>;

struct Shelf {
    objects: Objects,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// How deep.
    #[serde(default)]
    depth: u32,
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
        Ok(Self { objects: Objects::default() })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { list: true, chunk_size: 4096, max_object_size: 7, ..Capabilities::default() }
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

    fn format_location(&self, key: &str) -> Result<String> {
        Ok(format!("shelf:{key}"))
    }

    fn parse_location(&self, uri: &str) -> Result<String> {
        uri.strip_prefix("shelf:").map(str::to_owned).ok_or_else(|| Error::not_found(uri))
    }

    async fn health(&self) -> Result<()> {
        Err(Error::new(Kind::Unavailable, "resting").with_retry_after_ms(250))
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
async fn a_hanging_operation_ends_with_its_future() {
    let backend = shelf().await;
    let hanging = backend.create("hang", WriteOptions::default());
    assert!(tokio::time::timeout(Duration::from_millis(10), hanging).await.is_err());
}
