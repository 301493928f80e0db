//! Images that go in one request.

use crate::{
    fake::{Object, error},
    server::{Fate, Response, Server},
    support::{data, kind, read, write, write_options},
};
use casement_sdk::{Backend, Kind, WriteOptions, Writer};
use std::time::{Duration, Instant};

#[tokio::test]
async fn an_image_of_one_part_is_one_request_under_a_condition() {
    let server = Server::sound();
    let store = server.store().await;
    let stat = write(&store, "x", 1000).await.unwrap();
    assert_eq!((stat.size, stat.etag), (1000, Some(server.fake().objects["x"].etag.clone())));
    assert_eq!(server.fake().objects["x"].data, data(1000));
    let put = server.first("PutObject");
    assert_eq!(put.header("if-none-match"), Some("*"));
    assert_eq!(put.header("content-length"), Some("1000"));
    assert!(put.header("x-amz-checksum-crc32").is_some());
    assert_eq!(put.header("x-amz-trailer"), None);
    assert_eq!(server.count("CreateMultipartUpload"), 0);
}

#[tokio::test]
async fn an_image_of_nothing_is_one_request_also_where_nobody_said_so() {
    let server = Server::sound();
    let store = server.store().await;
    for (key, size) in [("a", Some(0)), ("b", None)] {
        assert_eq!(write_options(&store, key, 0, size).await.unwrap().size, 0);
        assert_eq!(read(&store, key, 0, None).await.unwrap(), b"");
    }
    assert_eq!(server.count("PutObject"), 2);
    assert!(server.fake().uploads.is_empty());
}

#[tokio::test]
async fn an_image_that_is_there_is_told_at_once() {
    let server = Server::sound();
    let store = server.store().await;
    write(&store, "x", 3).await.unwrap();
    let options = WriteOptions { size: Some(3), transfer: "t".into() };
    assert_eq!(kind(store.create("x", options).await), Some(Kind::Exists));
    assert_eq!(server.fake().objects["x"].data, data(3));
}

#[tokio::test]
async fn an_image_that_comes_between_is_not_replaced() {
    let server = Server::sound();
    let store = server.store().await;
    let mut writer = store.create("x", WriteOptions { size: Some(3), transfer: "t".into() }).await.unwrap();
    writer.write(data(3)).await.unwrap();
    server.fake().objects.insert("x".into(), Object::new("other"));
    assert_eq!(kind(writer.commit().await), Some(Kind::Exists));
    assert_eq!(server.count("PutObject"), 0);

    // Between the look and the write, and with the very same data.
    let server = Server::start(|request, _| match request.operation {
        "PutObject" => Fate::Refused(error(412, "PreconditionFailed", "")),
        _ => Fate::Done,
    });
    assert_eq!(kind(write(&server.store().await, "x", 3).await), Some(Kind::Exists));
}

#[tokio::test]
async fn a_lost_answer_is_looked_for() {
    let lost = Server::start(|request, before| match request.operation {
        "PutObject" if before == 0 => Fate::Lost,
        _ => Fate::Done,
    });
    assert_eq!(write(&lost.store().await, "x", 1000).await.unwrap().size, 1000);
    assert_eq!(lost.count("PutObject"), 1);

    let broken = Server::start(|request, before| match request.operation {
        "PutObject" if before == 0 => Fate::Broken,
        _ => Fate::Done,
    });
    assert_eq!(write(&broken.store().await, "x", 1000).await.unwrap().size, 1000);
    assert_eq!(broken.count("PutObject"), 2);
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_and_that_another_has_won_is_no_success() {
    let server = Server::start(|request, before| match request.operation {
        "PutObject" if before == 0 => Fate::Broken,
        // At the second try somebody else's is there, of the same size.
        "HeadObject" if before > 2 => {
            Fate::Refused(Response::new(200).with("ETag", &Object::new("xyz").etag).body("xyz"))
        }
        "PutObject" => Fate::Refused(error(412, "PreconditionFailed", "")),
        _ => Fate::Done,
    });
    assert_eq!(kind(write(&server.store().await, "x", 3).await), Some(Kind::Exists));
}

#[tokio::test]
async fn a_service_that_asks_to_wait_is_waited_for() {
    let server = Server::start(|request, before| match request.operation {
        "PutObject" if before == 0 => Fate::Refused(error(503, "SlowDown", "").with("Retry-After", "1")),
        _ => Fate::Done,
    });
    let store = server.store().await;
    let started = Instant::now();
    write(&store, "x", 3).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn what_arrived_as_something_else_is_removed_again() {
    for (name, value) in [("ETag", "\"00000000000000000000000000000000\""), ("x-amz-checksum-crc32", "AAAAAA==")] {
        let server = Server::start(move |request, _| match request.operation {
            "PutObject" => Fate::DoneBut(Box::new(move |answer| answer.with(name, value))),
            _ => Fate::Done,
        });
        let error = write(&server.store().await, "x", 3).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Corrupt, "{error}");
        assert!(server.fake().objects.is_empty());
    }
}

#[tokio::test]
async fn an_etag_that_is_no_md5_is_taken_as_it_is() {
    let server = Server::start(|request, _| match request.operation {
        "PutObject" => Fate::DoneBut(Box::new(|answer| answer.with("ETag", "\"opaque-1\""))),
        _ => Fate::Done,
    });
    assert_eq!(write(&server.store().await, "x", 3).await.unwrap().etag.as_deref(), Some("\"opaque-1\""));
}

#[tokio::test]
async fn a_service_that_is_full_says_so() {
    for (status, code) in [(403, "QuotaExceeded"), (507, "InsufficientStorage"), (507, ""), (400, "EntityTooLarge")] {
        let server = Server::start(move |request, _| match request.operation {
            "PutObject" => Fate::Refused(error(status, code, "")),
            _ => Fate::Done,
        });
        assert_eq!(kind(write(&server.store().await, "x", 3).await), Some(Kind::NoSpace), "{status} {code}");
        assert_eq!(server.count("PutObject"), 1);
    }
}

#[tokio::test]
async fn a_service_that_does_not_know_the_condition_is_written_to_without() {
    let server = Server::start(|request, _| match request.header("if-none-match") {
        Some(_) => Fate::Refused(error(501, "NotImplemented", "")),
        None => Fate::Done,
    });
    let store = server.store().await;
    write(&store, "a", 3).await.unwrap();
    write(&store, "b", 11 << 20).await.unwrap();
    assert_eq!(server.count("PutObject"), 2);
    assert_eq!(kind(write(&store, "a", 3).await), Some(Kind::Exists));
}

#[tokio::test]
async fn deleting_says_whether_there_was_anything() {
    let server = Server::sound();
    let store = server.store().await;
    write(&store, "x", 3).await.unwrap();
    store.delete("x").await.unwrap();
    assert!(server.fake().objects.is_empty());
    assert_eq!(kind(store.delete("x").await), Some(Kind::NotFound));
}
