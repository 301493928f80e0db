//! The store, and what the contract asks of it.

use crate::{
    Config, Reader,
    answer::{self, ContentRange},
    client::{Answer, Client},
};
use casement_sdk::{
    Backend, Bytes, Capabilities, Error, Host, Kind, NoListing, Range, Result, Stat, WriteOptions, Writer,
};
use reqwest::{
    Method, StatusCode,
    header::{HeaderMap, HeaderValue, RANGE},
};

/// A store of what lies on web servers.
#[derive(Debug)]
pub struct Http {
    client: Client,
}

/// The [`Backend::Writer`] of a store that takes nothing.
#[derive(Debug, Clone, Copy)]
pub enum NoWriter {}

impl Writer for NoWriter {
    async fn write(&mut self, _chunk: Bytes) -> Result<()> {
        match *self {}
    }

    async fn commit(self) -> Result<Stat> {
        match self {}
    }
}

impl Http {
    /// Opens the store: what [`Backend::open`] does.
    ///
    /// # Errors
    /// [`Kind::Config`] for a value that can't be meant.
    pub fn new(config: Config) -> Result<Self> {
        Ok(Self { client: Client::new(&config)? })
    }

    /// Size and identity by `HEAD`; `None` where the server does not know it, or does not tell the size.
    async fn stat_by_head(&self, url: &str) -> Result<Option<Stat>> {
        let answer = self.client.send(Method::HEAD, url, &HeaderMap::new()).await?;
        match answer.response.status() {
            StatusCode::OK => Ok(described(&answer, answer::content_length(answer.response.headers()))),
            StatusCode::NOT_FOUND | StatusCode::GONE => Err(answer::refusal(&answer)),
            // A signed URL, say, is signed for one method only.
            _ => Ok(None),
        }
    }

    /// The same by asking for the first byte. What the server sends beyond it is not read.
    async fn stat_by_get(&self, url: &str) -> Result<Stat> {
        let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_static("bytes=0-0"))]);
        let answer = self.client.send(Method::GET, url, &headers).await?;
        let told = answer.response.headers();
        let size = match answer.response.status() {
            StatusCode::PARTIAL_CONTENT => ContentRange::of(told).and_then(|range| range.size),
            StatusCode::OK => answer::content_length(told),
            // There is no first byte.
            StatusCode::RANGE_NOT_SATISFIABLE => ContentRange::size_alone(told),
            _ => return Err(answer::refusal(&answer)),
        };
        described(&answer, size).ok_or_else(|| {
            let message = format!("{}: the server does not tell the size", answer.shown);
            Error::new(Kind::Unsupported, message)
        })
    }
}

fn described(answer: &Answer, size: Option<u64>) -> Option<Stat> {
    let headers = answer.response.headers();
    let etag = answer::etag(headers).map(str::to_owned);
    size.map(|size| Stat { size, etag, modified_ms: answer::modified_ms(headers) })
}

impl Backend for Http {
    const NAME: &'static str = "http";
    const CAPABILITIES: Capabilities = Capabilities { write: false, delete: false, ..Capabilities::DEFAULT };
    type Config = Config;
    type Writer = NoWriter;
    type Reader = Reader;
    type Lister = NoListing;

    async fn open(config: Config, _host: Host) -> Result<Self> {
        Self::new(config)
    }

    async fn stat(&self, key: &str) -> Result<Stat> {
        match self.stat_by_head(key).await? {
            Some(stat) => Ok(stat),
            None => self.stat_by_get(key).await,
        }
    }

    async fn create(&self, _key: &str, _options: WriteOptions) -> Result<NoWriter> {
        Err(Error::unsupported("writing"))
    }

    async fn read(&self, key: &str, range: Range) -> Result<Reader> {
        Reader::open(self.client.clone(), key, range).await
    }

    async fn delete(&self, _key: &str) -> Result<()> {
        Err(Error::unsupported("deleting"))
    }

    fn format_location(&self, key: &str) -> Result<String> {
        self.parse_location(key)
    }

    /// The key is the URL itself.
    fn parse_location(&self, uri: &str) -> Result<String> {
        self.client.check(uri).map(|_| uri.to_owned())
    }
}
