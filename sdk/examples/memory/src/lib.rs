//! Keeps objects in memory: the smallest complete backend. Nothing outlives the process.

use casement_sdk::{
    Backend, Bytes, Capabilities, Entry, Error, Host, Kind, Lister, Range, Reader, Result, Stat, WriteOptions, Writer,
    export_backend,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {}

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<BTreeMap<String, Bytes>>>);
struct Object(Option<Bytes>);
struct Page(Vec<Entry>);
struct Draft {
    memory: Memory,
    key: String,
    token: String,
    data: Vec<u8>,
}

impl Memory {
    fn objects(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn object(&self, key: &str) -> Result<Bytes> {
        self.objects().get(key).cloned().ok_or_else(|| Error::not_found(key))
    }
}

impl Backend for Memory {
    const NAME: &'static str = "memory";
    const NON_BLOCKING: bool = true;
    type Config = Config;
    type Writer = Draft;
    type Reader = Object;
    type Lister = Page;

    async fn open(_: Config, _: Host) -> Result<Self> {
        Ok(Self::default())
    }
    fn capabilities(&self) -> Capabilities {
        Capabilities { list: true, ..Capabilities::default() }
    }
    async fn stat(&self, key: &str) -> Result<Stat> {
        Ok(Stat { size: self.object(key)?.len() as u64, ..Stat::default() })
    }
    async fn create(&self, key: &str, options: WriteOptions) -> Result<Draft> {
        let (memory, token) = (self.clone(), options.transfer);
        Ok(Draft { memory, key: key.into(), token, data: Vec::new() })
    }
    async fn read(&self, key: &str, range: Range) -> Result<Object> {
        let mut object = self.object(key)?;
        drop(object.split_to(object.len().min(range.offset as usize)));
        object.truncate(range.len.map_or(usize::MAX, |len| len as usize));
        Ok(Object(Some(object)))
    }
    async fn delete(&self, key: &str) -> Result<()> {
        self.objects().remove(key).map(drop).ok_or_else(|| Error::not_found(key))
    }
    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Page> {
        let (objects, after) = (self.objects(), after.unwrap_or_default());
        let wanted = objects.iter().filter(|(k, _)| k.starts_with(prefix) && k.as_str() > after);
        Ok(Page(wanted.map(|(k, o)| Entry { key: k.clone(), size: o.len() as u64 }).collect()))
    }
    fn format_location(&self, key: &str) -> Result<String> {
        Ok(format!("memory://{key}"))
    }
    fn parse_location(&self, uri: &str) -> Result<String> {
        uri.strip_prefix("memory://").map(Into::into).ok_or_else(|| Error::not_found(uri))
    }
}

impl Writer for Draft {
    fn token(&self) -> &str {
        &self.token
    }
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.data.extend_from_slice(&chunk);
        Ok(())
    }
    async fn commit(self) -> Result<Stat> {
        let mut objects = self.memory.objects();
        if objects.contains_key(&self.key) {
            return Err(Error::new(Kind::Exists, format!("there is an object `{}`", self.key)));
        }
        let size = self.data.len() as u64;
        objects.insert(self.key, self.data.into());
        Ok(Stat { size, ..Stat::default() })
    }
}

impl Reader for Object {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        Ok(self.0.take())
    }
}

impl Lister for Page {
    async fn next_page(&mut self) -> Result<Vec<Entry>> {
        Ok(std::mem::take(&mut self.0))
    }
}

export_backend!(Memory);
