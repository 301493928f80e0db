//! Whom a store trusts.

use crate::{
    server::{Fate, Server},
    support::write,
};
use casement_s3::S3;
use casement_sdk::Kind;
use rustls::{ServerConfig, ServerConnection, StreamOwned, pki_types::PrivateKeyDer};
use serde_json::json;
use std::sync::Arc;

#[tokio::test]
async fn a_service_is_trusted_by_the_authority_that_is_named() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let wrap = move |stream| Some(StreamOwned::new(ServerConnection::new(Arc::clone(&config)).ok()?, stream));
    let server = Server::start_on(wrap, |_, _| Fate::Done);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, made.cert.pem()).unwrap();
    let host = format!("https://localhost:{}", server.port);

    let trusting = server.store_with(json!({"host": host, "ca_file": file})).await;
    write(&trusting, "x", 3).await.unwrap();

    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&file, other.cert.pem()).unwrap();
    let error = S3::new(server.config(json!({"host": host, "ca_file": file}))).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Config, false), "{error}");
    assert!(error.message().contains("ca_file"), "{error}");
}
