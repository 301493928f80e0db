//! Opening a store on a plugin.

use crate::{
    config::StoreOptions,
    host::{LoadedPlugin, checked_config},
    store::{Store, StoreState},
};
use casement_sdk::host::Backend;
use std::sync::Arc;
use tokio::time::timeout;

/// Why one store did not open.
pub(crate) enum Refusal {
    /// Its keys are wrong: nothing but another configuration helps.
    Configuration(String),
    /// Plugin or medium; `retryable` says whether another try may help.
    Failed { reason: String, retryable: bool },
}

/// Opens one store; whatever comes of it is its state. Answers the store and the reason when its keys are wrong.
pub(crate) async fn open(store: &Store, plugins: &[Arc<LoadedPlugin>]) -> Option<(String, String)> {
    let was = store.state();
    let opened = match find_plugin(store.options(), plugins) {
        Ok(plugin) => open_backend(store, plugin).await.map(|backend| (backend, plugin.version())),
        Err(refusal) => Err(refusal),
    };
    let (reason, retryable, wrong_keys) = match opened {
        Ok((backend, version)) => {
            tracing::info!(store = store.id(), plugin = store.options().plugin, version, "store is open");
            store.open_with(backend, version);
            return None;
        }
        Err(Refusal::Configuration(reason)) => (reason, false, true),
        Err(Refusal::Failed { reason, retryable }) => (reason, retryable, false),
    };
    let state = StoreState::Failed { reason: reason.clone(), retryable };
    if state != was {
        tracing::error!(store = store.id(), reason, "store can't be opened");
    }
    store.enter(state);
    wrong_keys.then(|| (store.id().to_owned(), reason))
}

/// Opens a store's backend; the store does not use it yet.
pub(crate) async fn open_backend(store: &Store, loaded: &LoadedPlugin) -> Result<Backend, Refusal> {
    let options = store.options();
    let failed = |reason, retryable| Err(Refusal::Failed { reason, retryable });
    let plugin = match loaded.plugin() {
        Ok(plugin) => plugin,
        Err(reason) => return failed(reason.to_owned(), false),
    };
    if store.state() == StoreState::Declared {
        store.enter(StoreState::Loaded);
    }
    let config = checked_config(plugin.config_schema(), options).map_err(Refusal::Configuration)?;
    match timeout(options.limits.open, plugin.open(store.services(), &config)).await {
        Ok(Ok(backend)) => Ok(backend),
        Ok(Err(error)) => failed(error.message().to_owned(), error.is_retryable()),
        Err(_) => failed(format!("not open after {} s", options.limits.open.as_secs_f32()), true),
    }
}

fn find_plugin<'a>(store: &StoreOptions, plugins: &'a [Arc<LoadedPlugin>]) -> Result<&'a LoadedPlugin, Refusal> {
    let wanted = store.plugin.as_str();
    if let Some(found) = plugins.iter().find(|plugin| plugin.name() == Some(wanted)) {
        return Ok(found);
    }
    let failures: Vec<&str> = plugins.iter().filter_map(|plugin| plugin.plugin().err()).collect();
    if failures.is_empty() {
        let names: Vec<String> =
            plugins.iter().filter_map(|plugin| plugin.name()).map(|name| format!("`{name}`")).collect();
        return Err(Refusal::Configuration(format!(
            "[stores.{}]: there is no plugin `{wanted}`; loaded are: {}",
            store.id,
            names.join(", "),
        )));
    }
    // It may be the one that failed: its name is not known then.
    let reason = format!("no plugin `{wanted}` is loaded ({})", failures.join("; "));
    Err(Refusal::Failed { reason, retryable: false })
}
