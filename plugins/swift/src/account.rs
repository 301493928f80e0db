//! The account in Swift: its objects one at a time. What the parts of this backend have in common.

use crate::{
    Config,
    answer::{self, etag, text, unquoted},
    client::{Answer, Call, Client},
    containers::Containers,
    limits::{self, Limits},
    manifest,
    names::{Names, Place, Stage},
    projects::Accounts,
    turns::Turns,
};
use casement_object::{Commits, Part, Patience};
use casement_sdk::{Bytes, Error, Kind, Result, Stat};
use md5::{Digest, Md5};
use reqwest::{
    Method, StatusCode,
    header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, IF_NONE_MATCH},
};
use std::time::Duration;
use url::Url;

/// The transfer that an object came by.
pub(crate) const TRANSFER: HeaderName = HeaderName::from_static("x-object-meta-casement-transfer");
/// Says of what Glance and others have written in segments that it is such an object.
pub(crate) const SLO: HeaderName = HeaderName::from_static("x-static-large-object");
pub(crate) const DLO: HeaderName = HeaderName::from_static("x-object-manifest");
/// For each segment of a manifest the server asks for its head.
const PATIENCE_PER_SEGMENT: Duration = Duration::from_millis(100);

/// All that is done goes through here.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) client: Client,
    pub(crate) names: Names,
    pub(crate) accounts: Accounts,
    pub(crate) containers: Containers,
    pub(crate) limits: Limits,
    /// One write at a time becomes an object of some name.
    turns: Turns,
    pub(crate) commits: Commits,
    /// How long what is asked of an object waits for the end of a commit of it.
    idle: Duration,
    pub(crate) patience: Patience,
    pub(crate) segment_size: u64,
    /// As the catalog or Swift names it.
    pub(crate) url: Url,
}

/// What is put under a key.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) body: Part,
    /// As Swift will have it.
    pub(crate) etag: String,
    pub(crate) size: u64,
    /// Says that the body is a manifest of so many entries.
    pub(crate) entries: Option<usize>,
}

impl Content {
    /// The bytes themselves.
    pub(crate) async fn data(body: Part) -> Result<Self> {
        let size = body.len();
        let (body, etag) = digested(body).await?;
        Ok(Self { body, etag, size, entries: None })
    }

    pub(crate) fn manifest(entries: &[manifest::Entry]) -> Result<Self> {
        let text = serde_json::to_vec(entries).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        let mut body = Part::default();
        body.push(Bytes::from(text));
        let (etag, size) = (manifest::etag(entries), manifest::size(entries));
        Ok(Self { body, etag, size, entries: Some(entries.len()) })
    }
}

impl Account {
    pub(crate) async fn open(config: &Config) -> Result<Self> {
        config.check()?;
        let client = Client::new(config)?;
        let names = Names::new(config);
        let url = client.account().await?;
        let limits =
            client.info(limits::LARGEST_ANSWER).await?.map_or_else(Limits::default, |text| Limits::parse(&text));
        let account = Self {
            accounts: Accounts::beside(&url),
            containers: Containers::new(config),
            turns: Turns::default(),
            commits: Commits::default(),
            idle: config.idle_timeout()?,
            patience: Patience::default(),
            segment_size: limits.segment_size(config.segment_size),
            client,
            names,
            limits,
            url,
        };
        if account.names.is_multi_tenant() {
            account.accounts.check()?;
        }
        account.check_standing().await?;
        Ok(account)
    }

    /// Waits until what is said of an object stays true: the server may carry out what was asked although nobody waits for
    /// the answer.
    pub(crate) async fn committed(&self, place: &Place) -> Result<()> {
        self.commits.end(&self.names.key_of(place), self.idle).await
    }

    /// What is there under a name.
    pub(crate) async fn head(&self, place: &Place, key: &str) -> Result<Answer> {
        let call = Call::new(Method::HEAD, place, format!("looking at `{key}`"));
        self.client.send(&call).await?.successful()
    }

    pub(crate) async fn stat(&self, key: &str) -> Result<Stat> {
        let place = self.names.for_reading(key)?;
        self.committed(&place).await?;
        let answer = self.head(&place, key).await?;
        answer::stat(answer.headers()).ok_or_else(|| answer.unfit("the server does not tell its size"))
    }

