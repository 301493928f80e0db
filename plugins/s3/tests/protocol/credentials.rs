//! Where credentials come from.

use crate::{
    server::{Request, Server},
    support::{assert_passed, in_a_process_of_its_own},
    web::Web,
};
use casement_s3::S3;
use casement_sdk::{Backend, Kind};
use serde_json::{Value, json};

/// The access key and the session token of a request.
fn signed_by(request: &Request) -> (String, Option<String>) {
    let (_, credential) = request.header("authorization").unwrap().split_once("Credential=").unwrap();
    let key = credential.split('/').next().unwrap().to_owned();
    (key, request.header("x-amz-security-token").map(str::to_owned))
}

/// A configuration without static credentials.
fn keys(server: &Server, keys: &Value) -> casement_s3::Config {
    let mut all =
        json!({"host": format!("http://127.0.0.1:{}", server.port), "bucket": "images", "request_timeout_seconds": 5});
    all.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

#[tokio::test]
async fn those_of_the_instance_are_asked_of_its_metadata_service() {
    let metadata = Web::start(|request| {
        match request.target.as_str() {
        "/latest/api/token" => ("text/plain", "the-token".to_owned()),
        "/latest/meta-data/iam/security-credentials/" | "/latest/meta-data/iam/security-credentials-extended/" => {
            ("text/plain", "images".to_owned())
        }
        _ => (
            "application/json",
            json!({"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "of-instance", "SecretAccessKey": "hush",
                   "Token": "instance-token", "Expiration": "2099-01-01T00:00:00Z", "LastUpdated": "2020-01-01T00:00:00Z"})
            .to_string(),
        ),
    }
    });
    let server = Server::sound();
    let config = keys(&server, &json!({"credentials": "instance-metadata", "metadata_endpoint": metadata.url()}));
    S3::new(config).await.unwrap().health().await.unwrap();
    let (key, token) = signed_by(&server.first("HeadBucket"));
    assert_eq!((&*key, token.as_deref()), ("of-instance", Some("instance-token")));
}

#[tokio::test]
async fn a_metadata_service_that_is_away_may_be_asked_again() {
    let server = Server::sound();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config =
        keys(&server, &json!({"credentials": "instance-metadata", "metadata_endpoint": format!("http://{free}")}));
    let error = S3::new(config).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert!(matches!(error.kind(), Kind::Unavailable | Kind::Timeout), "{error}");
}

#[tokio::test]
async fn without_any_the_operator_is_told_where_to_look() {
    let server = Server::sound();
    let config = keys(&server, &json!({"credentials": "profile", "profile": "casement-has-no-such-profile"}));
    let error = S3::new(config).await.unwrap_err();
    assert!(error.message().contains("credentials"), "{error}");
    assert_eq!(server.requests().len(), 0);
}

/// Who signs the requests of a store with these credentials.
async fn signer(from: Value) -> (String, Option<String>) {
    let server = Server::sound();
    S3::new(keys(&server, &from)).await.unwrap().health().await.unwrap();
    signed_by(&server.first("HeadBucket"))
}

#[tokio::test]
async fn those_of_the_environment() {
    let environment = [("AWS_ACCESS_KEY_ID", "of-environment"), ("AWS_SECRET_ACCESS_KEY", "hush")];
    if let Some(child) = in_a_process_of_its_own("credentials::those_of_the_environment", &environment) {
        return assert_passed(&child);
    }
    for from in [json!({"credentials": "environment"}), json!({})] {
        assert_eq!(signer(from).await, ("of-environment".to_owned(), None));
    }
}

#[tokio::test]
async fn those_of_a_profile() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    std::fs::write(&file, "[images]\naws_access_key_id = of-profile\naws_secret_access_key = hush\n").unwrap();
    let environment = [("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap())];
    if let Some(child) = in_a_process_of_its_own("credentials::those_of_a_profile", &environment) {
        return assert_passed(&child);
    }
    for from in [json!({"credentials": "profile", "profile": "images"}), json!({"profile": "images"})] {
        assert_eq!(signer(from).await, ("of-profile".to_owned(), None));
    }
}

#[tokio::test]
async fn those_that_a_web_identity_is_given() {
    let sts = Web::start(|request| {
        let asked = String::from_utf8_lossy(&request.body);
        assert!(asked.contains("AssumeRoleWithWebIdentity") && asked.contains("WebIdentityToken=the-identity"));
        let answer = "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
            <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>of-role</AccessKeyId>\
            <SecretAccessKey>hush</SecretAccessKey><SessionToken>role-token</SessionToken>\
            <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>\
            </AssumeRoleWithWebIdentityResponse>";
        ("text/xml", answer.to_owned())
    });
    if let Some(child) = in_a_process_of_its_own(
        "credentials::those_that_a_web_identity_is_given",
        &[("AWS_ENDPOINT_URL_STS", &sts.url())],
    ) {
        return assert_passed(&child);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("identity");
    std::fs::write(&file, "the-identity").unwrap();
    let role = "arn:aws:iam::1:role/images";
    let from = json!({"credentials": "web-identity", "role_arn": role, "web_identity_token_file": file});
    assert_eq!(signer(from).await, ("of-role".to_owned(), Some("role-token".to_owned())));
}
