//! All stores of this gateway, and the plugins they run on.

use crate::{
    config::{Options, StoreOptions},
    host::{LoadedPlugin, Loader},
    opening::open,
    reconfigure,
    reload::{Reloaded, replace},
    store::{Store, StoreState},
};
use futures_util::future::join_all;
use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::{
    sync::RwLock as Gate,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

/// How often the health of every store is asked for, and the opening of an absent one tried again.
const HEALTH_INTERVAL: Duration = Duration::from_secs(5);
/// One time in so many it is asked for its space too.
const USAGE_EVERY: u32 = 12;

/// The registry. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Stores(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    loader: Arc<Loader>,
    plugins: RwLock<Vec<Arc<LoadedPlugin>>>,
    stores: Vec<Arc<Store>>,
    default: Option<usize>,
    /// Stores are opened side by side, and none while a plugin is replaced: it could be opened on the old one. Registries
    /// that share stores share this too.
    opening: Arc<Gate<()>>,
}

/// Why the gateway must not start: stores by their ids, each with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartError {
    /// Stores whose keys their plugins do not take.
    Configuration(Vec<(String, String)>),
    /// Required stores that could not be opened.
    Required(Vec<(String, String)>),
    /// What a new configuration of a running gateway brings, and cannot be used: plugins and stores.
    Changed(Vec<(String, String)>),
}

impl StartError {
    pub fn is_configuration(&self) -> bool {
        matches!(self, Self::Configuration(_))
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = match self {
            // The reason names the store's table.
            Self::Configuration(stores) => stores.iter().map(|(_, reason)| reason.clone()).collect(),
            Self::Required(stores) => {
                stores.iter().map(|(store, reason)| format!("required store `{store}` can't serve: {reason}")).collect()
            }
            Self::Changed(parts) => parts.iter().map(|(part, reason)| format!("{part}: {reason}")).collect(),
        };
        f.write_str(&lines.join("; "))
    }
}

impl std::error::Error for StartError {}

impl Stores {
    /// Loads the plugins and opens the stores. A store that fails is listed with its reason, and does not
    /// hinder the others.
    ///
    /// # Errors
    /// When a store that is marked `required` fails, or a store's keys are wrong.
    pub async fn open(options: Options) -> Result<Self, StartError> {
        let loader = Loader::new(&options);
        let plugins = loader.load_all(&options.plugins);
        Self::open_with(loader, plugins, options.stores, options.plugin_threads).await
    }

    /// As [`Stores::open`], on plugins that are there already, such as one that is linked in.
    ///
    /// # Errors
    /// As [`Stores::open`].
    pub async fn open_on(plugins: Vec<LoadedPlugin>, stores: Vec<StoreOptions>) -> Result<Self, StartError> {
        let plugins = plugins.into_iter().map(Arc::new).collect();
        Self::open_with(Loader::new(&Options::default()), plugins, stores, 1).await
    }

    async fn open_with(
        loader: Loader,
        plugins: Vec<Arc<LoadedPlugin>>,
        stores: Vec<StoreOptions>,
        plugin_threads: u32,
    ) -> Result<Self, StartError> {
        let stores: Vec<_> = stores.into_iter().map(|store| Arc::new(Store::new(store, plugin_threads))).collect();
        let wrong: Vec<_> =
            join_all(stores.iter().map(|store| open(store, &plugins))).await.into_iter().flatten().collect();
        if !wrong.is_empty() {
            return Err(StartError::Configuration(wrong));
        }
        let failed: Vec<_> = stores
            .iter()
            .filter(|store| store.options().required)
            .filter_map(|store| store.unavailable().map(|reason| (store.id().to_owned(), reason)))
            .collect();
        if !failed.is_empty() {
            return Err(StartError::Required(failed));
        }
        Ok(Self::of(Arc::new(loader), plugins, stores, Arc::default()))
    }

    fn of(
        loader: Arc<Loader>,
        plugins: Vec<Arc<LoadedPlugin>>,
        stores: Vec<Arc<Store>>,
        opening: Arc<Gate<()>>,
    ) -> Self {
        let default = match stores.len() {
            1 => Some(0),
            _ => stores.iter().position(|store| store.options().default),
        };
        Self(Arc::new(Inner { loader, plugins: RwLock::new(plugins), stores, default, opening }))
    }

