//! What can be wrong with a configuration, and how the operator is told.

use crate::{
    fake::error,
    server::{Fate, Response, Server},
    support::{PART, SECRET, kind, read, secret_file, write},
};
use casement_s3::S3;
use casement_sdk::{Backend, Error, Kind};
use serde_json::json;

/// Opening a store whose service answers everything with this.
async fn open(answer: Response) -> Error {
    let server = Server::start(move |_, _| Fate::Refused(answer.clone()));
    let error = S3::new(server.config(json!({}))).await.unwrap_err();
    assert!(!error.message().contains(SECRET) && !error.message().contains('{'), "{error}");
    error
}

#[tokio::test]
async fn wrong_keys_are_told_with_the_key_to_look_at() {
    for (code, named) in [
        ("InvalidAccessKeyId", "check access_key"),
        ("SignatureDoesNotMatch", "check secret_key_file"),
        ("AccessDenied", "s3:ListBucket"),
        ("ExpiredToken", "session token"),
    ] {
        let error = open(error(403, code, "")).await;
        assert_eq!((error.kind(), error.is_retryable()), (Kind::Denied, false), "{code}");
        assert!(error.message().contains(named) && error.message().contains(code), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_region_is_told_with_the_right_one() {
    for answer in [
        error(400, "AuthorizationHeaderMalformed", "<Region>eu-west-3</Region>"),
        error(301, "PermanentRedirect", "").with("x-amz-bucket-region", "eu-west-3"),
        Response::new(301).with("x-amz-bucket-region", "eu-west-3"),
        error(307, "TemporaryRedirect", "<Endpoint>images.s3.eu-west-3.amazonaws.com</Endpoint>"),
    ] {
        let error = open(answer).await;
        assert_eq!(error.kind(), Kind::Config, "{error}");
        assert!(error.message().contains("eu-west-3") && error.message().contains("region_name"), "{error}");
    }
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_with_both_clocks() {
    let skewed = error(403, "RequestTimeTooSkewed", "<ServerTime>2001-02-03T04:05:06Z</ServerTime>");
    for answer in [skewed, error(403, "RequestTimeTooSkewed", "").with("Date", "Sat, 03 Feb 2001 04:05:06 GMT")] {
        let error = open(answer).await;
        assert_eq!(error.kind(), Kind::Denied);
        let message = error.message();
        assert!(
            message.contains("2001-02-03T04:05:06Z at http://127.0.0.1") && message.contains("Z here"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_told_with_what_to_do() {
    let error = open(error(404, "NoSuchBucket", "")).await;
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Config, false));
    assert!(error.message().contains("`images`") && error.message().contains("create_bucket_on_put"), "{error}");
}

#[tokio::test]
async fn what_is_no_s3_service_is_told_so() {
    for answer in [
        Response::page(200),
        Response::page(404),
        Response::new(404),
        Response::page(403),
        Response::page(405),
        Response::new(200).with("Content-Type", "text/html").body("It works!"),
    ] {
        let error = open(answer).await;
        assert_eq!(error.kind(), Kind::Config, "{error}");
        assert!(error.message().contains("not as an S3 service does"), "{error}");
    }
}

#[tokio::test]
async fn a_service_that_is_away_or_busy_may_be_asked_again() {
    for answer in
        [error(503, "SlowDown", "").with("Retry-After", "7"), error(500, "InternalError", ""), Response::page(502)]
    {
        let error = open(answer).await;
        assert_eq!((error.kind(), error.is_retryable()), (Kind::Unavailable, true), "{error}");
    }
    let nobody = Server::sound();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = nobody.config(json!({"host": format!("http://127.0.0.1:{free}")}));
    let error = S3::new(config).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Unavailable, true), "{error}");

    let frozen = Server::start(|_, _| Fate::Frozen);
    let error = S3::new(frozen.config(json!({"request_timeout_seconds": 1}))).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Timeout, true), "{error}");
}

#[tokio::test]
async fn values_that_can_not_be_meant_are_refused_before_anybody_is_asked() {
    let server = Server::sound();
    let file = secret_file("secret");
    for (keys, named) in [
        (json!({"large_object_chunk_size": 4}), "large_object_chunk_size"),
        (json!({"parts_in_flight": 0}), "parts_in_flight"),
        (json!({"part_timeout_seconds": 0}), "part_timeout_seconds"),
        (json!({"host": "s3.example.com"}), "host"),
        (json!({"bucket": "a/b"}), "bucket"),
        (json!({"credentials": "profile"}), "access_key"),
        (json!({"secret_key_env": "X"}), "secret_key"),
        (json!({"ca_file": file}), "ca_file"),
        (json!({"ca_file": "/no/such"}), "ca_file"),
    ] {
        let error = S3::new(server.config(keys)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert!(error.message().contains(named), "{error}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn a_bucket_is_made_at_the_first_upload_and_not_before() {
    let server = Server::sound();
    server.fake().has_no_bucket = true;
    let store = server.store_with(json!({"create_bucket_on_put": true, "region_name": "eu-north-1"})).await;
    store.health().await.unwrap();
    assert_eq!(kind(store.stat("a").await), Some(Kind::NotFound));
    assert_eq!(kind(read(&store, "a", 0, None).await), Some(Kind::NotFound));
    assert_eq!(store.list_staged().await.unwrap(), []);
    assert_eq!(server.count("CreateBucket"), 0);
    for key in ["a", "b"] {
        write(&store, key, 3).await.unwrap();
    }
    assert_eq!(server.count("CreateBucket"), 1);
    assert!(String::from_utf8_lossy(&server.first("CreateBucket").body).contains("eu-north-1"));
}

#[tokio::test]
async fn a_bucket_that_is_gone_is_no_image_that_is_gone() {
    let server = Server::sound();
    let store = server.store().await;
    server.fake().has_no_bucket = true;
    for error in [
        store.stat("x").await.unwrap_err(),
        store.delete("x").await.unwrap_err(),
        store.health().await.unwrap_err(),
        read(&store, "x", 0, None).await.unwrap_err(),
        write(&store, "x", 3).await.unwrap_err(),
        write(&store, "x", 2 * PART).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), Kind::Unavailable, "{error}");
        assert!(error.message().contains("no bucket `images`"), "{error}");
    }
}
