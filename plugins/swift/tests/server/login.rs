use crate::support::{Auth, Lab, write};
use casement_sdk::Kind;
use casement_swift::{AuthVersion, Config, Swift};
use std::fs;

async fn refusal(config: Config) -> (Kind, bool, String) {
    let error = Swift::connect(config).await.unwrap_err();
    (error.kind(), error.is_retryable(), error.message().to_owned())
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_told() {
    for auth in [Auth::Tempauth, Auth::Keystone] {
        let Some(lab) = Lab::new(auth).await else { return };
        let file = lab.config.key_file.clone().unwrap();
        fs::write(&file, "wrong").unwrap();
        let (kind, retryable, message) = refusal(lab.config.clone()).await;
        assert_eq!((kind, retryable), (Kind::Denied, false), "{auth:?}: {message}");
        assert!(message.contains("does not know this user, key or project") && !message.contains("wrong"), "{message}");
    }
}

#[tokio::test]
async fn a_wrong_region_project_or_endpoint_is_told() {
    let Some(lab) = Lab::new(Auth::Keystone).await else { return };
    let config = || lab.config.clone();
    let (kind, _, message) = refusal(Config { region: Some("Elsewhere".into()), ..config() }).await;
    assert!(kind == Kind::Unavailable && message.contains("in the region `Elsewhere`; there are some in"), "{message}");
    let (kind, _, _) = refusal(Config { project_name: Some("none".into()), ..config() }).await;
    assert_eq!(kind, Kind::Denied);
    // Keystone is no Swift, and Swift is no Keystone.
    let endpoint = config().auth_url;
    let (kind, _, message) = refusal(Config { endpoint: Some(endpoint), ..config() }).await;
    assert!(kind == Kind::Unavailable && message.contains("Swift"), "{message}");
    let account = format!("{}/v1/AUTH_other", lab.host());
    let (kind, _, _) = refusal(Config { endpoint: Some(account), ..config() }).await;
    assert_eq!(kind, Kind::Denied);
    let (kind, retryable, message) = refusal(Config { auth_url: lab.host(), ..config() }).await;
    assert!(!retryable && message.contains("that of Keystone"), "{kind:?} {message}");
    let gone = Config { auth_url: "http://127.0.0.1:1/v3".into(), ..config() };
    let (kind, retryable, message) = refusal(gone).await;
    assert!(kind == Kind::Unavailable && retryable, "{message}");
}

#[tokio::test]
async fn a_login_of_swifts_own_is_asked_for_where_there_is_none() {
    let Some(lab) = Lab::new(Auth::Keystone).await else { return };
    let config = Config { auth_version: AuthVersion::V1, ..lab.config.clone() };
    let (_, retryable, message) = refusal(config).await;
    assert!(!retryable && message.contains("that of Swift's authentication"), "{message}");
}

#[tokio::test]
async fn an_application_credential_opens_its_own_project() {
    let Some(mut lab) = Lab::new(Auth::Keystone).await else { return };
    let (id, secret) = lab.application_credential().await;
    fs::write(lab.config.key_file.as_ref().unwrap(), secret).unwrap();
    lab.config.application_credential_id = Some(id);
    lab.config.username = None;
    lab.config.project_name = None;
    let store = lab.store().await;
    write(&store, "a", "t-1", None, b"data").await.unwrap();
    assert_eq!(lab.names(&lab.config.container).await, ["a"]);
}