    /// Another registry for a gateway that goes on by another configuration. It shares with this one what has not changed;
    /// what is new or changed is opened, and all of it can be used or nothing is done. Transfers under way end in the store
    /// that they began in.
    ///
    /// # Errors
    /// When a plugin or a store that is new, or has changed, can't be used.
    pub async fn reconfigured(&self, options: Options) -> Result<Self, StartError> {
        let inner = &self.0;
        let _alone = inner.opening.write().await;
        let was = self.plugins();
        let plugins = reconfigure::plugins(&inner.loader, &was, options.plugins).await?;
        let changes = reconfigure::Changes { was: &was, plugins: &plugins, threads: options.plugin_threads };
        let stores = changes.stores(&inner.stores, options.stores).await?;
        Ok(Self::of(inner.loader.clone(), plugins, stores, inner.opening.clone()))
    }

    pub fn get(&self, id: &str) -> Option<&Arc<Store>> {
        self.0.stores.iter().find(|store| store.id() == id)
    }

    /// The store of uploads that name none.
    pub fn default_store(&self) -> Option<&Arc<Store>> {
        self.0.default.and_then(|at| self.0.stores.get(at))
    }

    /// In the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Store>> {
        self.0.stores.iter()
    }

    /// In the order of the configuration, as they are now.
    pub fn plugins(&self) -> Vec<Arc<LoadedPlugin>> {
        self.0.plugins.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at the file of every plugin again, and takes those into service that are new. Transfers under way end in
    /// the version that they began in.
    pub async fn reload_plugins(&self) -> Vec<Reloaded> {
        let inner = &self.0;
        let _alone = inner.opening.write().await;
        let mut reloaded = Vec::new();
        for (at, plugin) in self.plugins().iter().enumerate() {
            let (done, new) = replace(&inner.loader, plugin, &self.plugins(), &inner.stores).await;
            if let Some(new) = new {
                inner.plugins.write().unwrap_or_else(PoisonError::into_inner)[at] = new;
            }
            reloaded.push(done);
        }
        reloaded
    }

    /// Watches the stores until it is told to end: opens those that were absent at the start, marks those that fail.
    pub async fn supervise(&self, end: &CancellationToken) {
        join_all(self.iter().map(|store| self.watch(store, end))).await;
    }

    /// Each store at its own pace: one that lets its deadlines pass does not keep the others waiting.
    async fn watch(&self, store: &Arc<Store>, end: &CancellationToken) {
        let mut ticks = interval(HEALTH_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for round in 0_u32.. {
            if end.run_until_cancelled(ticks.tick()).await.is_none() {
                return;
            }
            self.check(store).await;
            if round % USAGE_EVERY == 0 {
                store.look_at_usage().await;
            }
        }
    }

    async fn check(&self, store: &Arc<Store>) {
        match store.state() {
            StoreState::Failed { retryable: true, .. } => {
                let _beside_others = self.0.opening.read().await;
                open(store, &self.plugins()).await;
            }
            StoreState::Open | StoreState::Degraded(_) => match store.health().await {
                Ok(()) => store.enter(StoreState::Open),
                Err(error) => {
                    if store.state() == StoreState::Open {
                        tracing::warn!(store = store.id(), %error, "store is degraded");
                    }
                    store.enter(StoreState::Degraded(error.message));
                }
            },
            StoreState::Failed { retryable: false, .. } | StoreState::Declared | StoreState::Loaded => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{sound_store, store};
    use serde_json::json;
    use tokio::{select, time::sleep};

    #[tokio::test(start_paused = true)]
    async fn a_store_that_does_not_answer_delays_no_other_stores_check() {
        let (silent, sound) = (store("silent", json!({"silent": true})).await, sound_store("sound").await);
        let loader = Arc::new(Loader::new(&Options::default()));
        let inner = Inner {
            loader,
            plugins: RwLock::default(),
            stores: vec![silent, sound.clone()],
            default: None,
            opening: Arc::default(),
        };
        let stores = Stores(Arc::new(inner));
        let look = async {
            sleep(HEALTH_INTERVAL / 2).await;
            sound.enter(StoreState::Degraded("since the first round".to_owned()));
            sleep(HEALTH_INTERVAL).await;
            assert_eq!(sound.state(), StoreState::Open);
        };
        let end = CancellationToken::new();
        select! {
            () = stores.supervise(&end) => unreachable!("nobody ends it"),
            () = look => {}
        }
    }
}
