//! A store's keys, checked against its plugin's JSON schema before the plugin sees them.

#[cfg(unix)]
#[path = "schema/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "schema/windows.rs"]
mod platform;

use crate::config::StoreOptions;
use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::{Map, Value};
use std::path::{Component, Path, PathBuf};

/// The store's own keys as JSON text, checked, with relative paths resolved.
///
/// # Errors
/// Every key that does not fit, each with what would.
pub(crate) fn checked_config(schema: &str, store: &StoreOptions) -> Result<String, String> {
    // A plugin without a schema judges its keys itself.
    let schema = if schema.is_empty() { "{}" } else { schema };
    let schema: Value = serde_json::from_str(schema)
        .map_err(|error| format!("the plugin's configuration schema is not JSON ({error}); it must be rebuilt"))?;
    let mut config = store.config.clone();
    resolve_paths(&schema, &mut config, store);
    let config = Value::Object(config);
    let validator = jsonschema::validator_for(&schema)
        .map_err(|error| format!("the plugin's configuration schema is wrong ({error}); it must be rebuilt"))?;
    let complaints: Vec<String> =
        validator.iter_errors(&config).map(|error| complaint(&error, &schema, &store.id)).collect();
    if complaints.is_empty() { Ok(config.to_string()) } else { Err(complaints.join("; ")) }
}

/// Relative values of keys that the schema marks `"format": "path"` count from the folder of the configuration file. What
/// starts with a root or a drive is left for the plugin to judge: on Windows `\srv\share` is no relative path, but
/// joined to one it would lie somewhere on its drive.
fn resolve_paths(schema: &Value, config: &mut Map<String, Value>, store: &StoreOptions) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let base = platform::whole(&store.base_dir).unwrap_or_else(|_| store.base_dir.clone());
    for (key, property) in properties {
        if property.get("format").and_then(Value::as_str) != Some("path") {
            continue;
        }
        if let Some(Value::String(path)) = config.get_mut(key)
            && !matches!(Path::new(&*path).components().next(), Some(Component::Prefix(_) | Component::RootDir))
        {
            *path = plain(&base.join(&*path)).to_string_lossy().into_owned();
        }
    }
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, step| {
        match step {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            step => plain.push(step),
        }
        plain
    })
}

fn complaint(error: &ValidationError<'_>, schema: &Value, store: &str) -> String {
    let place = format!("[stores.{store}]");
    let path = error.instance_path().to_string();
    let key = path.trim_start_matches('/');
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } if !key.is_empty() => {
            format!("{place} {key}: unknown key `{}`", unexpected.join("`, `"))
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let plugins_own = schema.get("properties").and_then(Value::as_object);
            let known: Vec<&str> =
                plugins_own.into_iter().flat_map(Map::keys).map(String::as_str).chain(StoreOptions::KEYS).collect();
            let named: Vec<String> = unexpected.iter().map(|key| unknown_key(key, &known)).collect();
            format!("{place}: {}", named.join("; "))
        }
        _ => {
            // What stands there may be a secret at the wrong key.
            let error = error.masked_with("what stands there");
            if key.is_empty() { format!("{place}: {error}") } else { format!("{place} {key}: {error}") }
        }
    }
}

fn unknown_key(key: &str, known: &[&str]) -> String {
    let nearest = known.iter().max_by(|a, b| strsim::jaro_winkler(key, a).total_cmp(&strsim::jaro_winkler(key, b)));
    let nearest = nearest.copied().unwrap_or_default();
    format!("unknown key `{key}`; did you mean `{nearest}`? Known are: {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::Limits;
    use serde_json::json;

    const SCHEMA: &str = r#"{"type": "object", "additionalProperties": false, "required": ["root"], "properties":
        {"root": {"type": "string", "format": "path"}, "chunk_size": {"type": "integer"}}}"#;

    fn store(config: Value) -> StoreOptions {
        StoreOptions {
            id: "fast".to_owned(),
            plugin: "filesystem".to_owned(),
            description: None,
            default: true,
            required: false,
            read_only: false,
            client_locations: false,
            weight: 0,
            limits: Limits::default(),
            config: config.as_object().unwrap().clone(),
            base_dir: std::env::temp_dir(),
        }
    }

    #[test]
    fn an_unknown_key_is_named_with_the_nearest_known_one() {
        let refused = checked_config(SCHEMA, &store(json!({"root": "/r", "chunksize": 1}))).unwrap_err();
        assert!(refused.contains("[stores.fast]") && refused.contains("did you mean `chunk_size`?"), "{refused}");
        let refused = checked_config(SCHEMA, &store(json!({"root": "/r", "defualt": true}))).unwrap_err();
        assert!(refused.contains("did you mean `default`?"), "{refused}");
    }

    #[test]
    fn an_unknown_key_inside_of_another_is_named_with_its_place() {
        let schema = r#"{"type": "object", "properties": {"roots": {"type": "array", "items":
            {"type": "object", "additionalProperties": false, "properties": {"path": {"type": "string"}}}}}}"#;
        let refused = checked_config(schema, &store(json!({"roots": [{"path": "/r"}, {"pth": "/s"}]}))).unwrap_err();
        assert_eq!(refused, "[stores.fast] roots/1: unknown key `pth`");
    }

    #[test]
    fn a_wrong_type_and_a_missing_key_are_both_told() {
        let refused = checked_config(SCHEMA, &store(json!({"chunk_size": "hunter2"}))).unwrap_err();
        assert!(refused.contains("chunk_size") && refused.contains("root"), "{refused}");
        assert!(!refused.contains("hunter2"), "it may be a secret: {refused}");
    }

    #[test]
    fn without_a_schema_every_key_is_the_plugins_to_judge() {
        let config = checked_config("", &store(json!({"any": 1}))).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&config).unwrap(), json!({"any": 1}));
    }

    #[test]
    fn a_relative_path_counts_from_the_configuration_files_folder() {
        let config = checked_config(SCHEMA, &store(json!({"root": "../images"}))).unwrap();
        let config: Value = serde_json::from_str(&config).unwrap();
        assert_eq!(config["root"], json!(std::env::temp_dir().parent().unwrap().join("images").to_str().unwrap()));
    }
}
