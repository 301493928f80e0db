//! All stores of this gateway, and the plugins they run on.

use crate::{
    config::{Options, StoreOptions},
    error::Kind,
    host::{LoadedPlugin, PluginState, StoreServices, checked_config, load_all},
    store::{Store, StoreState},
};
use casement_sdk::host::Plugin;
use futures_util::future::join_all;
use std::{fmt, sync::Arc, time::Duration};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How often the health of every store is asked for, and the opening of an absent one tried again.
const HEALTH_INTERVAL: Duration = Duration::from_secs(5);

/// The registry. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Stores(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    plugins: Vec<LoadedPlugin>,
    stores: Vec<Arc<Store>>,
    default: Option<usize>,
    plugin_threads: u32,
}

/// Required stores that could not be opened, each with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartError(pub Vec<(String, String)>);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (store, reason)) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}required store `{store}` can't serve: {reason}")?;
        }
        Ok(())
    }
}

impl std::error::Error for StartError {}

impl Stores {
    /// Loads the plugins and opens the stores. A store that fails is listed with its reason, and does not
    /// hinder the others.
    ///
    /// # Errors
    /// Only when a store that is marked `required` fails.
    pub async fn open(options: Options) -> Result<Self, StartError> {
        let plugins = load_all(&options);
        let stores: Vec<_> = options.stores.into_iter().map(|store| Arc::new(Store::new(store))).collect();
        join_all(stores.iter().map(|store| open(store, &plugins, options.plugin_threads))).await;
        let failed: Vec<_> = stores
            .iter()
            .filter(|store| store.options().required)
            .filter_map(|store| store.unavailable().map(|reason| (store.id().to_owned(), reason)))
            .collect();
        if !failed.is_empty() {
            return Err(StartError(failed));
        }
        let default = match stores.len() {
            1 => Some(0),
            _ => stores.iter().position(|store| store.options().default),
        };
        Ok(Self(Arc::new(Inner { plugins, stores, default, plugin_threads: options.plugin_threads })))
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

    pub fn plugins(&self) -> &[LoadedPlugin] {
        &self.0.plugins
    }

    /// Watches the stores for ever: opens those that were absent at the start, marks those that fail.
    pub async fn supervise(&self) {
        let mut ticks = interval(HEALTH_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            join_all(self.iter().map(|store| self.check(store))).await;
        }
    }

    async fn check(&self, store: &Arc<Store>) {
        match store.state() {
            StoreState::Failed { retryable: true, .. } => open(store, &self.0.plugins, self.0.plugin_threads).await,
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

/// Opens one store; whatever comes of it is its state.
async fn open(store: &Store, plugins: &[LoadedPlugin], plugin_threads: u32) {
    let was = store.state();
    match try_open(store, plugins, plugin_threads).await {
        Ok(()) => tracing::info!(store = store.id(), plugin = store.options().plugin, "store is open"),
        Err((reason, retryable)) => {
            let state = StoreState::Failed { reason, retryable };
            if state != was {
                tracing::error!(store = store.id(), ?state, "store can't be opened");
            }
            store.enter(state);
        }
    }
}

async fn try_open(store: &Store, plugins: &[LoadedPlugin], plugin_threads: u32) -> Result<(), (String, bool)> {
    let options = store.options();
    let plugin = find_plugin(options, plugins).map_err(|reason| (reason, false))?;
    store.enter(StoreState::Loaded);
    let config = checked_config(plugin.config_schema(), options).map_err(|reason| (reason, false))?;
    let services = Arc::new(StoreServices::new(store.id(), plugin_threads));
    let opening = timeout(options.limits.open, plugin.open(services, &config)).await;
    match opening {
        Ok(Ok(backend)) => {
            store.open_with(backend);
            Ok(())
        }
        Ok(Err(error)) => {
            let retryable = error.is_retryable() || matches!(error.kind(), Kind::Unavailable | Kind::Timeout);
            Err((error.message().to_owned(), retryable))
        }
        Err(_) => Err((format!("not open after {} s", options.limits.open.as_secs_f32()), true)),
    }
}

fn find_plugin<'a>(store: &StoreOptions, plugins: &'a [LoadedPlugin]) -> Result<&'a Plugin, String> {
    let wanted = store.plugin.as_str();
    if let Some(found) = plugins.iter().find(|plugin| plugin.name() == Some(wanted)).and_then(|p| p.plugin.as_ref()) {
        return Ok(found);
    }
    let reasons: Vec<String> = plugins
        .iter()
        .map(|plugin| match (&plugin.state, plugin.name()) {
            (PluginState::Failed(reason), _) => reason.clone(),
            (PluginState::Loaded, name) => format!("`{}` is loaded", name.unwrap_or_default()),
        })
        .collect();
    Err(format!("no plugin `{wanted}` is loaded ({})", reasons.join("; ")))
}
