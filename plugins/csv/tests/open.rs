//! The plugin as a gateway has it, on a machine that is no node of a cluster: where these tests run, on any system.
#![allow(clippy::unwrap_used)]

use casement_csv::{Config, Store};
use casement_sdk::{Host, Kind, blocking::Backend};
use serde_json::json;

#[test]
fn a_machine_without_cluster_shared_volumes_is_told_so() {
    for config in [json!({}), json!({"volumes": ["Volume1"], "folder": "images"})] {
        let config: Config = serde_json::from_value(config).unwrap();
        let error = Store::open(config, Host::default()).unwrap_err();
        assert_eq!(error.kind(), Kind::Unsupported, "{error}");
        assert!(!error.is_retryable(), "{error}");
        assert!(error.message().to_lowercase().contains("cluster shared volumes"), "{error}");
    }
}

#[test]
fn keys_that_there_are_not_are_named() {
    for (config, key) in [(json!({"root": "C:\\images"}), "root"), (json!({"volumes": [{"weight": 1}]}), "volumes")] {
        let refusal = serde_path_to_error::deserialize::<_, Config>(config).unwrap_err();
        assert!(refusal.to_string().contains(key), "{refusal}");
    }
}
