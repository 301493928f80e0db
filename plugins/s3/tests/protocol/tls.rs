//! Whom a store trusts.

use crate::{
    server::{Fate, Server},
    support::write,
};
use casement_s3::S3;
use casement_scripted_http::over_tls;
use casement_sdk::Kind;
use serde_json::json;

#[tokio::test]
async fn a_service_is_trusted_by_the_authority_that_is_named() {
    let (wrap, authority) = over_tls(&["localhost"]);
    let server = Server::start_on(wrap, |_, _| Fate::Done);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, authority).unwrap();
    let host = format!("https://localhost:{}", server.port);

    let trusting = server.store_with(json!({"host": host, "ca_file": file})).await;
    write(&trusting, "x", 3).await.unwrap();

    let (_, other) = over_tls(&["localhost"]);
    std::fs::write(&file, other).unwrap();
    let error = S3::new(server.config(json!({"host": host, "ca_file": file}))).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Config, false), "{error}");
    assert!(error.message().contains("ca_file"), "{error}");
}
