//! A backend that is careless with its configuration and with what it declares, and does nothing else.

use casement_sdk::{
    Backend, Bytes, Capabilities, Error, Host, Kind, NoListing, Range, Reader, Result, Stat, WriteOptions, Writer,
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::{fmt::Debug, marker::PhantomData};

/// Takes every key, and tells what stands there.
#[derive(Debug, serde::Deserialize, JsonSchema)]
pub(crate) struct Loose {
    #[serde(default)]
    #[allow(dead_code)]
    anything: Value,
    #[serde(flatten)]
    #[allow(dead_code)]
    rest: Map<String, Value>,
}

pub(crate) struct Lax<C>(PhantomData<C>);
pub(crate) enum Never {}

impl<C: Debug + DeserializeOwned + JsonSchema + Send + Sync + 'static> Backend for Lax<C> {
    const NAME: &'static str = "lax";
    type Config = C;
    type Writer = Never;
    type Reader = Never;
    type Lister = NoListing;

    async fn open(config: C, _: Host) -> Result<Self> {
        let config = format!("{config:?}");
        // Has a limit for what it is told, and tells it.
        if config.contains("hunter2") {
            return Err(Error::new(Kind::Config, format!("too long: {config}")));
        }
        Ok(Self(PhantomData))
    }
    fn capabilities(&self) -> Capabilities {
        Capabilities { list: true, ..Self::CAPABILITIES }
    }
    async fn stat(&self, key: &str) -> Result<Stat> {
        Err(Error::not_found(key))
    }
    async fn create(&self, _: &str, _: WriteOptions) -> Result<Never> {
        Err(Error::new(Kind::NoSpace, "full"))
    }
    async fn read(&self, key: &str, _: Range) -> Result<Never> {
        Err(Error::not_found(key))
    }
    async fn delete(&self, key: &str) -> Result<()> {
        Err(Error::not_found(key))
    }
}

impl Writer for Never {
    async fn write(&mut self, _: Bytes) -> Result<()> {
        match *self {}
    }
    async fn commit(self) -> Result<Stat> {
        match self {}
    }
}

impl Reader for Never {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        match *self {}
    }
}
