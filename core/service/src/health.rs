//! Whether requests can be served, and how the stores are, for those who run the service.

use crate::{Result, Service};
use casement_stores::{Store, StoreState};
use std::{sync::Arc, time::Duration};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::timeout;

/// Whoever asks wants an answer while it is of use.
const PATIENCE: Duration = Duration::from_secs(3);

/// One store, as it is now. Times are RFC 3339, in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreHealth {
    pub id: String,
    pub plugin: String,
    pub required: bool,
    /// One word: see [`StoreState`].
    pub state: &'static str,
    /// When it came into this state.
    pub since: String,
    pub breaker_open: bool,
    /// The last trouble there was, and when it was first met.
    pub last_error: Option<(String, String)>,
    pub free_bytes: Option<u64>,
    pub used_bytes: Option<u64>,
}

impl Service {
    /// Whether requests can be served now; the error says what is missing.
    ///
    /// # Errors
    /// When the catalog does not answer.
    pub async fn health(&self) -> Result<()> {
        Ok(self.catalog().ping().await?)
    }

    /// Why requests should go elsewhere now; nothing where they are welcome. A store that is not required does not count.
    pub async fn unreadiness(&self) -> Vec<String> {
        let catalog = match timeout(PATIENCE, self.health()).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(format!("the catalog does not answer: {error}")),
            Err(_) => Some(format!("the catalog does not answer within {} s", PATIENCE.as_secs())),
        };
        let stores = self.parts().stores.iter().filter(|store| store.options().required);
        let stores = stores.filter_map(|store| match store.state() {
            StoreState::Open => None,
            StoreState::Degraded(reason) | StoreState::Failed { reason, .. } => {
                Some(format!("the required store `{}`: {reason}", store.id()))
            }
            StoreState::Declared | StoreState::Loaded => {
                Some(format!("the required store `{}` is being opened", store.id()))
            }
        });
        catalog.into_iter().chain(stores).collect()
    }

    /// Every store, in the order of the configuration.
    pub fn store_health(&self) -> Vec<StoreHealth> {
        let told = |store: &Arc<Store>| {
            let health = store.health_now();
            StoreHealth {
                id: store.id().to_owned(),
                plugin: store.options().plugin.clone(),
                required: store.options().required,
                state: health.state.name(),
                since: written(health.since.into()),
                breaker_open: health.breaker_open,
                last_error: health.last_error.map(|(message, at)| (message, written(at.into()))),
                free_bytes: health.usage.free,
                used_bytes: health.usage.used,
            }
        };
        self.parts().stores.iter().map(told).collect()
    }
}

fn written(moment: OffsetDateTime) -> String {
    moment.replace_nanosecond(0).unwrap_or(moment).format(&Rfc3339).unwrap_or_default()
}
