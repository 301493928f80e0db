//! A store on a backend in memory, linked in rather than loaded, for the tests of the data path.
#![allow(clippy::unwrap_used)]

use crate::{
    config::{Limits, StoreOptions},
    store::Store,
};
use bytes::Bytes;
use casement_sdk::{
    Backend, Capabilities, Error, Host, Kind, NoListing, ObjectFile, Range, Reader, Result, Stat, WriteOptions, Writer,
    host::Plugin,
};
use serde_json::json;
use std::{
    collections::HashMap,
    io::Write,
    sync::{Arc, Mutex},
};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Config {
    /// Bytes after which writes answer that the store is full.
    full_at: Option<u64>,
    /// Bytes after which readers break.
    break_at: Option<u64>,
    /// Bytes after which readers say that this was all.
    end_at: Option<u64>,
    /// Questions for its health are never answered.
    #[serde(default)]
    silent: bool,
    /// Nothing can be deleted.
    #[serde(default)]
    keeps: bool,
    /// Objects are files as well, with so many bytes less.
    files_lack: Option<u64>,
    /// The size of chunk that it likes best, and insists on.
    chunk_size: Option<u64>,
}

struct Memory {
    config: Config,
    objects: Arc<Mutex<HashMap<String, Bytes>>>,
}

struct Staged {
    key: String,
    data: Vec<u8>,
    full_at: u64,
    chunk_size: Option<usize>,
    objects: Arc<Mutex<HashMap<String, Bytes>>>,
}

struct Part {
    data: Bytes,
    /// What is said once the data is at its end.
    last: Result<()>,
}

impl Backend for Memory {
    const NAME: &'static str = "memory";
    // Answers at once, so that a test's paused clock does not run on meanwhile.
    const NON_BLOCKING: bool = true;
    type Config = Config;
    type Writer = Staged;
    type Reader = Part;
    type Lister = NoListing;

    async fn open(config: Config, _host: Host) -> Result<Self> {
        Ok(Self { config, objects: Arc::default() })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            delete: !self.config.keeps,
            open_file: self.config.files_lack.is_some(),
            chunk_size: self.config.chunk_size.unwrap_or(0),
            ..Self::CAPABILITIES
        }
    }

    async fn stat(&self, key: &str) -> Result<Stat> {
        let objects = self.objects.lock().unwrap();
        let object = objects.get(key).ok_or_else(|| Error::not_found(key))?;
        Ok(Stat { size: object.len() as u64, ..Stat::default() })
    }

    async fn create(&self, key: &str, _options: WriteOptions) -> Result<Staged> {
        let full_at = self.config.full_at.unwrap_or(u64::MAX);
        let chunk_size = self.config.chunk_size.map(|size| size as usize);
        Ok(Staged { key: key.to_owned(), data: Vec::new(), full_at, chunk_size, objects: Arc::clone(&self.objects) })
    }

    async fn read(&self, key: &str, range: Range) -> Result<Part> {
        let object = self.objects.lock().unwrap().get(key).cloned().ok_or_else(|| Error::not_found(key))?;
        let broken = Error::new(Kind::Unavailable, "the wire is cut");
        let (stop, last) = match (self.config.break_at, self.config.end_at) {
            (Some(at), _) => (at as usize, Err(broken)),
            (None, Some(at)) => (at as usize, Ok(())),
            (None, None) => (object.len(), Ok(())),
        };
        let end = object.len().min(stop);
        Ok(Part { data: object.slice((range.offset as usize).min(end)..end), last })
    }

    async fn open_file(&self, key: &str) -> Result<ObjectFile> {
        let object = self.objects.lock().unwrap().get(key).cloned().ok_or_else(|| Error::not_found(key))?;
        let size = object.len() - self.config.files_lack.unwrap() as usize;
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&object[..size]).unwrap();
        Ok(ObjectFile { file, size: size as u64 })
    }

    async fn delete(&self, key: &str) -> Result<()> {
        assert!(!self.config.keeps, "nobody asks for what it can't do");
        self.objects.lock().unwrap().remove(key).map(drop).ok_or_else(|| Error::not_found(key))
    }

    async fn health(&self) -> Result<()> {
        if self.config.silent { std::future::pending().await } else { Ok(()) }
    }

    fn format_location(&self, key: &str) -> Result<String> {
        Ok(format!("memory:{key}"))
    }

    fn parse_location(&self, uri: &str) -> Result<String> {
        uri.strip_prefix("memory:").map(ToOwned::to_owned).ok_or_else(|| Error::not_found(uri))
    }
}

impl Writer for Staged {
    fn token(&self) -> &str {
        &self.key
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        if self.chunk_size.is_some_and(|size| !self.data.len().is_multiple_of(size) || chunk.len() > size) {
            let message = format!("{} bytes at {} are no such chunk", chunk.len(), self.data.len());
            return Err(Error::new(Kind::Misuse, message));
        }
        self.data.extend_from_slice(&chunk);
        match self.data.len() as u64 > self.full_at {
            true => Err(Error::new(Kind::NoSpace, "full")),
            false => Ok(()),
        }
    }

    async fn commit(self) -> Result<Stat> {
        let size = self.data.len() as u64;
        self.objects.lock().unwrap().insert(self.key, self.data.into());
        Ok(Stat { size, ..Stat::default() })
    }
}

impl Reader for Part {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        if self.data.is_empty() {
            return self.last.clone().map(|()| None);
        }
        let piece = self.data.len().min(3);
        Ok(Some(self.data.split_to(piece)))
    }
}

/// An open store; `config` names its faults.
pub(crate) async fn store(id: &str, config: serde_json::Value) -> Arc<Store> {
    let options = StoreOptions {
        id: id.to_owned(),
        plugin: Memory::NAME.to_owned(),
        description: None,
        default: false,
        required: false,
        read_only: false,
        client_locations: false,
        weight: 0,
        limits: Limits { tries: 1, ..Limits::default() },
        config: serde_json::Map::new(),
        base_dir: std::path::PathBuf::new(),
    };
    let plugin = Plugin::from_static::<Memory>().unwrap();
    let store = Store::new(options, 1);
    store.open_with(plugin.open(store.services(), &config.to_string()).await.unwrap(), plugin.version().to_owned());
    Arc::new(store)
}

/// An open store without faults.
pub(crate) async fn sound_store(id: &str) -> Arc<Store> {
    store(id, json!({})).await
}
