//! The parts of a registry by another configuration: those that have not changed stay what they are.

use crate::{
    config::{PluginOptions, StoreOptions},
    host::{LoadedPlugin, Loader},
    opening::open,
    registry::StartError,
    store::Store,
};
use futures_util::future::join_all;
use std::sync::Arc;
use tokio::task::spawn_blocking;

type Plugins = Vec<Arc<LoadedPlugin>>;

/// The plugins of the new configuration, in its order. One that stood in the old one too is what is loaded, whatever its
/// file is now: for that there is a reload of plugins.
pub(crate) async fn plugins(
    loader: &Arc<Loader>,
    was: &[Arc<LoadedPlugin>],
    wanted: Vec<PluginOptions>,
) -> Result<Plugins, StartError> {
    let (loader, was) = (Arc::clone(loader), was.to_vec());
    let loaded = spawn_blocking(move || load(&loader, &was, &wanted)).await;
    loaded.unwrap_or_else(|error| Err(changed("plugins", format!("they could not be loaded: {error}"))))
}

fn load(loader: &Loader, was: &[Arc<LoadedPlugin>], wanted: &[PluginOptions]) -> Result<Plugins, StartError> {
    let kept: Plugins = was.iter().filter(|plugin| wanted.contains(plugin.options())).cloned().collect();
    let mut plugins = Plugins::new();
    for options in wanted {
        if let Some(same) = kept.iter().find(|plugin| plugin.options() == options) {
            plugins.push(same.clone());
            continue;
        }
        let unfit = |reason| changed(&format!("plugin {}", options.path.display()), reason);
        let file = loader.find(options).map_err(unfit)?;
        let others: Plugins = plugins.iter().chain(&kept).cloned().collect();
        let new = loader.load(options, &file, &others);
        new.plugin().map_err(|reason| unfit(reason.to_owned()))?;
        tracing::info!(plugin = new.name(), version = new.version(), "plugin loaded");
        plugins.push(Arc::new(new));
    }
    Ok(plugins)
}

/// What the stores of a new configuration are opened by.
pub(crate) struct Changes<'a> {
    pub(crate) was: &'a [Arc<LoadedPlugin>],
    pub(crate) plugins: &'a [Arc<LoadedPlugin>],
    pub(crate) threads: u32,
}

impl Changes<'_> {
    /// The stores of the new configuration, in its order.
    pub(crate) async fn stores(
        &self,
        was: &[Arc<Store>],
        wanted: Vec<StoreOptions>,
    ) -> Result<Vec<Arc<Store>>, StartError> {
        let stores: Vec<_> = wanted
            .into_iter()
            .map(|options| {
                match was.iter().find(|store| store.options() == &options && self.is_plugin_kept(&options)) {
                    Some(kept) => (kept.clone(), false),
                    None => (Arc::new(Store::new(options, self.threads)), true),
                }
            })
            .collect();
        let new = || stores.iter().filter(|(_, is_new)| *is_new).map(|(store, _)| store);
        join_all(new().map(|store| open(store, self.plugins))).await;
        let unfit: Vec<_> =
            new().filter_map(|store| Some((format!("store `{}`", store.id()), store.unavailable()?))).collect();
        if unfit.is_empty() {
            Ok(stores.into_iter().map(|(store, _)| store).collect())
        } else {
            Err(StartError::Changed(unfit))
        }
    }

    fn is_plugin_kept(&self, store: &StoreOptions) -> bool {
        let find = |plugins: &[Arc<LoadedPlugin>]| {
            plugins.iter().find(|plugin| plugin.name() == Some(store.plugin.as_str())).map(Arc::as_ptr)
        };
        find(self.was) == find(self.plugins)
    }
}

fn changed(part: &str, reason: String) -> StartError {
    StartError::Changed(vec![(part.to_owned(), reason)])
}
