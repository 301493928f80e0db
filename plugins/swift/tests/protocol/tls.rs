use crate::{server::Server, support::config};
use casement_scripted_http::over_tls;
use casement_sdk::Kind;
use casement_swift::{Config, Swift};
use std::fs;

#[tokio::test]
async fn a_certificate_is_trusted_only_when_the_operator_says_so() {
    let (wrap, pem) = over_tls(&["127.0.0.1", "localhost"]);
    let server = Server::start_on(wrap, |_, _| None);
    let (config, secrets) = config(&server);
    let secure = |url: &str| url.replace("http:", "https:");
    let config = Config {
        auth_url: secure(&config.auth_url),
        endpoint: Some(format!("https://127.0.0.1:{}/v1/AUTH_a", server.port())),
        ..config
    };
    let error = Swift::connect(config.clone()).await.unwrap_err();
    assert!(error.kind() == Kind::Unavailable && error.message().contains("certificate"), "{error}");
    assert!(server.held().requests.is_empty());

    let file = secrets.path().join("ca.pem");
    fs::write(&file, pem).unwrap();
    Swift::connect(Config { ca_file: Some(file.clone()), ..config.clone() }).await.unwrap();
    Swift::connect(Config { insecure: true, ..config.clone() }).await.unwrap();

    fs::write(&file, "no certificate").unwrap();
    let error = Swift::connect(Config { ca_file: Some(file), ..config }).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
}
