//! Replacing a plugin by what its file is now, in service.

use crate::{
    figures::tell_plugin,
    host::{LoadedPlugin, Loader},
    opening::{Refusal, open, open_backend},
    store::Store,
};
use std::{fmt, sync::Arc};
use tokio::task::spawn_blocking;

/// What became of one configured plugin.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reloaded {
    /// The file as the configuration names it.
    pub path: String,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The file is the one that is in use.
    Unchanged { version: String },
    /// These stores use the new version.
    Replaced { from: String, to: String, stores: Vec<String> },
    /// All stays as it was, for this reason.
    Refused(String),
}

impl fmt::Display for Reloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.outcome {
            Outcome::Unchanged { version } => write!(f, "{path}: unchanged, {version}"),
            Outcome::Replaced { from, to, stores } if stores.is_empty() => {
                write!(f, "{path}: {from} replaced by {to}; no store uses it")
            }
            Outcome::Replaced { from, to, stores } => {
                write!(f, "{path}: {from} replaced by {to} for {}", stores.join(", "))
            }
            Outcome::Refused(reason) => write!(f, "{path}: not replaced: {reason}"),
        }
    }
}

/// Replaces `old` in all stores that are on it, or in none. Answers what is to stand in its place.
pub(crate) async fn replace(
    loader: &Arc<Loader>,
    old: &Arc<LoadedPlugin>,
    all: &[Arc<LoadedPlugin>],
    stores: &[Arc<Store>],
) -> (Reloaded, Option<Arc<LoadedPlugin>>) {
    let (outcome, new) = match try_replace(loader, old, all, stores).await {
        Ok(Some((new, stores))) => {
            let (from, to) = (old.version(), new.version());
            tracing::info!(plugin = new.name(), from, to, ?stores, "plugin replaced");
            tell_plugin(old, false);
            tell_plugin(&new, true);
            (Outcome::Replaced { from, to, stores }, Some(new))
        }
        Ok(None) => (Outcome::Unchanged { version: old.version() }, None),
        Err(reason) => {
            tracing::error!(
                plugin = old.configured_path(),
                reason,
                "plugin not replaced: what was loaded stays in use"
            );
            (Outcome::Refused(reason), None)
        }
    };
    (Reloaded { path: old.configured_path(), outcome }, new)
}

type Replacement = (Arc<LoadedPlugin>, Vec<String>);

async fn try_replace(
    loader: &Arc<Loader>,
    old: &Arc<LoadedPlugin>,
    all: &[Arc<LoadedPlugin>],
    stores: &[Arc<Store>],
) -> Result<Option<Replacement>, String> {
    let (loader, was, all) = (Arc::clone(loader), Arc::clone(old), all.to_vec());
    let loaded = spawn_blocking(move || load_anew(&loader, &was, &all)).await;
    let Some(new) = loaded.map_err(|error| format!("the plugin could not be loaded: {error}"))?? else {
        return Ok(None);
    };
    let (mut opened, mut failed) = (Vec::new(), Vec::new());
    for store in stores.iter().filter(|store| Some(store.options().plugin.as_str()) == new.name()) {
        if store.unavailable().is_some() {
            failed.push(store);
            continue;
        }
        match open_backend(store, &new).await {
            Ok(backend) => opened.push((store, backend)),
            Err(Refusal::Configuration(reason)) => return Err(reason),
            Err(Refusal::Failed { reason, .. }) => {
                return Err(format!("store `{}` can't be opened: {reason}", store.id()));
            }
        }
    }
    let mut names = Vec::new();
    for (store, backend) in opened {
        store.open_with(backend, new.version());
        names.push(store.id().to_owned());
    }
    // A store that is out of service has nothing to lose.
    for store in failed {
        open(store, std::slice::from_ref(&new)).await;
        if store.unavailable().is_none() {
            names.push(store.id().to_owned());
        }
    }
    Ok(Some((new, names)))
}

/// The plugin that the file is now; `None` where that is the one in use.
fn load_anew(
    loader: &Loader,
    old: &Arc<LoadedPlugin>,
    all: &[Arc<LoadedPlugin>],
) -> Result<Option<Arc<LoadedPlugin>>, String> {
    let file = loader.find(old.options())?;
    if old.is_of(&file) {
        return Ok(None);
    }
    if !loader.can_replace(old.options()) {
        return Err("it was loaded in place: restart the service".to_owned());
    }
    let others: Vec<_> = all.iter().filter(|other| !Arc::ptr_eq(other, old)).cloned().collect();
    let new = loader.load(old.options(), &file, &others);
    new.plugin()?;
    match (old.name(), new.name()) {
        (Some(was), Some(is)) if was != is => Err(format!("the file holds the plugin `{is}` now, no longer `{was}`")),
        _ => Ok(Some(Arc::new(new))),
    }
}
