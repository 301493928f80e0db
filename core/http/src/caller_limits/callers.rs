//! The count itself.

use super::{CallerKey, CallerLimits, Refusal, Transfer};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Callers that are told apart at once: about 10 MiB. Further ones are one caller together.
const MAX_CALLERS: usize = 1 << 16;

/// The callers and what they have asked for. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Callers(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: CallerLimits,
    most: usize,
    table: Mutex<Table>,
}

#[derive(Debug)]
struct Table {
    accounts: HashMap<CallerKey, Account>,
    /// When those at rest were last looked for.
    swept: Instant,
}

#[derive(Debug)]
struct Account {
    /// When all that was asked for is paid back, at the rate that is allowed (the generic cell rate algorithm).
    settled: Instant,
    transfers: u32,
}

impl Callers {
    #[must_use]
    pub fn new(limits: CallerLimits) -> Self {
        Self::with_room(limits, MAX_CALLERS)
    }

    pub(super) fn with_room(limits: CallerLimits, most: usize) -> Self {
        let table = Mutex::new(Table { accounts: HashMap::new(), swept: Instant::now() });
        Self(Arc::new(Inner { limits, most, table }))
    }

    /// The same ones where the limits are the same; where they are others, counting begins anew.
    #[must_use]
    pub fn under(&self, limits: CallerLimits) -> Self {
        if self.0.limits == limits { self.clone() } else { Self::new(limits) }
    }

    /// Counts a request; the transfer that it is, if it is one and they are counted.
    ///
    /// # Errors
    /// When it is more than is allowed.
    pub fn admit(&self, caller: CallerKey, is_transfer: bool) -> Result<Option<Transfer>, Refusal> {
        let (limits, now) = (self.0.limits, Instant::now());
        let is_transfer = is_transfer && limits.transfers > 0;
        self.0.with(|table| {
            let (key, account) = table.account(caller, now, self.0.most);
            if is_transfer && account.transfers >= limits.transfers {
                return Err(Refusal::Transfers { allowed: limits.transfers });
            }
            account.take_request(&limits, now)?;
            if is_transfer {
                account.transfers += 1;
            }
            let inner = self.0.clone();
            Ok(is_transfer.then(|| Transfer::new(move || inner.end_transfer(&key))))
        })
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.0.with(|table| table.accounts.len())
    }
}

impl Inner {
    fn with<T>(&self, work: impl FnOnce(&mut Table) -> T) -> T {
        work(&mut self.table.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn end_transfer(&self, key: &CallerKey) {
        self.with(|table| {
            if let Some(account) = table.accounts.get_mut(key) {
                account.transfers = account.transfers.saturating_sub(1);
            }
        });
    }
}

impl Account {
    fn is_at_rest(&self, now: Instant) -> bool {
        self.transfers == 0 && self.settled <= now
    }

    fn take_request(&mut self, limits: &CallerLimits, now: Instant) -> Result<(), Refusal> {
        let allowed = limits.requests_per_second;
        if allowed == 0 {
            return Ok(());
        }
        let each = Duration::from_secs(1) / allowed;
        let burst = each * limits.request_burst.max(1);
        let settled = self.settled.max(now) + each;
        let debt = settled - now;
        if debt > burst {
            return Err(Refusal::Requests { allowed, wait: debt - burst });
        }
        self.settled = settled;
        Ok(())
    }
}

impl Table {
    fn account(&mut self, key: CallerKey, now: Instant, most: usize) -> (CallerKey, &mut Account) {
        let known = self.accounts.contains_key(&key);
        if !known && self.accounts.len() >= most && now >= self.swept + Duration::from_secs(1) {
            self.swept = now;
            self.accounts.retain(|_, account| !account.is_at_rest(now));
        }
        let key = if known || self.accounts.len() < most { key } else { CallerKey::Others };
        let account = self.accounts.entry(key.clone()).or_insert(Account { settled: now, transfers: 0 });
        (key, account)
    }
}
