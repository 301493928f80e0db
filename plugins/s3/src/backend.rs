//! The store, and what the contract asks of it.

use crate::{Config, Lister, Reader, Writer, client::Client, location, token, writer::Style};
use casement_object::Patience;
use casement_sdk::{Backend, Capabilities, Error, Host, Range, Result, Staged, Stat, WriteOptions};
use std::sync::atomic::{AtomicBool, Ordering};

/// A bucket.
#[derive(Debug)]
pub struct S3 {
    client: Client,
    style: Style,
    create_bucket_on_put: bool,
    has_bucket: AtomicBool,
}

impl S3 {
    /// Opens the store: what [`Backend::open`] does.
    ///
    /// # Errors
    /// [`casement_sdk::Kind::Config`] for a value that can't be meant and what only the operator can change,
    /// [`casement_sdk::Kind::Denied`] for credentials that are not good, [`casement_sdk::Kind::Unavailable`] while the
    /// service can't be reached.
    pub async fn new(config: Config) -> Result<Self> {
        let style = Style {
            part_size: config.part_size()?,
            parts_in_flight: config.parts_in_flight()?,
            checksum: config.checksum,
            patience: Patience::default(),
        };
        let client = Client::new(&config).await?;
        client.introduce(config.create_bucket_on_put).await?;
        Ok(Self {
            client,
            style,
            create_bucket_on_put: config.create_bucket_on_put,
            has_bucket: AtomicBool::new(false),
        })
    }

    async fn have_bucket(&self) -> Result<()> {
        if self.create_bucket_on_put && !self.has_bucket.load(Ordering::Relaxed) {
            self.client.ensure_bucket().await?;
            self.has_bucket.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl Backend for S3 {
    const NAME: &'static str = "s3";
    const NON_BLOCKING: bool = true;
    const CAPABILITIES: Capabilities = Capabilities { list: true, stage_tokens: true, ..Capabilities::DEFAULT };
    type Config = Config;
    type Writer = Writer;
    type Reader = Reader;
    type Lister = Lister;

    async fn open(config: Config, _host: Host) -> Result<Self> {
        Self::new(config).await
    }

    async fn stat(&self, key: &str) -> Result<Stat> {
        self.client.find(key).await
    }

    async fn create(&self, key: &str, options: WriteOptions) -> Result<Writer> {
        self.have_bucket().await?;
        self.client.must_be_free(key).await?;
        Writer::create(&self.client, key, options.size, self.style).await
    }

    async fn read(&self, key: &str, range: Range) -> Result<Reader> {
        Reader::open(&self.client, key, range, self.style.patience).await
    }

    /// The service does not say whether there was anything, so it is asked before.
    async fn delete(&self, key: &str) -> Result<()> {
        self.client.find(key).await?;
        self.client.remove(key).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Lister> {
        Ok(Lister::new(self.client.clone(), prefix, after))
    }

    async fn discard(&self, token: &str) -> Result<()> {
        let unknown = || Error::new(casement_sdk::Kind::NotFound, "no such upload");
        let (key, id) = token::parse(token).ok_or_else(unknown)?;
        if !self.client.has_upload(key, id).await? {
            return Err(unknown());
        }
        self.client.abort_upload(key, id).await
    }

    async fn list_staged(&self) -> Result<Vec<Staged>> {
        self.client.staged().await
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