    /// Puts an object under a key that nothing is under, once and for all: also when the answer to it is lost.
    pub(crate) async fn publish(&self, stage: &Stage, content: &Content) -> Result<Stat> {
        let Stage { place, transfer } = stage;
        let key = self.names.key_of(place);
        let _turn = self.turns.take(&key).await;
        let put = || async {
            self.ensure(place).await?;
            match self.look_for(place).await? {
                Some(_) if self.is_published(place, transfer, content).await? => return Ok(()),
                Some(_) => return Err(Error::exists(&key)),
                None => {}
            }
            if self.look_for(&stage.mark(&self.names)).await?.is_none() {
                return Err(Error::new(Kind::Cancelled, format!("the write of `{key}` was discarded")));
            }
            self.publish_once(place, transfer, content, &key).await
        };
        self.patience.attempt(&format!("publishing `{key}`"), put).await?;
        Ok(Stat { size: content.size, etag: Some(content.etag.clone()), modified_ms: None })
    }

    async fn publish_once(&self, place: &Place, transfer: &str, content: &Content, key: &str) -> Result<()> {
        let call = put(place, format!("writing `{key}`"), content)
            .header(TRANSFER, transfer)
            .header(CONTENT_TYPE, "application/octet-stream")
            // Against another gateway. Swift asks its servers one after another, so this is no lock; that a name is given
            // once is the catalog's.
            .header(IF_NONE_MATCH, "*");
        let answer = self.client.send(&call).await?;
        match answer.status() {
            StatusCode::PRECONDITION_FAILED => match self.is_published(place, transfer, content).await? {
                true => Ok(()),
                false => Err(Error::exists(key)),
            },
            StatusCode::NOT_FOUND => {
                self.containers.forget(place);
                Err(Error::new(Kind::Unavailable, format!("the container `{}` is not there", place.container)))
            }
            status if status.is_success() => match etag(answer.headers()) {
                Some(told) if told != content.etag => {
                    self.client.send(&Call::new(Method::DELETE, place, format!("removing `{key}`"))).await?;
                    Err(answer.unfit("the server has stored something else, and it was removed again"))
                }
                _ => Ok(()),
            },
            _ => Err(answer.refusal()),
        }
    }

    /// Whether what is there is what this transfer has put there.
    async fn is_published(&self, place: &Place, transfer: &str, content: &Content) -> Result<bool> {
        let call = Call::new(Method::HEAD, place, "looking at what was written");
        let answer = self.client.send(&call).await?.successful()?;
        let headers = answer.headers();
        let is_whole = answer::stat(headers)
            .is_some_and(|found| found.size == content.size && found.etag.as_deref() == Some(&content.etag));
        Ok(is_of(headers, transfer) && is_whole)
    }

    /// Puts a segment, or a manifest of some, where nobody looks yet.
    pub(crate) async fn put_aside(&self, place: &Place, content: &Content) -> Result<manifest::Entry> {
        let answer = self.client.send(&put(place, format!("writing `{}`", place.object), content)).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            self.containers.forget(place);
            return Err(Error::new(Kind::Unavailable, format!("the container `{}` is not there", place.container)));
        }
        let answer = answer.successful()?;
        match etag(answer.headers()) {
            Some(told) if told != content.etag => {
                Err(answer.unfit("the server has stored something else").with_retryable(true))
            }
            _ => Ok(manifest::Entry {
                path: format!("/{}/{}", place.container, place.object),
                etag: content.etag.clone(),
                size_bytes: content.size,
            }),
        }
    }
}

/// A small object carries its digest along, which Swift compares; of a manifest it compares the digest of each segment.
fn put(place: &Place, what: String, content: &Content) -> Call {
    let call = Call::new(Method::PUT, place, what).body(content.body.clone());
    match content.entries {
        None => call.header(ETAG, unquoted(&content.etag)),
        Some(entries) => call
            .query("multipart-manifest", "put")
            .patience(PATIENCE_PER_SEGMENT * u32::try_from(entries).unwrap_or(u32::MAX)),
    }
}

/// Whether an object came by this transfer.
pub(crate) fn is_of(headers: &HeaderMap, transfer: &str) -> bool {
    text(headers, &TRANSFER) == Some(transfer)
}

pub(crate) fn is_slo(headers: &HeaderMap) -> bool {
    text(headers, &SLO).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// MD5 in hex, worked out beside the threads that move the data.
async fn digested(part: Part) -> Result<(Part, String)> {
    let digest = move || {
        let mut digest = Md5::new();
        part.chunks().iter().for_each(|chunk| digest.update(chunk));
        let digest = hex::encode(digest.finalize());
        (part, digest)
    };
    let stopped = |error: tokio::task::JoinError| Error::new(Kind::Internal, error.to_string());
    tokio::task::spawn_blocking(digest).await.map_err(stopped)
}
