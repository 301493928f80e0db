//! For which of the client's requests an operation is, as a backend sees it.
#![allow(clippy::unwrap_used)]

mod common;

use bytes::Bytes;
use casement_sdk::{
    Backend, Blocking, Error, Host, NoListing, Range, Reader, Result, Stat, WriteOptions, Writer, blocking,
    host::{self, Plugin},
    in_this_operation, request_id,
};
use common::Gateway;
use std::sync::Arc;

/// Tells of every call for which request it came, as a figure of that name.
#[derive(Clone)]
struct Witness(Host);

impl Witness {
    fn tell(&self, call: &str) {
        self.0.counter_add(&format!("{call} for {}", request_id().as_deref().unwrap_or("none")), 1);
    }
}

struct Draft(Witness);
struct Object(Witness);

impl Drop for Draft {
    fn drop(&mut self) {
        self.0.tell("drop");
    }
}

impl Backend for Witness {
    const NAME: &'static str = "witness";
    type Config = serde_json::Value;
    type Writer = Draft;
    type Reader = Object;
    type Lister = NoListing;

    async fn open(_: serde_json::Value, host: Host) -> Result<Self> {
        let witness = Self(host);
        witness.tell("open");
        Ok(witness)
    }
    async fn stat(&self, key: &str) -> Result<Stat> {
        tokio::task::yield_now().await;
        self.tell("stat");
        Err(Error::not_found(key))
    }
    async fn create(&self, _: &str, _: WriteOptions) -> Result<Draft> {
        Ok(Draft(self.clone()))
    }
    async fn read(&self, _: &str, _: Range) -> Result<Object> {
        Ok(Object(self.clone()))
    }
    async fn delete(&self, _: &str) -> Result<()> {
        let witness = self.clone();
        tokio::spawn(in_this_operation(async move { witness.tell("task") })).await.unwrap();
        let witness = self.clone();
        tokio::spawn(async move { witness.tell("stray task") }).await.unwrap();
        Ok(())
    }
    async fn health(&self) -> Result<()> {
        self.tell("health");
        Ok(())
    }
    fn place(&self, key: &str, owner: &str) -> Result<String> {
        match owner {
            "nobody" => Err(Error::unsupported("keeping something for nobody")),
            "nameless" => Ok(String::new()),
            owner => Ok(format!("{owner}/{key}")),
        }
    }
}

impl Writer for Draft {
    async fn write(&mut self, _: Bytes) -> Result<()> {
        self.0.tell("write");
        Ok(())
    }
    async fn commit(self) -> Result<Stat> {
        self.0.tell("commit");
        Ok(Stat::default())
    }
}

impl Reader for Object {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        self.0.tell("next");
        Ok(None)
    }
}

impl blocking::Backend for Witness {
    const NAME: &'static str = "witness";
    type Config = serde_json::Value;
    type Writer = Draft;
    type Reader = Object;
    type Lister = NoListing;

    fn open(_: serde_json::Value, host: Host) -> Result<Self> {
        Ok(Self(host))
    }
    fn stat(&self, key: &str) -> Result<Stat> {
        self.tell("stat");
        Err(Error::not_found(key))
    }
    fn create(&self, _: &str, _: WriteOptions) -> Result<Draft> {
        Ok(Draft(self.clone()))
    }
    fn read(&self, _: &str, _: Range) -> Result<Object> {
        Ok(Object(self.clone()))
    }
    fn delete(&self, _: &str) -> Result<()> {
        Ok(())
    }
    fn health(&self) -> Result<()> {
        self.tell("health");
        Ok(())
    }
    fn format_location(&self, key: &str) -> Result<String> {
        Ok(key.to_owned())
    }
    fn parse_location(&self, uri: &str) -> Result<String> {
        Ok(uri.to_owned())
    }
}

impl blocking::Writer for Draft {
    fn token(&self) -> &str {
        ""
    }
    fn write(&mut self, _: &[u8]) -> Result<()> {
        self.0.tell("write");
        Ok(())
    }
    fn commit(self) -> Result<Stat> {
        self.0.tell("commit");
        Ok(Stat::default())
    }
}

impl blocking::Reader for Object {
    fn next(&mut self) -> Result<Option<Bytes>> {
        self.0.tell("next");
        Ok(None)
    }
}

async fn opened<B: Backend>() -> (host::Backend, Arc<Gateway>) {
    let gateway = Gateway::new();
    let store = Plugin::from_static::<B>().unwrap().open(gateway.clone(), "{}").await.unwrap();
    (store, gateway)
}

/// Waits until the backend has told that.
async fn told(gateway: &Gateway, what: &str) {
    gateway.until(|gateway| gateway.count(what) == 1).await;
}

async fn every_call_tells_its_request<B: Backend>() {
    let (store, gateway) = opened::<B>().await;
    let (first, second) = (store.for_request("req-1"), store.for_request("req-2"));
    let mut writer = first.create("a", WriteOptions::default()).await.unwrap();
    second.stat("a").await.unwrap_err();
    store.health().await.unwrap();
    writer.write(Bytes::from_static(b"x")).await.unwrap();
    second.read("a", Range::default()).await.unwrap().next().await.unwrap();
    writer.commit().await.unwrap();
    for what in ["stat for req-2", "health for none", "write for req-1", "next for req-2", "commit for req-1"] {
        assert_eq!(gateway.count(what), 1, "{what}");
    }
    told(&gateway, "drop for req-1").await;
    drop(second.create("b", WriteOptions::default()).await.unwrap());
    told(&gateway, "drop for req-2").await;
}

#[tokio::test]
async fn an_operation_tells_its_request_and_what_is_opened_keeps_it() {
    every_call_tells_its_request::<Witness>().await;
}

#[tokio::test]
async fn a_blocking_operation_tells_its_request_too() {
    every_call_tells_its_request::<Blocking<Witness>>().await;
}

#[tokio::test]
async fn a_task_tells_the_request_of_the_operation_that_it_is_made_a_part_of() {
    let (store, gateway) = opened::<Witness>().await;
    store.for_request("req-1").delete("a").await.unwrap();
    assert_eq!((gateway.count("task for req-1"), gateway.count("stray task for none")), (1, 1));
}

#[tokio::test]
async fn an_empty_id_is_no_request() {
    let (store, gateway) = opened::<Witness>().await;
    store.for_request("").health().await.unwrap();
    assert_eq!((gateway.count("open for none"), gateway.count("health for none")), (1, 1));
}

#[tokio::test]
async fn a_backend_says_where_it_keeps_what_is_a_projects() {
    let (store, _) = opened::<Witness>().await;
    assert_eq!(store.place("a", "p").await.unwrap(), "p/a");
    assert_eq!(store.place("a", "nobody").await.unwrap_err().kind(), casement_sdk::Kind::Unsupported);
    let error = store.place("a", "nameless").await.unwrap_err();
    assert!(error.message().contains("answered `place` with no key"), "{error}");

    let (other, _) = opened::<Blocking<Witness>>().await;
    assert_eq!(other.place("a", "p").await.unwrap(), "a", "owners make no difference to it");
}
