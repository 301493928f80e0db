//! A backend that forgets what it is sent, and reads zeros: what is left is what stands before it.

use casement_sdk::{Backend, Bytes, Host, NoListing, Range, Reader, Result, Stat, WriteOptions, Writer};

#[derive(serde::Deserialize, schemars::JsonSchema)]
pub(crate) struct Config {}

pub(crate) struct Null;
pub(crate) struct Sink(u64);
pub(crate) struct Zeros(Bytes, usize);

/// What is read at once, and how often.
pub(crate) const CHUNK: usize = 1 << 20;
pub(crate) const CHUNKS: usize = 64;

impl Backend for Null {
    const NAME: &'static str = "null";
    const NON_BLOCKING: bool = true;
    type Config = Config;
    type Writer = Sink;
    type Reader = Zeros;
    type Lister = NoListing;

    async fn open(_: Config, _: Host) -> Result<Self> {
        Ok(Self)
    }

    async fn stat(&self, _key: &str) -> Result<Stat> {
        Ok(Stat::of_size((CHUNK * CHUNKS) as u64))
    }

    async fn create(&self, _key: &str, _options: WriteOptions) -> Result<Sink> {
        Ok(Sink(0))
    }

    async fn read(&self, _key: &str, _range: Range) -> Result<Zeros> {
        Ok(Zeros(Bytes::from_static(&[0; CHUNK]), CHUNKS))
    }

    async fn delete(&self, _key: &str) -> Result<()> {
        Ok(())
    }
}

impl Writer for Sink {
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.0 += chunk.len() as u64;
        Ok(())
    }

    async fn commit(self) -> Result<Stat> {
        Ok(Stat::of_size(self.0))
    }
}

impl Reader for Zeros {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        let Some(left) = self.1.checked_sub(1) else { return Ok(None) };
        self.1 = left;
        Ok(Some(self.0.clone()))
    }
}
