//! Containers: made when that is wished for, else refused; and whether the account is one.

use crate::{Config, account::Account, answer, client::Call, names::Place};
use casement_sdk::{Error, Kind, Result, Usage};
use reqwest::{
    Method, StatusCode,
    header::{HeaderMap, HeaderName},
};
use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

/// How many containers are remembered to be there.
const MOST_KNOWN: usize = 4096;
const READ_ACL: HeaderName = HeaderName::from_static("x-container-read");
const POLICY: HeaderName = HeaderName::from_static("x-storage-policy");
/// Whoever answers with this is a Swift.
const ACCOUNT_CONTAINERS: HeaderName = HeaderName::from_static("x-account-container-count");
const ACCOUNT_USED: HeaderName = HeaderName::from_static("x-account-bytes-used");
const ACCOUNT_QUOTA: HeaderName = HeaderName::from_static("x-account-meta-quota-bytes");
const CONTAINER_USED: HeaderName = HeaderName::from_static("x-container-bytes-used");
const CONTAINER_QUOTA: HeaderName = HeaderName::from_static("x-container-meta-quota-bytes");

/// What is known of containers.
#[derive(Debug)]
pub(crate) struct Containers {
    /// Whether those of images are made.
    create: bool,
    /// Who may read those that are made.
    read_acl: Option<String>,
    known: Mutex<HashSet<Place>>,
}

impl Containers {
    pub(crate) fn new(config: &Config) -> Self {
        let tenants: Vec<_> = config.admin_tenants.iter().map(|tenant| format!("{tenant}:*")).collect();
        Self {
            create: config.create_container || config.multi_tenant,
            read_acl: (!tenants.is_empty()).then(|| tenants.join(",")),
            known: Mutex::default(),
        }
    }

    fn is_known(&self, place: &Place) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(&place.beside(""))
    }

    fn remember(&self, place: &Place) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(place.beside(""));
    }

    /// What is in the place is to be looked for anew.
    pub(crate) fn forget(&self, place: &Place) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&place.beside(""));
    }
}

