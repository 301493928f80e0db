//! Loading: from a line of the configuration to a plugin that can open stores, or to the reason why not.

use super::{
    shadow::Shadow,
    trust::{PluginFile, trusted_file},
};
use crate::{
    config::{Options, PluginOptions},
    figures::tell_plugin,
};
use casement_sdk::host::{Library, LoadErrorKind, OpenOptions, Plugin};
use std::{path::PathBuf, sync::Arc};

/// One configured plugin: what was loaded, or the reason why nothing was.
#[derive(Debug)]
pub struct LoadedPlugin {
    options: PluginOptions,
    plugin: Result<Plugin, String>,
    /// The file's SHA-256 in hex; a plugin that is linked in has no file.
    sha256: Option<String>,
}

impl LoadedPlugin {
    /// A plugin that is part of this program.
    pub fn linked_in(plugin: Plugin) -> Self {
        Self { options: PluginOptions::default(), plugin: Ok(plugin), sha256: None }
    }

    fn failed(options: &PluginOptions, reason: String) -> Self {
        Self { options: options.clone(), plugin: Err(reason), sha256: None }
    }

    pub fn plugin(&self) -> Result<&Plugin, &str> {
        self.plugin.as_ref().map_err(String::as_str)
    }

    /// The name that stores select it by: the configuration's, or its own.
    pub fn name(&self) -> Option<&str> {
        let own = self.plugin.as_ref().ok().map(Plugin::name)?;
        Some(self.options.name.as_deref().unwrap_or(own))
    }

    /// The file as the configuration names it.
    pub fn configured_path(&self) -> String {
        self.options.path.display().to_string()
    }

    pub(crate) fn options(&self) -> &PluginOptions {
        &self.options
    }

    /// The plugin's own version, and the first digits of its file's digest: two builds can have one version.
    pub fn version(&self) -> String {
        let version = self.plugin.as_ref().map_or("none", Plugin::version);
        match &self.sha256 {
            Some(digest) => format!("{version} ({})", &digest[..8]),
            None => version.to_owned(),
        }
    }

    /// Whether it was loaded from a file of this very content.
    pub(crate) fn is_of(&self, file: &PluginFile) -> bool {
        self.plugin.is_ok() && self.sha256.as_deref() == Some(file.sha256.as_str())
    }
}

/// What plugin files are loaded by.
#[derive(Debug)]
pub(crate) struct Loader {
    plugin_dirs: Vec<PathBuf>,
    shadow: Option<Shadow>,
}

impl Loader {
    pub(crate) fn new(options: &Options) -> Self {
        let shadow = options.shadow_dir.as_deref().and_then(|folder| {
            let shadow = Shadow::open(folder);
            shadow
                .inspect_err(|reason| {
                    tracing::warn!(reason, "plugins are loaded in place: stop the service before you replace one")
                })
                .ok()
        });
        Self { plugin_dirs: options.plugin_dirs.clone(), shadow }
    }

    /// Loads every configured plugin; one that fails does not hinder the others.
    pub(crate) fn load_all(&self, plugins: &[PluginOptions]) -> Vec<Arc<LoadedPlugin>> {
        let mut loaded: Vec<Arc<LoadedPlugin>> = Vec::new();
        for options in plugins {
            let next = match self.find(options) {
                Ok(file) => self.load(options, &file, &loaded),
                Err(reason) => LoadedPlugin::failed(options, reason),
            };
            match &next.plugin {
                Err(reason) => tracing::error!(plugin = next.configured_path(), reason, "plugin not loaded"),
                Ok(plugin) => tracing::info!(
                    plugin = plugin.name(),
                    version = next.version(),
                    built_with = plugin.built_with(),
                    layout_checked = plugin.layout_checked(),
                    "plugin loaded"
                ),
            }
            tell_plugin(&next, true);
            loaded.push(Arc::new(next));
        }
        if let Some(shadow) = &self.shadow {
            shadow.remove_all_but(loaded.iter().filter_map(|plugin| plugin.sha256.as_deref()));
        }
        loaded
    }

    /// The file that the configuration names, when it may be loaded.
    ///
    /// # Errors
    /// Whatever makes the file unfit; the text tells what to do.
    pub(crate) fn find(&self, options: &PluginOptions) -> Result<PluginFile, String> {
        trusted_file(options, &self.plugin_dirs)
    }

    /// Whether a plugin's file can be replaced while it is in use. One that is loaded in place stays what it was: the
    /// system knows the file by its name.
    pub(crate) fn can_replace(&self, options: &PluginOptions) -> bool {
        self.shadow.is_some() && options.shadow_copy
    }

    /// Loads a plugin whose name none of `others` has.
    pub(crate) fn load(
        &self,
        options: &PluginOptions,
        file: &PluginFile,
        others: &[Arc<LoadedPlugin>],
    ) -> LoadedPlugin {
        let plugin = self.open(options, file);
        let loaded = LoadedPlugin { options: options.clone(), plugin, sha256: Some(file.sha256.clone()) };
        let namesake = others.iter().find(|other| other.name().is_some() && other.name() == loaded.name());
        match (namesake, loaded.name()) {
            (Some(other), Some(name)) => {
                let reason = format!(
                    "there is a plugin `{name}` already ({}): give one of them another `name`",
                    other.configured_path()
                );
                LoadedPlugin::failed(options, reason)
            }
            _ => loaded,
        }
    }

    fn open(&self, options: &PluginOptions, file: &PluginFile) -> Result<Plugin, String> {
        let how = OpenOptions { allow_c_abi: options.c_abi, allow_abort: options.allow_abort };
        let (path, is_copy) = match self.shadow.as_ref().filter(|_| options.shadow_copy).map(|shadow| shadow.copy(file))
        {
            Some(Ok(copy)) => (copy, true),
            Some(Err(reason)) => {
                tracing::warn!(reason, "a plugin is loaded in place: stop the service before you replace it");
                (file.path.clone(), false)
            }
            None => (file.path.clone(), false),
        };
        Library::open(&path, &how).map_err(|error| {
            let hint = match error.kind() {
                LoadErrorKind::Open if is_copy => format!(
                    " (this was the copy {}: if the plugin needs files beside it, set `shadow_copy = false`)",
                    path.display()
                ),
                _ => String::new(),
            };
            format!("{}: {error}{hint}", file.path.display())
        })
    }
}
