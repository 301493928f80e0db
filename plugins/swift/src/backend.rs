//! The store, and what the contract asks of it.

use crate::{
    Config, account::Account, lister::Lister, listing::Wanted, location::Locations, names::Place, reader::Object,
    writer::Writer,
};
use casement_object::ResumingReader;
use casement_sdk::{Backend, Capabilities, Error, Host, Range, Result, Staged, Stat, Usage, WriteOptions};
use std::sync::Arc;

/// A store in an account of Swift's.
#[derive(Debug)]
pub struct Swift {
    account: Arc<Account>,
    locations: Locations,
    /// Whether it is known how much can still be written.
    has_quota: bool,
}

impl Swift {
    /// Opens the store: what [`Backend::open`] does.
    ///
    /// # Errors
    /// [`casement_sdk::Kind::Config`] for a value that can't be meant, [`casement_sdk::Kind::Denied`] for a user or a key
    /// that is wrong, [`casement_sdk::Kind::Unavailable`] for a server or a container that is not there.
    pub async fn connect(config: Config) -> Result<Self> {
        let account = Account::open(&config).await?;
        // Some users have rights in a container and none in the account.
        // What the store's own account has left says nothing of those of projects.
        let has_quota = !config.multi_tenant && account.usage().await.is_ok_and(|usage| usage.free.is_some());
        let locations = Locations {
            reference: config.reference,
            auth_url: account.client.auth_url().clone(),
            account: account.url.clone(),
        };
        Ok(Self { account: Arc::new(account), locations, has_quota })
    }
}

impl Backend for Swift {
    const NAME: &'static str = "swift";
    const CAPABILITIES: Capabilities =
        Capabilities { list: true, stage_tokens: true, copy: true, usage: true, ..Capabilities::DEFAULT };
    type Config = Config;
    type Writer = Writer;
    type Reader = ResumingReader<Object>;
    type Lister = Lister;

    async fn open(config: Config, _host: Host) -> Result<Self> {
        Self::connect(config).await
    }

    fn capabilities(&self) -> Capabilities {
        // Keys are not in the order of the containers that they are spread over.
        let list = self.account.names.single().is_some();
        let max_object_size = match self.account.limits.segments {
            Some(_) => 0,
            None => self.account.segment_size,
        };
        Capabilities { list, max_object_size, usage: self.has_quota, ..Self::CAPABILITIES }
    }

    async fn stat(&self, key: &str) -> Result<Stat> {
        self.account.stat(key).await
    }

    async fn create(&self, key: &str, options: WriteOptions) -> Result<Writer> {
        Writer::open(self.account.clone(), key, options).await
    }

    async fn read(&self, key: &str, range: Range) -> Result<Self::Reader> {
        let place = self.account.names.for_reading(key)?;
        let object = Object { account: self.account.clone(), place, key: key.to_owned() };
        ResumingReader::open(object, range, self.account.patience).await
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.account.delete(key).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Lister> {
        let Some(container) = self.account.names.single() else { return Err(Error::unsupported("listing")) };
        let wanted =
            Wanted { prefix: prefix.to_owned(), after: after.unwrap_or_default().to_owned(), ..Wanted::default() };
        Ok(Lister { account: self.account.clone(), container: Place::new(container, ""), wanted })
    }

    async fn discard(&self, token: &str) -> Result<()> {
        self.account.discard(token).await
    }

    async fn list_staged(&self) -> Result<Vec<Staged>> {
        self.account.list_staged().await
    }

    async fn copy(&self, from: &str, to: &str) -> Result<Stat> {
        self.account.copy(from, to).await
    }

    fn place(&self, key: &str, owner: &str) -> Result<String> {
        self.account.place(key, owner)
    }

    fn format_location(&self, key: &str) -> Result<String> {
        self.locations.format(&self.account.names, key)
    }

    fn parse_location(&self, uri: &str) -> Result<String> {
        self.locations.parse(&self.account.names, uri)
    }

    async fn health(&self) -> Result<()> {
        self.account.check_standing().await
    }

    async fn usage(&self) -> Result<Usage> {
        self.account.usage().await
    }
}
