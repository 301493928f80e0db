use crate::support::*;
use casement_filesystem::Config;
use casement_sdk::Kind;
use casement_sdk::blocking::Backend;
use serde_json::json;
use std::path::Path;

#[test]
fn bad_values_say_what_to_write_instead() {
    let directory = tempfile::tempdir().unwrap();
    for (keys, advice) in [
        (json!({"chunk_size": 0}), "from 65536 to 16777216"),
        (json!({"chunk_size": 65535}), "from 65536 to 16777216"),
        (json!({"chunk_size": 16777217}), "from 65536 to 16777216"),
        (json!({"writes_in_flight": 0}), "1 to 16"),
    ] {
        let (kind, message) = refusal(directory.path(), keys.clone());
        assert_eq!(kind, Kind::Config, "{keys}");
        assert!(message.contains(advice), "{message}");
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_mode_that_is_none_says_what_to_write_instead() {
    let directory = tempfile::tempdir().unwrap();
    for (keys, advice) in [
        (json!({"file_mode": "rw-r-----"}), "\"0640\""),
        (json!({"file_mode": "0990"}), "\"0640\""),
        (json!({"file_mode": "-640"}), "\"0640\""),
        (json!({"file_mode": ""}), "\"0640\""),
        (json!({"file_mode": "01777"}), "\"0640\""),
        (json!({"file_mode": "0040"}), "\"0640\""),
    ] {
        let (kind, message) = refusal(directory.path(), keys.clone());
        assert_eq!(kind, Kind::Config, "{keys}");
        assert!(message.contains(advice), "{message}");
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn a_root_must_be_a_whole_plain_path() {
    for root in ["images", "./images", "", "/srv/../images"] {
        let (kind, message) = refusal(Path::new(root), json!({}));
        assert_eq!(kind, Kind::Config, "{root}");
        assert!(message.contains(&format!("`{root}`")), "{message}");
    }
}

#[test]
fn an_unknown_key_is_refused_and_named() {
    let keys = json!({"root": "/srv", "chunksize": 1});
    let error = serde_json::from_value::<Config>(keys).unwrap_err();
    assert!(error.to_string().contains("chunksize"), "{error}");
}

#[test]
fn the_defaults_and_the_usual_spellings_are_accepted() {
    let directory = tempfile::tempdir().unwrap();
    for keys in [
        json!({}),
        #[cfg(unix)]
        json!({"file_mode": "0640"}),
        #[cfg(unix)]
        json!({"file_mode": "640"}),
        #[cfg(unix)]
        json!({"file_mode": "0o640"}),
        json!({"chunk_size": 65536, "sparse": true, "reserve": 1, "preallocate": false}),
    ] {
        casement_filesystem::open(config(directory.path(), keys)).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn locations_name_the_root_in_its_simplest_spelling() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().to_str().unwrap();
    let store = open(Path::new(&format!("{root}//.//")));
    let uri = store.format_location("id").unwrap();
    assert_eq!(uri, format!("file://{root}/id"));
    assert_eq!(store.parse_location(&uri).unwrap(), "id");
    assert_eq!(kind(store.format_location("../id")), Kind::Misuse);
}

#[test]
fn the_gateway_is_asked_for_chunks_of_the_configured_size() {
    let directory = tempfile::tempdir().unwrap();
    let store = open_with(directory.path(), json!({"chunk_size": 131072}));
    assert_eq!(store.capabilities().chunk_size, 131072);
}
