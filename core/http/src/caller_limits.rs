//! How much one caller may ask for at once: requests in a second, transfers of image data under way.
//!
//! A caller is a project where it is known, since a project has many machines and people and one share; else it is the
//! address that requests come from. An IPv6 address stands for its /64: whoever has one has all of them.

use crate::failure::Failure;
use http::{Method, StatusCode, header::RETRY_AFTER};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Callers that are told apart at once: about 10 MiB. Further ones are one caller together.
const MAX_CALLERS: usize = 1 << 16;
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

impl CallerLimits {
    pub const NONE: Self = Self { requests_per_second: 0, request_burst: 0, transfers: 0, by_project: true };
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Project(String),
    Address(IpAddr),
    /// Whoever came when the table was full.
    Others,
}

#[derive(Debug)]
struct Account {
    /// When all that was asked for is paid back, at the rate that is allowed (the generic cell rate algorithm).
    settled: Instant,
    transfers: u32,
}

impl Account {
    fn is_at_rest(&self, now: Instant) -> bool {
        self.transfers == 0 && self.settled <= now
    }
}

#[derive(Debug)]
struct Table {
    accounts: HashMap<Key, Account>,
    /// When those at rest were last looked for.
    swept: Instant,
}

/// The callers and what they have asked for.
#[derive(Debug, Clone)]
pub(crate) struct Callers(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    limits: CallerLimits,
    most: usize,
    table: Mutex<Table>,
}

/// A transfer counts for as long as this lives.
#[derive(Debug)]
pub(crate) struct Transfer {
    inner: Arc<Inner>,
    key: Key,
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.inner.with(|table| {
            if let Some(account) = table.accounts.get_mut(&self.key) {
                account.transfers = account.transfers.saturating_sub(1);
            }
        });
    }
}

impl Callers {
    pub(crate) fn new(limits: CallerLimits) -> Self {
        Self::with_room(limits, MAX_CALLERS)
    }

    fn with_room(limits: CallerLimits, most: usize) -> Self {
        if limits.requests_per_second == 0 && limits.transfers == 0 {
            return Self(None);
        }
        let table = Mutex::new(Table { accounts: HashMap::new(), swept: Instant::now() });
        Self(Some(Arc::new(Inner { limits, most, table })))
    }

    /// The same callers where the limits are the same; where they are others, counting begins anew.
    pub(crate) fn under(&self, limits: CallerLimits) -> Self {
        match &self.0 {
            Some(inner) if inner.limits == limits => self.clone(),
            _ => Self::new(limits),
        }
    }

    /// Counts a request; the transfer that it is, if it is one and they are counted.
    pub(crate) fn admit(
        &self,
        project: Option<&str>,
        address: Option<IpAddr>,
        is_transfer: bool,
    ) -> Result<Option<Transfer>, Failure> {
        let Some(inner) = &self.0 else { return Ok(None) };
        let key = match project.filter(|_| inner.limits.by_project) {
            Some(project) => Key::Project(project.to_owned()),
            None => address.map_or(Key::Others, |address| Key::Address(network(address))),
        };
        inner.admit(key, is_transfer && inner.limits.transfers > 0)
    }
}

impl Inner {
    fn with<T>(&self, work: impl FnOnce(&mut Table) -> T) -> T {
        work(&mut self.table.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn admit(self: &Arc<Self>, key: Key, is_transfer: bool) -> Result<Option<Transfer>, Failure> {
        let now = Instant::now();
        self.with(|table| {
            let (key, account) = table.account(key, now, self.most);
            if is_transfer && account.transfers >= self.limits.transfers {
                let message = format!(
                    "You have {} transfers of image data under way, and no more are allowed.",
                    self.limits.transfers
                );
                return Err(refusal(message, TRANSFER_RETRY));
            }
            self.limits.take_request(account, now)?;
            if is_transfer {
                account.transfers += 1;
            }
            Ok(is_transfer.then(|| Transfer { inner: self.clone(), key }))
        })
    }
}

impl CallerLimits {
    fn take_request(&self, account: &mut Account, now: Instant) -> Result<(), Failure> {
        if self.requests_per_second == 0 {
            return Ok(());
        }
        let each = Duration::from_secs(1) / self.requests_per_second;
        let burst = each * self.request_burst.max(1);
        let settled = account.settled.max(now) + each;
        let debt = settled - now;
        if debt > burst {
            let message = format!("You may make {} requests in a second.", self.requests_per_second);
            return Err(refusal(message, debt - burst));
        }
        account.settled = settled;
        Ok(())
    }
}

impl Table {
    fn account(&mut self, key: Key, now: Instant, most: usize) -> (Key, &mut Account) {
        let known = self.accounts.contains_key(&key);
        if !known && self.accounts.len() >= most && now >= self.swept + Duration::from_secs(1) {
            self.swept = now;
            self.accounts.retain(|_, account| !account.is_at_rest(now));
        }
        let key = if known || self.accounts.len() < most { key } else { Key::Others };
        let account = self.accounts.entry(key.clone()).or_insert(Account { settled: now, transfers: 0 });
        (key, account)
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !(u128::MAX >> 64)).into(),
        ipv4 => ipv4,
    }
}

fn refusal(message: String, wait: Duration) -> Failure {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Failure::new(StatusCode::TOO_MANY_REQUESTS, message).with_header(RETRY_AFTER, seconds.max(1).into())
}

/// Whether a request moves image data, by its path below `/v2`.
pub(crate) fn is_transfer(method: &Method, path: &str) -> bool {
    let id = path.strip_prefix("/v2/images/").and_then(|rest| rest.strip_suffix("/file"));
    matches!(*method, Method::GET | Method::PUT) && id.is_some_and(|id| !id.contains('/'))
}

#[cfg(test)]
mod tests;
