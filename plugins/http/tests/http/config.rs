use casement_http_store::{Config, Http};
use casement_sdk::Kind;

fn refusal(json: &str) -> String {
    let config: Config = serde_json::from_str(json).unwrap();
    let error = Http::new(config).unwrap_err();
    assert_eq!(error.kind(), Kind::Config, "{json}");
    error.message().to_owned()
}

#[test]
fn no_key_is_needed_and_no_unknown_one_taken() {
    Http::new(serde_json::from_str("{}").unwrap()).unwrap();
    assert!(serde_json::from_str::<Config>(r#"{"allowed_host": []}"#).is_err());
}

#[test]
fn what_can_only_be_a_mistake_is_named() {
    for (json, key) in [
        (r#"{"allowed_schemes": ["ftp"]}"#, "allowed_schemes"),
        (r#"{"disallowed_schemes": ["HTTP"]}"#, "disallowed_schemes"),
        (r#"{"allowed_hosts": ["a.example:80"]}"#, "allowed_hosts"),
        (r#"{"disallowed_hosts": ["http://a.example"]}"#, "disallowed_hosts"),
        (r#"{"proxy": "proxy:3128"}"#, "proxy"),
        (r#"{"proxy": "socks5://proxy"}"#, "proxy"),
        (r#"{"connect_timeout_seconds": 0}"#, "connect_timeout_seconds"),
        (r#"{"idle_timeout_seconds": 99999}"#, "idle_timeout_seconds"),
        (r#"{"ca_file": "/nowhere/ca.pem"}"#, "/nowhere/ca.pem"),
    ] {
        assert!(refusal(json).contains(key), "{json}");
    }
    let refused = refusal(r#"{"proxy": "http://me:hunter2@proxy:3128"}"#);
    assert!(!refused.contains("hunter2"), "{refused}");
}
