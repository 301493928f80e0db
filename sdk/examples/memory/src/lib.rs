//! Keeps objects in memory: the smallest complete backend. Nothing outlives the process.

use casement_sdk::{Backend, Bytes, Error, Host, NoListing, Range, Reader, Result, Stat, WriteOptions, Writer};
use std::{collections::hash_map, sync::Arc};
use tokio::sync::Mutex;

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {}

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<hash_map::HashMap<String, Bytes>>>);
struct Draft(Memory, String, Vec<u8>);
struct Object(Option<Bytes>);

impl Memory {
    async fn object(&self, key: &str) -> Result<Bytes> {
        self.0.lock().await.get(key).cloned().ok_or_else(|| Error::not_found(key))
    }
}

impl Backend for Memory {
    const NAME: &'static str = "memory";
    const NON_BLOCKING: bool = true;
    type Config = Config;
    type Writer = Draft;
    type Reader = Object;
    type Lister = NoListing;

    async fn open(_: Config, _: Host) -> Result<Self> {
        Ok(Self::default())
    }
    async fn stat(&self, key: &str) -> Result<Stat> {
        Ok(Stat::of_size(self.object(key).await?.len() as u64))
    }
    async fn create(&self, key: &str, _: WriteOptions) -> Result<Draft> {
        Ok(Draft(self.clone(), key.to_owned(), Vec::new()))
    }
    async fn read(&self, key: &str, range: Range) -> Result<Object> {
        let mut object = self.object(key).await?;
        drop(object.split_to(object.len().min(range.offset as usize)));
        object.truncate(range.len.map_or(usize::MAX, |len| len as usize));
        Ok(Object(Some(object)))
    }
    async fn delete(&self, key: &str) -> Result<()> {
        self.0.lock().await.remove(key).map(drop).ok_or_else(|| Error::not_found(key))
    }
}

impl Writer for Draft {
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.2.extend_from_slice(&chunk);
        Ok(())
    }
    async fn commit(self) -> Result<Stat> {
        let Draft(memory, key, data) = self;
        match memory.0.lock().await.entry(key) {
            hash_map::Entry::Occupied(taken) => Err(Error::exists(taken.key())),
            hash_map::Entry::Vacant(free) => Ok(Stat::of_size(free.insert(data.into()).len() as u64)),
        }
    }
}

impl Reader for Object {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        Ok(self.0.take())
    }
}

casement_sdk::export_backend!(Memory);
