//! From the file and the environment to a [`Config`].

use super::{
    Config, ConfigError,
    error::Problems,
    place::{KeyPath, Lines},
    semantics, shape,
};
use ::config::{Environment, File, FileFormat};
use std::{
    collections::HashMap,
    env, fs,
    path::{Path, PathBuf},
};

/// `CASEMENT__SERVER__LISTEN` sets `server.listen`.
pub(super) const PREFIX: &str = "CASEMENT";
pub(super) const SEPARATOR: &str = "__";

/// Reads the configuration, and the process's environment over it.
pub(crate) fn load(file: &Path) -> Result<Config, ConfigError> {
    parse(file, &text(file)?)
}

/// What the file says.
pub(crate) fn text(file: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(file).map_err(|err| ConfigError::of_file(file, format!("cannot be read: {err}")))
}

/// The configuration in what the file says or said, and the process's environment over it.
pub(crate) fn parse(file: &Path, text: &str) -> Result<Config, ConfigError> {
    let variables = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.to_uppercase().starts_with(&format!("{PREFIX}{SEPARATOR}")))
        .map(|(name, value)| match value.into_string() {
            Ok(value) => Ok((name.to_uppercase(), value)),
            Err(_) => Err(ConfigError::of_file(file, format!("the environment variable {name} over it is not text"))),
        })
        .collect::<Result<_, _>>()?;
    read(file, text, variables)
}

/// Whether a file with this text would be a good configuration.
pub(crate) fn check_text(file: &Path, text: &str) -> Result<(), ConfigError> {
    read(file, text, HashMap::new()).map(drop)
}

#[cfg(test)]
pub(super) fn load_with(file: &Path, variables: HashMap<String, String>) -> Result<Config, ConfigError> {
    read(file, &text(file)?, variables)
}

fn read(file: &Path, text: &str, variables: HashMap<String, String>) -> Result<Config, ConfigError> {
    let lines = Lines::read(text).map_err(|err| ConfigError::of_syntax(file, text, &err))?;
    let mut problems = Problems::new(lines, variables.keys().cloned().collect());

    let merged = merge(text, variables).map_err(|err| ConfigError::of_file(file, err.to_string()))?;
    let checked = shape::check(&merged, &mut problems);
    problems.settle(file)?;
    let mut config: Config =
        serde_json::from_value(checked).map_err(|err| ConfigError::of_file(file, err.to_string()))?;

    config.base_dir =
        base_dir(file).map_err(|err| ConfigError::of_file(file, format!("its folder cannot be found: {err}")))?;
    config.resolve_paths();
    semantics::check(&config, &mut problems);
    problems.settle(file)?;
    Ok(config)
}

fn merge(text: &str, variables: HashMap<String, String>) -> Result<::config::Value, ::config::ConfigError> {
    let environment = Environment::with_prefix(PREFIX).separator(SEPARATOR).source(Some(variables));
    let merged = ::config::Config::builder()
        .add_source(File::from_str(text, FileFormat::Toml))
        .add_source(environment)
        .build()?;
    Ok(merged.cache)
}

fn base_dir(file: &Path) -> std::io::Result<PathBuf> {
    let file = std::path::absolute(file)?;
    Ok(file.parent().unwrap_or(&file).to_path_buf())
}

impl Config {
    /// Plugin paths stay as they are: the plugin folders are searched for them.
    fn resolve_paths(&mut self) {
        let base = &self.base_dir;
        self.catalog.path = base.join(&self.catalog.path);
        self.identity.keystone.resolve_paths(base);
        self.server.tls.resolve_paths(base);
        let policy = &mut self.policy;
        let (images, log, audit) = (&mut self.images, &mut self.log, &mut self.audit);
        let files = [
            &mut policy.file,
            &mut policy.property_protection_file,
            &mut images.schema_file,
            &mut log.file,
            &mut audit.file,
        ];
        for file in files.into_iter().flatten() {
            *file = base.join(&*file);
        }
        for dir in self.plugin_dirs.iter_mut().flatten().chain(&mut self.plugin_shadow_dir) {
            *dir = base.join(&*dir);
        }
    }
}

/// The path of a key, from its parts.
pub(super) fn path(keys: &[&str]) -> KeyPath {
    keys.iter().fold(KeyPath::default(), |path, key| path.key(key))
}
