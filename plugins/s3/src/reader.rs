//! Reading an object.

use crate::{
    client::Client,
    failure::innermost,
    read_ahead::{Parts, ReadAhead},
};
use aws_sdk_s3::primitives::ByteStream;
use casement_object::{Answer, Body, Patience, ResumingReader, Source};
use casement_sdk::{Bytes, Error, Kind, Range, Result};

/// An object being read.
#[derive(Debug)]
pub struct Reader(Way);

#[derive(Debug)]
enum Way {
    OneRequest(ResumingReader<Object>),
    ManyRequests(ReadAhead),
}

impl Reader {
    pub(crate) async fn open(client: &Client, key: &str, range: Range, patience: Patience) -> Result<Self> {
        let object = Object::of(client, key, None);
        Ok(Self(Way::OneRequest(ResumingReader::open(object, range, patience).await?)))
    }

    /// Reads in parts, several at once.
    pub(crate) async fn open_ahead(
        client: &Client,
        key: &str,
        range: Range,
        parts: Parts,
        patience: Patience,
    ) -> Result<Self> {
        Ok(Self(Way::ManyRequests(ReadAhead::open(client, key, range, parts, patience).await?)))
    }
}

impl casement_sdk::Reader for Reader {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        match &mut self.0 {
            Way::OneRequest(reader) => reader.next().await,
            Way::ManyRequests(reader) => reader.next().await,
        }
    }
}

/// Where an object can be asked for.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    client: Client,
    key: String,
    /// The ETag of the one version that is wanted, where that is known before the first answer.
    only: Option<String>,
}

/// The body of one answer.
#[derive(Debug)]
pub(crate) struct Incoming {
    client: Client,
    stream: ByteStream,
}

impl Source for Object {
    type Body = Incoming;

    async fn ask(&self, offset: u64, len: Option<u64>, identity: Option<&str>) -> Result<Answer<Incoming>> {
        let client = &self.client;
        let range = asked(offset, len);
        let asks_for_part = range.is_some();
        let get = client.s3().get_object().bucket(client.bucket()).key(&self.key);
        let identity = identity.or(self.only.as_deref());
        let get = get.set_range(range).set_if_match(identity.map(str::to_owned));
        let answer = match client.call(get.send()).await {
            Ok(answer) => answer,
            // It starts behind the end.
            Err(failure) if failure.status == 416 => return Ok(self.nothing(identity)),
            Err(failure) if failure.status == 412 => return Err(changed()),
            Err(failure) => return Err(failure.error),
        };
        let first = answer.content_range().map(first_byte);
        if asks_for_part && first.map_or(offset, |first| first.unwrap_or(u64::MAX)) != offset
            || first.is_none() && offset > 0
        {
            return Err(Error::new(Kind::Corrupt, "the service sends another part of the object than was asked for"));
        }
        let Some(len) = answer.content_length().and_then(|len| u64::try_from(len).ok()) else {
            return Err(Error::new(Kind::Corrupt, "the service does not say how much it sends"));
        };
        let identity = answer.e_tag().map(str::to_owned);
        Ok(Answer { identity, len, body: Incoming { client: client.clone(), stream: answer.body } })
    }
}

impl Object {
    pub(crate) fn of(client: &Client, key: &str, only: Option<String>) -> Self {
        Self { client: client.clone(), key: key.to_owned(), only }
    }

    fn nothing(&self, identity: Option<&str>) -> Answer<Incoming> {
        let body = Incoming { client: self.client.clone(), stream: ByteStream::default() };
        Answer { identity: identity.map(str::to_owned), len: 0, body }
    }
}

/// The header `Range`. Many services read its numbers as signed ones.
fn asked(offset: u64, len: Option<u64>) -> Option<String> {
    const LARGEST: u64 = i64::MAX as u64;
    let first = offset.min(LARGEST);
    match len.and_then(|len| offset.checked_add(len - 1)).filter(|last| *last <= LARGEST) {
        Some(last) => Some(format!("bytes={first}-{last}")),
        None if first > 0 => Some(format!("bytes={first}-")),
        None => None,
    }
}

/// Of `bytes 5-9/100`.
fn first_byte(range: &str) -> Option<u64> {
    range.trim().strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

fn changed() -> Error {
    Error::new(Kind::Corrupt, "the object has changed while it was read")
}

impl Body for Incoming {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        let (host, idle) = (&self.client.endpoint().url, self.client.timeouts().idle);
        match tokio::time::timeout(idle, self.stream.next()).await {
            Ok(None) => Ok(None),
            Ok(Some(Ok(chunk))) => Ok(Some(chunk)),
            Ok(Some(Err(error))) => {
                Err(Error::new(Kind::Unavailable, format!("the answer of {host} broke off: {}", innermost(&error))))
            }
            Err(_) => Err(Error::new(Kind::Timeout, format!("{host} sent nothing for {} s", idle.as_secs()))),
        }
    }
}
