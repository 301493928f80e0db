//! Loading: from a line of the configuration to a plugin that can open stores, or to the reason why not.

use super::trust::trusted_path;
use crate::config::{Options, PluginOptions};
use casement_sdk::host::{Library, OpenOptions, Plugin};
use std::{fmt, path::PathBuf};

/// How far a plugin has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PluginState {
    /// Loaded and checked; its stores may be opened.
    Loaded,
    /// Refused or broken, with the reason.
    Failed(String),
}

/// One configured plugin.
#[derive(Debug)]
pub struct LoadedPlugin {
    pub options: PluginOptions,
    /// What was loaded, where anything was.
    pub path: Option<PathBuf>,
    pub plugin: Option<Plugin>,
    pub state: PluginState,
}

impl LoadedPlugin {
    /// The name that stores select it by.
    pub fn name(&self) -> Option<&str> {
        self.plugin.as_ref().map(Plugin::name)
    }

    /// Why it was not loaded, when it was not.
    pub fn failure(&self) -> Option<&str> {
        match &self.state {
            PluginState::Failed(reason) => Some(reason),
            PluginState::Loaded => None,
        }
    }
}

/// Why a plugin was not loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError(pub String);

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LoadError {}

/// Loads every configured plugin; one that fails does not hinder the others.
pub(crate) fn load_all(options: &Options) -> Vec<LoadedPlugin> {
    let mut loaded: Vec<LoadedPlugin> = Vec::new();
    for plugin in &options.plugins {
        let mut next = match load(plugin, options) {
            Ok((path, plugin_file)) => LoadedPlugin {
                options: plugin.clone(),
                path: Some(path),
                plugin: Some(plugin_file),
                state: PluginState::Loaded,
            },
            Err(LoadError(reason)) => failed(plugin, reason),
        };
        let namesake = loaded.iter().find(|other| other.name().is_some() && other.name() == next.name());
        if let (Some(other), Some(name)) = (namesake, next.name()) {
            let reason = format!("the plugin `{name}` is configured already ({})", other.options.path.display());
            next = failed(plugin, reason);
        }
        match (&next.state, &next.plugin) {
            (PluginState::Failed(reason), _) => {
                tracing::error!(plugin = %plugin.path.display(), reason, "plugin not loaded");
            }
            (PluginState::Loaded, Some(found)) => tracing::info!(
                plugin = found.name(),
                version = found.version(),
                built_with = found.built_with(),
                layout_checked = found.layout_checked(),
                "plugin loaded"
            ),
            (PluginState::Loaded, None) => {}
        }
        loaded.push(next);
    }
    loaded
}

fn failed(options: &PluginOptions, reason: String) -> LoadedPlugin {
    LoadedPlugin { options: options.clone(), path: None, plugin: None, state: PluginState::Failed(reason) }
}

/// Loads one plugin, after everything that can be known of its file has been checked.
///
/// # Errors
/// Whatever makes the file unfit; the text tells what to do.
pub fn load(plugin: &PluginOptions, options: &Options) -> Result<(PathBuf, Plugin), LoadError> {
    let path = trusted_path(plugin, &options.plugin_dirs).map_err(LoadError)?;
    let how = OpenOptions { allow_c_abi: plugin.c_abi, allow_abort: plugin.allow_abort };
    match Library::open(&path, &how) {
        Ok(found) => Ok((path, found)),
        Err(error) => Err(LoadError(format!("{}: {error}", path.display()))),
    }
}
