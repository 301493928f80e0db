//! How much one caller may ask for at once: requests in a second, transfers of image data under way.
//!
//! A caller is a project where it is known, since a project has many machines and people and one share; else it is the
//! address that requests come from. An IPv6 address stands for its /64: whoever has one has all of them.
//!
//! Where several processes are one service, a [`Limiter`] counts for all of them.

mod callers;

pub use callers::Callers;

use crate::{Options, failure::Failure};
use futures_util::future::BoxFuture;
use http::{Method, StatusCode, header::RETRY_AFTER};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

/// Nobody knows when a transfer ends.
const TRANSFER_RETRY: Duration = Duration::from_secs(5);

/// What an operator sets; 0 sets no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallerLimits {
    pub requests_per_second: u32,
    /// Requests that may come at once after a pause.
    pub request_burst: u32,
    /// Uploads and downloads under way.
    pub transfers: u32,
    /// Whether projects say who callers are. Without, everybody may be in the same one.
    pub by_project: bool,
}

/// By what callers are told apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerKey {
    Project(String),
    Address(IpAddr),
    /// Whoever came when the table was full.
    Others,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// So many may be under way.
    Transfers { allowed: u32 },
    /// So many may be made in a second; the next one is let through after `wait`.
    Requests { allowed: u32, wait: Duration },
}

/// Counts for several processes. It comes back soon, whatever happens to it: a limit is no lock.
pub trait Limiter: fmt::Debug + Send + Sync {
    /// Counts a request; the transfer that it is, if it is one.
    fn admit(&self, caller: CallerKey, is_transfer: bool) -> BoxFuture<'_, Result<Option<Transfer>, Refusal>>;
}

/// A transfer counts for as long as this lives.
pub struct Transfer(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Transfer {
    /// `end` takes it out of the count.
    pub fn new(end: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(end)))
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}

impl fmt::Debug for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transfer")
    }
}

impl CallerLimits {
    pub const NONE: Self = Self { requests_per_second: 0, request_burst: 0, transfers: 0, by_project: true };

    /// Whether a request is to be counted at all.
    fn concern(&self, is_transfer: bool) -> bool {
        self.requests_per_second > 0 || is_transfer && self.transfers > 0
    }

    fn caller(&self, project: Option<&str>, address: Option<IpAddr>) -> CallerKey {
        match project.filter(|_| self.by_project) {
            Some(project) => CallerKey::Project(project.to_owned()),
            None => address.map_or(CallerKey::Others, |address| CallerKey::Address(network(address))),
        }
    }
}

/// Where requests are held to the limits of their callers.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    limits: CallerLimits,
    counter: Counter,
}

#[derive(Debug, Clone)]
enum Counter {
    Here(Callers),
    Elsewhere(Arc<dyn Limiter>),
}

impl Gate {
    pub(crate) fn new(options: &Options) -> Self {
        let limits = options.caller_limits;
        let here = || Counter::Here(Callers::new(limits));
        Self { limits, counter: options.limiter.clone().map_or_else(here, Counter::Elsewhere) }
    }

    /// The same callers where the limits are the same; where they are others, counting begins anew.
    pub(crate) fn under(&self, limits: CallerLimits) -> Self {
        let counter = match &self.counter {
            Counter::Here(callers) => Counter::Here(callers.under(limits)),
            Counter::Elsewhere(limiter) => Counter::Elsewhere(limiter.clone()),
        };
        Self { limits, counter }
    }

    /// Counts a request; the transfer that it is, if it is one and they are counted.
    pub(crate) async fn admit(
        &self,
        project: Option<&str>,
        address: Option<IpAddr>,
        is_transfer: bool,
    ) -> Result<Option<Transfer>, Failure> {
        if !self.limits.concern(is_transfer) {
            return Ok(None);
        }
        let caller = self.limits.caller(project, address);
        let admitted = match &self.counter {
            Counter::Here(callers) => callers.admit(caller, is_transfer),
            Counter::Elsewhere(limiter) => limiter.admit(caller, is_transfer).await,
        };
        admitted.map_err(Failure::from)
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !(u128::MAX >> 64)).into(),
        ipv4 => ipv4,
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let (message, wait) = match refusal {
            Refusal::Transfers { allowed } => (
                format!("You have {allowed} transfers of image data under way, and no more are allowed."),
                TRANSFER_RETRY,
            ),
            Refusal::Requests { allowed, wait } => (format!("You may make {allowed} requests in a second."), wait),
        };
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self::new(StatusCode::TOO_MANY_REQUESTS, message).with_header(RETRY_AFTER, seconds.max(1).into())
    }
}

/// Whether a request moves image data, by its path below `/v2`.
pub(crate) fn is_transfer(method: &Method, path: &str) -> bool {
    let id = path.strip_prefix("/v2/images/").and_then(|rest| rest.strip_suffix("/file"));
    matches!(*method, Method::GET | Method::PUT) && id.is_some_and(|id| !id.contains('/'))
}

#[cfg(test)]
mod tests;
