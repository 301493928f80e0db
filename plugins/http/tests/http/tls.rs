use crate::support::{Server, kind, sound};
use casement_http_store::{Config, Http};
use casement_scripted_http::over_tls;
use casement_sdk::{Backend, Kind};
use std::fs;

fn server(names: &[&str]) -> (Server, String) {
    let (wrap, pem) = over_tls(names);
    (Server::start_on(wrap, |request, _| sound(request)), pem)
}

#[tokio::test]
async fn a_certificate_is_trusted_only_when_the_operator_says_so() {
    let (server, pem) = server(&["127.0.0.1", "localhost"]);
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
    let (server, pem) = server(&["elsewhere.example"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    fs::write(&file, pem).unwrap();
    let store = Http::new(Config { ca_file: Some(file), ..server.config() }).unwrap();
    let error = store.stat(&format!("https://127.0.0.1:{}/x", server.port())).await.unwrap_err();
    assert!(error.message().contains("certificate"), "{error}");
    assert!(server.requests().is_empty());
}
