//! Reading.

use crate::{
    fake::{Object, error},
    server::{Fate, Server},
    support::{PART, data, kind, read},
};
use casement_sdk::Kind;
use serde_json::json;

fn server(script: impl Fn(usize) -> Fate + Send + Sync + 'static) -> Server {
    let server = Server::start(move |request, before| match request.operation {
        "GetObject" => script(before),
        _ => Fate::Done,
    });
    server.fake().objects.insert("x".into(), Object::new(data(1000)));
    server
}

#[tokio::test]
async fn any_range_is_read() {
    let server = server(|_| Fate::Done);
    let store = server.store().await;
    for (offset, len) in
        [(0, None), (0, Some(3)), (5, None), (990, Some(100)), (999, Some(1)), (0, Some(0)), (7, Some(0))]
    {
        let end = len.map_or(1000, |len| (offset + len).min(1000));
        let expected = &data(1000)[offset as usize..end as usize];
        assert_eq!(read(&store, "x", offset, len).await.unwrap(), expected, "{offset} {len:?}");
    }
    for offset in [1000, 1001, u64::MAX] {
        assert_eq!(read(&store, "x", offset, Some(5)).await.unwrap(), b"", "{offset}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_taken_up_at_the_same_byte_of_the_same_object() {
    let server = server(|before| match before {
        0 => Fate::Cut(400),
        1 => Fate::Refused(error(503, "SlowDown", "")),
        2 => Fate::Broken,
        3 => Fate::Cut(100),
        _ => Fate::Done,
    });
    assert_eq!(read(&server.store().await, "x", 0, None).await.unwrap(), data(1000));
    let gets: Vec<_> = server.requests().into_iter().filter(|request| request.operation == "GetObject").collect();
    let asked: Vec<_> = gets.iter().map(|request| request.range()).collect();
    assert_eq!(asked, [None, Some((400, 999)), Some((400, 999)), Some((400, 999)), Some((500, 999))]);
    let etag = server.fake().objects["x"].etag.clone();
    assert!(gets[1..].iter().all(|request| request.header("if-match") == Some(&etag)));
}

#[tokio::test]
async fn an_object_that_changes_while_it_is_read_is_an_error() {
    let server =
        server(|before| if before == 0 { Fate::Cut(400) } else { Fate::Refused(error(412, "PreconditionFailed", "")) });
    assert_eq!(kind(read(&server.store().await, "x", 0, None).await), Some(Kind::Corrupt));
    let server = self::server(|before| match before {
        0 => Fate::Cut(400),
        // A service that heeds no condition.
        _ => Fate::DoneBut(Box::new(|answer| answer.with("ETag", "\"other\""))),
    });
    assert_eq!(kind(read(&server.store().await, "x", 0, None).await), Some(Kind::Corrupt));
}

#[tokio::test]
async fn another_part_than_was_asked_for_is_refused() {
    for range in ["bytes 5-9/1000", "bytes */1000", "lines 7-9/1000"] {
        let server = server(move |_| Fate::DoneBut(Box::new(move |answer| answer.with("Content-Range", range))));
        assert_eq!(kind(read(&server.store().await, "x", 7, Some(3)).await), Some(Kind::Corrupt), "{range}");
    }
}

#[tokio::test]
async fn a_service_that_stops_sending_is_not_waited_for() {
    let server = server(|_| Fate::Frozen);
    assert_eq!(kind(read(&server.store().await, "x", 0, None).await), Some(Kind::Timeout));
}

#[tokio::test]
async fn what_is_refused_is_told_at_once() {
    for (status, code, expected) in
        [(404, "NoSuchKey", Kind::NotFound), (403, "AccessDenied", Kind::Denied), (503, "SlowDown", Kind::Unavailable)]
    {
        let server = server(move |_| Fate::Refused(error(status, code, "")));
        assert_eq!(kind(read(&server.store().await, "x", 0, None).await), Some(expected));
        assert_eq!(server.count("GetObject"), 1);
    }
}

#[tokio::test]
async fn parts_that_are_read_ahead_are_of_one_object_and_resumed_too() {
    let server = server(|before| match before {
        0 => Fate::Cut(400),
        1 => Fate::Broken,
        _ => Fate::Done,
    });
    let all = data(3 * PART + 5);
    server.fake().objects.insert("x".into(), Object::new(all.clone()));
    let store = server.store_with(json!({"read_ahead_parts": 2})).await;
    assert!(read(&store, "x", 0, None).await.unwrap() == all);
    let etag = server.fake().objects["x"].etag.clone();
    let gets: Vec<_> = server.requests().into_iter().filter(|request| request.operation == "GetObject").collect();
    assert_eq!(gets.len(), 6);
    assert!(gets.iter().all(|request| request.header("if-match") == Some(&etag)));
}
