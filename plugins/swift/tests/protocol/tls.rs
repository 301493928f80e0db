use crate::{server::Server, support::config};
use casement_sdk::Kind;
use casement_swift::{Config, Swift};
use rcgen::CertifiedKey;
use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring, pki_types::PrivateKeyDer};
use std::{fs, sync::Arc};

/// A server with a certificate that nobody has heard of, and that certificate in PEM.
fn server() -> (Server, String) {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let wrap = move |stream| Some(StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream));
    (Server::start_on(wrap, |_, _| None), cert.pem())
}

#[tokio::test]
async fn a_certificate_is_trusted_only_when_the_operator_says_so() {
    let (server, pem) = server();
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
