//! The configuration in force, for somebody who wonders where a value comes from.

use super::say;
use crate::{
    config,
    exit::{Exit, Failure, Result},
};
use serde_json::Value;
use std::path::Path;

const HIDDEN: &str = "(hidden)";

pub(super) fn show(file: &Path) -> Result<()> {
    let config = config::load(file)?;
    let mut shown = serde_json::to_value(&config).map_err(Failure::of(Exit::Internal, "the configuration"))?;
    hide(&mut shown);
    let text = toml::to_string(&shown).map_err(Failure::of(Exit::Internal, "the configuration"))?;
    say(text.trim_end())
}

/// Leaves out what is not set, and whatever a plugin's keys may hold that is nobody's to see. The service's own secrets are
/// not among what is shown in the first place.
fn hide(value: &mut Value) {
    match value {
        Value::Object(table) => {
            table.retain(|_, value| !value.is_null());
            for (key, value) in table {
                match value {
                    Value::String(text) if is_secret(key) || has_password(text) => HIDDEN.clone_into(text),
                    value => hide(value),
                }
            }
        }
        Value::Array(list) => {
            list.retain(|value| !value.is_null());
            list.iter_mut().for_each(hide);
        }
        Value::String(text) if has_password(text) => HIDDEN.clone_into(text),
        _ => {}
    }
}

/// Keys of that name that do not name a place where the secret is.
fn is_secret(key: &str) -> bool {
    const PLACES: [&str; 4] = ["_file", "_env", "_path", "_dir"];
    const SECRETS: [&str; 5] = ["secret", "password", "passphrase", "credential", "token"];
    let key = key.to_lowercase();
    let secret = SECRETS.iter().any(|word| key.contains(word)) || key == "key" || key.ends_with("_key");
    // The id of a key pair is told to everybody.
    secret && !PLACES.iter().any(|place| key.ends_with(place)) && key != "access_key"
}

/// A URL with a user in it.
fn has_password(text: &str) -> bool {
    text.split_once("://").is_some_and(|(_, rest)| rest.split('/').next().is_some_and(|host| host.contains('@')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_hidden_and_where_they_are_is_told() {
        let mut value = json!({
            "secret_key": "s3cret", "secret_key_file": "/etc/s3", "key_env": "KEY", "key": "s3cret", "access_key": "AKIA",
            "proxy": "http://user:s3cret@proxy:3128", "host": "https://s3.example.org/a@b", "none": null,
            "inner": [{"password": "s3cret"}, "ftp://u:s3cret@h", null],
        });
        hide(&mut value);
        assert_eq!(
            value,
            json!({
                "secret_key": HIDDEN, "secret_key_file": "/etc/s3", "key_env": "KEY", "key": HIDDEN, "access_key": "AKIA",
                "proxy": HIDDEN, "host": "https://s3.example.org/a@b", "inner": [{"password": HIDDEN}, HIDDEN],
            })
        );
    }
}
