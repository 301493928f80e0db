//! The store, and what the contract asks of it.

use crate::{Config, Lister, Reader, Writer, client::Client, keys, location, read_ahead::Parts, token, writer::Style};
use casement_object::Patience;
use casement_sdk::{Backend, Capabilities, Error, Host, Kind, Range, Result, Staged, Stat, WriteOptions};
use std::time::Duration;

/// A bucket.
#[derive(Debug)]
pub struct S3 {
    client: Client,
    style: Style,
    read_ahead: Parts,
}

impl S3 {
    /// Opens the store: what [`Backend::open`] does.
    ///
    /// # Errors
    /// [`Kind::Config`] for a value that can't be meant and what only the operator can change,
    /// [`Kind::Denied`] for credentials that are not good, [`Kind::Unavailable`] while the
    /// service can't be reached.
    pub async fn new(config: Config) -> Result<Self> {
        let style = Style {
            part_size: config.part_size()?,
            parts_in_flight: config.parts_in_flight()?,
            checksum: config.checksum,
            patience: Patience::default(),
        };
        let read_ahead = Parts { size: style.part_size, count: config.read_ahead_parts()? };
        let client = Client::new(&config).await?;
        client.introduce(config.create_bucket_on_put).await?;
        Ok(Self { client, style, read_ahead })
    }
}

impl Backend for S3 {
    const NAME: &'static str = "s3";
    const NON_BLOCKING: bool = true;
    const CAPABILITIES: Capabilities =
        Capabilities { list: true, stage_tokens: true, copy: true, presign: true, ..Capabilities::DEFAULT };
    type Config = Config;
    type Writer = Writer;
    type Reader = Reader;
    type Lister = Lister;

    async fn open(config: Config, _host: Host) -> Result<Self> {
        Self::new(config).await
    }

    async fn stat(&self, key: &str) -> Result<Stat> {
        keys::check(key)?;
        self.client.find(key).await
    }

    async fn create(&self, key: &str, options: WriteOptions) -> Result<Writer> {
        keys::check(key)?;
        self.client.ensure_bucket().await?;
        self.client.must_be_free(key).await?;
        Writer::create(&self.client, key, options, self.style).await
    }

    async fn read(&self, key: &str, range: Range) -> Result<Reader> {
        keys::check(key)?;
        let Self { client, read_ahead, style, .. } = self;
        match read_ahead.count {
            0 => Reader::open(client, key, range, style.patience).await,
            _ if range.len.is_some_and(|len| len <= read_ahead.size) => {
                Reader::open(client, key, range, style.patience).await
            }
            _ => Reader::open_ahead(client, key, range, *read_ahead, style.patience).await,
        }
    }

    /// The service does not say whether there was anything, so it is asked before.
    async fn delete(&self, key: &str) -> Result<()> {
        keys::check(key)?;
        self.client.find(key).await?;
        self.client.remove(key).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Lister> {
        Ok(Lister::new(self.client.clone(), prefix, after))
    }

    /// What is then under the key is final: a commit that was given up has come to its end.
    async fn discard(&self, token: &str) -> Result<()> {
        let unknown = || Error::new(Kind::NotFound, "no such upload");
        let (key, id) = token::parse(token).ok_or_else(unknown)?;
        let Self { client, .. } = self;
        let aborted = match id {
            Some(id) if client.has_upload(key, id).await? => client.abort_upload(key, id).await,
            _ => Err(unknown()),
        };
        client.commits().end(key, client.timeouts().request).await?;
        aborted
    }

    async fn list_staged(&self) -> Result<Vec<Staged>> {
        self.client.staged().await
    }

    async fn copy(&self, from: &str, to: &str) -> Result<Stat> {
        keys::check(from)?;
        keys::check(to)?;
        self.client.copy(from, to, self.style.patience).await
    }

    async fn presign_read(&self, key: &str, lifetime: Duration) -> Result<String> {
        keys::check(key)?;
        self.client.presign_read(key, lifetime).await
    }

    fn format_location(&self, key: &str) -> Result<String> {
        Ok(location::format(self.client.endpoint(), key))
    }

    fn parse_location(&self, uri: &str) -> Result<String> {
        location::parse(self.client.endpoint(), uri)
    }

    async fn health(&self) -> Result<()> {
        self.client.find_bucket().await
    }
}