impl Account {
    /// Whether the store can serve: there is an account, and the container where there is but one.
    pub(crate) async fn check_standing(&self) -> Result<()> {
        let answer = self.client.send(&Call::new(Method::HEAD, &Place::new("", ""), "looking at the account")).await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Err(Error::new(
                Kind::Unavailable,
                format!("there is no account at {}: is that the URL of Swift?", self.url),
            )),
            status if status.is_success() && !answer.headers().contains_key(ACCOUNT_CONTAINERS) => {
                Err(Error::new(Kind::Unavailable, format!("what answers at {} is not Swift", self.url))
                    .with_retryable(false))
            }
            // A user may have rights in a container and none in the account.
            status if status.is_success() || status == StatusCode::FORBIDDEN => self.check_container().await,
            _ => Err(answer.refusal()),
        }
    }

    async fn check_container(&self) -> Result<()> {
        let Some(container) = self.names.single() else { return Ok(()) };
        match self.look_at(&Place::new(container, "")).await? {
            None if !self.containers.create => Err(is_missing(container)),
            _ => Ok(()),
        }
    }

    /// Sees to it that an object can be put into the container.
    pub(crate) async fn ensure(&self, container: &Place) -> Result<()> {
        if self.containers.is_known(container) {
            return Ok(());
        }
        if self.look_at(container).await?.is_none() {
            if !self.containers.create {
                return Err(is_missing(&container.container).with_retryable(false));
            }
            self.make(container, &HeaderMap::new()).await?;
        }
        self.containers.remember(container);
        Ok(())
    }

    /// The same for that of the segments of objects in `place`, which is the store's own: it is made where the objects are
    /// kept in the same way.
    pub(crate) async fn ensure_segments(&self, place: &Place) -> Result<()> {
        self.ensure_own(place.segments(), &place.beside("")).await
    }

    /// The same for that of the marks.
    pub(crate) async fn ensure_marks(&self) -> Result<()> {
        self.ensure_own(self.names.marks(), &self.names.images()).await
    }

    async fn ensure_own(&self, segments: Place, beside: &Place) -> Result<()> {
        if self.containers.is_known(&segments) {
            return Ok(());
        }
        if self.look_at(&segments).await?.is_none() {
            let beside = self.look_at(beside).await?.unwrap_or_default();
            self.make(&segments, &beside).await?;
        }
        self.containers.remember(&segments);
        Ok(())
    }

    async fn look_at(&self, container: &Place) -> Result<Option<HeaderMap>> {
        let container = container.beside("");
        let what = format!("looking at the container `{}`", container.container);
        let answer = self.client.send(&Call::new(Method::HEAD, &container, what)).await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::FORBIDDEN => Err(no_right_in(&container).unwrap_or_else(|| answer.refusal())),
            _ => Ok(Some(answer.successful()?.headers().clone())),
        }
    }

    async fn make(&self, container: &Place, like: &HeaderMap) -> Result<()> {
        let container = container.beside("");
        let what = format!("making the container `{}`", container.container);
        let mut call = Call::new(Method::PUT, &container, what);
        if let Some(acl) = &self.containers.read_acl {
            call = call.header(READ_ACL, acl);
        }
        if let Some(policy) = answer::text(like, &POLICY) {
            call = call.header(POLICY, policy);
        }
        let answer = self.client.send(&call).await?;
        if let (StatusCode::FORBIDDEN, Some(error)) = (answer.status(), no_right_in(&container)) {
            return Err(error);
        }
        answer.successful()?;
        tracing::info!(account = container.account, container = container.container, "made a container");
        Ok(())
    }

    /// Removes the container that an image had for itself.
    pub(crate) async fn drop_own_containers(&self, place: &Place) -> Result<()> {
        if !self.names.is_multi_tenant() || place.container != self.names.container_of(&place.object) {
            return Ok(());
        }
        for container in [place.beside(""), place.segments()] {
            let what = format!("removing the container `{}`", container.container);
            let answer = self.client.send(&Call::new(Method::DELETE, &container, what)).await?;
            self.containers.forget(&container);
            // Somebody else has put something there, or it never was.
            if !matches!(answer.status(), StatusCode::CONFLICT | StatusCode::NOT_FOUND) {
                answer.successful()?;
            }
        }
        Ok(())
    }

    /// What is used in the account, and what its quotas and those of the container leave.
    pub(crate) async fn usage(&self) -> Result<Usage> {
        let account = Call::new(Method::HEAD, &Place::new("", ""), "looking at the account");
        let account = self.client.send(&account).await?.successful()?;
        let used = answer::number(account.headers(), &ACCOUNT_USED);
        let mut left = vec![left(account.headers(), &ACCOUNT_USED, &ACCOUNT_QUOTA)];
        if let Some(container) = self.names.single() {
            let container = Place::new(container, "");
            for container in [container.segments(), container] {
                let headers = self.look_at(&container).await?.unwrap_or_default();
                left.push(self::left(&headers, &CONTAINER_USED, &CONTAINER_QUOTA));
            }
        }
        Ok(Usage { used, free: left.into_iter().flatten().min() })
    }
}

fn left(headers: &HeaderMap, used: &HeaderName, quota: &HeaderName) -> Option<u64> {
    let quota = answer::number(headers, quota)?;
    Some(quota.saturating_sub(answer::number(headers, used).unwrap_or(0)))
}

/// What a refusal in the account of a project means.
fn no_right_in(place: &Place) -> Option<Error> {
    let account = place.account.as_ref()?;
    let message = format!(
        "the user of this store has no right in the account `{account}`: multi_tenant = true needs a reseller admin (403)"
    );
    Some(Error::new(Kind::Denied, message))
}

fn is_missing(container: &str) -> Error {
    let message = format!(
        "the container `{container}` is not there: make it, or let the store do so with create_container = true"
    );
    Error::new(Kind::Unavailable, message)
}
