//! What a new configuration changes in a running service, and what of it waits for a restart.

use super::{Config, ConfigError};
use serde_json::{Map, Value};
use std::{collections::BTreeSet, path::Path};

/// Keys of which one that is changed, or a key below it, waits for a restart: what they decide is made once.
type Waiting = &'static [&'static str];

/// Those of a service that is one process.
pub(crate) const OF_ONE_PROCESS: Waiting = &[
    "admin",
    "audit",
    "catalog",
    "log.file",
    "log.format",
    "log.keep",
    "log.max_size_bytes",
    "plugin_dirs",
    "plugin_shadow_dir",
    "plugin_threads",
    "server.drain_timeout_seconds",
    "server.header_timeout_seconds",
    "server.idle_timeout_seconds",
    "server.listen",
    "server.max_connections",
    "server.max_header_bytes",
    "server.proxy_protocol",
    "server.tls",
    "server.trusted_proxies",
    "server.workers",
    "server.write_timeout_seconds",
];

/// Those of a service with workers: what is made new with each of them does not wait.
pub(crate) const OF_A_SUPERVISOR: Waiting = &[
    "admin",
    "catalog",
    "log.file",
    "log.format",
    "log.keep",
    "log.max_size_bytes",
    "server.drain_timeout_seconds",
    "server.listen",
    "server.workers",
];

/// The keys that differ, by what has to happen for their new values to count.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Changes {
    pub at_once: Vec<String>,
    pub at_a_restart: Vec<String>,
}

impl Config {
    /// What is different in `new`, and the configuration that can be in force now: `new`, but for what waits for a restart.
    pub(crate) fn turn_to(&self, new: &Self, file: &Path, waiting: Waiting) -> Result<(Changes, Self), ConfigError> {
        let wrong = |err: serde_json::Error| ConfigError::of_file(file, err.to_string());
        let (old, mut now) = (serde_json::to_value(self).map_err(wrong)?, serde_json::to_value(new).map_err(wrong)?);
        let mut different = BTreeSet::new();
        differences(&old, &now, "", &mut different);
        different.extend(changed_secrets(self, new));
        let (at_a_restart, at_once): (Vec<_>, _) = different.into_iter().partition(|key| waits(key, waiting));
        for key in waiting {
            keep(&old, &mut now, key);
        }
        let mut now: Self = serde_json::from_value(now).map_err(wrong)?;
        now.base_dir.clone_from(&new.base_dir);
        // Its secrets are never written, not even to memory.
        now.identity.clone_from(&new.identity);
        Ok((Changes { at_once, at_a_restart }, now))
    }
}

fn changed_secrets(old: &Config, new: &Config) -> impl Iterator<Item = String> {
    let (old, new) = (&old.identity.keystone, &new.identity.keystone);
    let secrets = [
        ("password", old.password != new.password),
        ("application_credential_secret", old.application_credential_secret != new.application_credential_secret),
    ];
    secrets.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| format!("identity.keystone.{key}"))
}

fn waits(key: &str, waiting: Waiting) -> bool {
    waiting.iter().any(|part| key == *part || key.strip_prefix(part).is_some_and(|rest| rest.starts_with('.')))
}

/// A store is one thing, and so is a list.
fn differences(old: &Value, new: &Value, at: &str, found: &mut BTreeSet<String>) {
    let is_store = at.strip_prefix("stores.").is_some();
    match (old, new) {
        (Value::Object(old), Value::Object(new)) if !is_store => {
            for key in old.keys().chain(new.keys()) {
                let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                let of = |table: &Map<String, Value>| table.get(key).cloned().unwrap_or_default();
                differences(&of(old), &of(new), &path, found);
            }
        }
        _ if old == new => {}
        _ => _ = found.insert(at.to_owned()),
    }
}

/// Puts what stands at `key` in `old` into `new`.
fn keep(old: &Value, new: &mut Value, key: &str) {
    match key.split_once('.') {
        Some((table, rest)) => keep(&old[table], &mut new[table], rest),
        None => new[key] = old[key].clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const OLD: &str = r#"
[catalog]
path = "c.sqlite"
[identity]
mode = "none"
[[plugins]]
path = "p"
[stores.a]
plugin = "p"
own = { key = 1 }
"#;

    fn config(text: &str) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("casement.toml");
        std::fs::write(&file, text).unwrap();
        let mut config = super::super::load::load_with(&file, Default::default()).unwrap();
        config.catalog.path = "c.sqlite".into();
        config
    }

    fn changes(new: &str) -> (Vec<String>, Vec<String>, Config) {
        let (changes, now) = config(OLD).turn_to(&config(new), Path::new("casement.toml"), OF_ONE_PROCESS).unwrap();
        (changes.at_once, changes.at_a_restart, now)
    }

    #[test]
    fn the_same_configuration_changes_nothing() {
        let (at_once, at_a_restart, _) = changes(OLD);
        assert!(at_once.is_empty() && at_a_restart.is_empty(), "{at_once:?} {at_a_restart:?}");
    }

    #[test]
    fn a_store_and_a_list_are_told_as_one_thing_and_other_keys_by_their_paths() {
        let new = OLD.replace("key = 1", "key = 2")
            + "[stores.b]\nplugin = \"p\"\n[images]\nsize_cap_bytes = 1\ntag_quota = 2\n[cors]\nallowed_origin = [\"*\"]\n";
        let expected = ["cors.allowed_origin", "images.size_cap_bytes", "images.tag_quota", "stores.a", "stores.b"];
        assert_eq!(changes(&new.replace("[stores.b]", "[stores.b]\ndefault = true")).0, expected);
    }

    #[test]
    fn what_waits_for_a_restart_stays_as_it_was() {
        let (at_once, at_a_restart, now) = changes(&format!(
            "plugin_threads = 7\n{OLD}[server]\nlisten = \"[::1]:1\"\nmin_upload_bytes_per_second = 3\n"
        ));
        assert_eq!(at_once, ["server.min_upload_bytes_per_second"]);
        assert_eq!(at_a_restart, ["plugin_threads", "server.listen"]);
        let old = config(OLD);
        assert_eq!((now.plugin_threads, &now.server.listen), (old.plugin_threads, &old.server.listen));
        assert_eq!(now.server.min_upload_bytes_per_second, 3);
    }

    #[test]
    fn a_secret_that_is_never_shown_is_there_all_the_same_and_its_change_is_told() {
        let keystone = |password: &str| {
            let keys =
                format!("auth_url = \"http://k\"\nusername = \"u\"\npassword = \"{password}\"\nproject_name = \"p\"");
            config(&OLD.replace("mode = \"none\"", &format!("mode = \"keystone\"\n[identity.keystone]\n{keys}")))
        };
        let turn = |old: &Config, new: &Config| old.turn_to(new, Path::new("casement.toml"), OF_ONE_PROCESS).unwrap();
        let (same, now) = turn(&keystone("one"), &keystone("one"));
        assert!(same.at_once.is_empty(), "{same:?}");
        assert_eq!(now.identity.keystone.secret().unwrap(), keystone("one").identity.keystone.secret().unwrap());
        let (other, _) = turn(&now, &keystone("two"));
        assert_eq!(other.at_once, ["identity.keystone.password"]);
    }

    #[test]
    fn every_key_that_waits_is_a_key() {
        let value = serde_json::to_value(config(OLD)).unwrap();
        for key in OF_ONE_PROCESS.iter().chain(OF_A_SUPERVISOR) {
            assert!(value.pointer(&format!("/{}", key.replace('.', "/"))).is_some(), "{key}");
        }
    }
}
