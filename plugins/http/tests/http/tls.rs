use crate::support::{Reply, Server, kind, sound};
use casement_http_store::{Config, Http};
use casement_sdk::{Backend, Kind};
use rcgen::CertifiedKey;
use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring, pki_types::PrivateKeyDer};
use std::{fs, sync::Arc};

/// A server with a certificate that nobody has heard of, and that certificate in PEM.
fn server() -> (Server, String) {
    server_named(&["127.0.0.1", "localhost"])
}

fn server_named(names: &[&str]) -> (Server, String) {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let wrap = move |stream| Some(StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream));
    (Server::start_on(wrap, |request, _| -> Reply { sound(request) }), cert.pem())
}

#[tokio::test]
async fn a_certificate_is_trusted_only_when_the_operator_says_so() {
    let (server, pem) = server();
    let url = format!("https://127.0.0.1:{}/x", server.port());
    let stat = async |config: Config| Http::new(config).unwrap().stat(&url).await;

    let error = stat(server.config()).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Unavailable, false), "{error}");
    assert!(error.message().contains("certificate"), "{error}");
    assert!(server.requests().is_empty());

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    fs::write(&file, pem).unwrap();
    assert_eq!(stat(Config { ca_file: Some(file.clone()), ..server.config() }).await.unwrap().size, 20);
    assert_eq!(stat(Config { insecure: true, ..server.config() }).await.unwrap().size, 20);

    fs::write(&file, "no certificate").unwrap();
    let config = Config { ca_file: Some(file), ..server.config() };
    assert_eq!(kind(Http::new(config)), Some(Kind::Config));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_taken() {
    let (server, pem) = server_named(&["elsewhere.example"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    fs::write(&file, pem).unwrap();
    let store = Http::new(Config { ca_file: Some(file), ..server.config() }).unwrap();
    let error = store.stat(&format!("https://127.0.0.1:{}/x", server.port())).await.unwrap_err();
    assert!(error.message().contains("certificate"), "{error}");
    assert!(server.requests().is_empty());
}
