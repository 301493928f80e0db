use crate::{
    server::{Reply, Request, Server, bytes, hex, status},
    support::{World, config, read, write},
};
use casement_sdk::{Backend, Kind};
use casement_swift::{Config, Swift};

const DATA: &[u8] = b"0123456789";

async fn world(script: impl Fn(usize) -> Option<Reply> + Send + Sync + 'static) -> World {
    let get = move |request: &Request, before| if request.line() == "GET c/a" { script(before) } else { None };
    let world = World::on(Server::start(get)).await;
    write(&world.store, "a", DATA).await.unwrap();
    world
}

fn ranges(world: &World) -> Vec<(Option<String>, Option<String>)> {
    let held = world.held();
    let gets = held.requests.iter().filter(|request| request.line() == "GET c/a");
    let header = |request: &Request, name: &str| request.header(name).map(str::to_owned);
    gets.map(|request| (header(request, "range"), header(request, "if-match"))).collect()
}

#[tokio::test]
async fn a_body_that_breaks_off_goes_on_where_it_was_and_of_the_same_object() {
    let world = world(|before| {
        [Some(Reply::Cut(4)), status("503 Busy", &[]), Some(Reply::Cut(1))].into_iter().nth(before).flatten()
    })
    .await;
    assert_eq!(read(&world.store, "a", 0, None).await.unwrap(), DATA);
    let same = Some(format!("\"{}\"", hex(DATA)));
    let wanted = [
        (None, None),
        (Some("bytes=4-9".to_owned()), same.clone()),
        (Some("bytes=4-9".to_owned()), same.clone()),
        (Some("bytes=5-9".to_owned()), same),
    ];
    assert_eq!(ranges(&world), wanted);
}

#[tokio::test]
async fn a_part_that_breaks_off_ends_where_it_was_to_end() {
    let world = world(|before| (before == 0).then_some(Reply::Cut(2))).await;
    assert_eq!(read(&world.store, "a", 3, Some(4)).await.unwrap(), b"3456");
    assert_eq!(ranges(&world)[1].0.as_deref(), Some("bytes=5-6"));
}

#[tokio::test]
async fn bytes_of_two_objects_are_never_joined() {
    for second in [
        || status("412 Precondition Failed", &[]),
        // Not every server heeds the condition.
        || {
            Some(Reply::Raw(bytes(
                "206 Partial Content",
                &[("etag", "x"), ("content-range", "bytes 4-9/10")],
                b"XXXXXX",
            )))
        },
        || Some(Reply::Raw(bytes("200 OK", &[("etag", &hex(DATA))], DATA))),
    ] {
        let world = world(move |before| if before == 0 { Some(Reply::Cut(4)) } else { second() }).await;
        assert_eq!(read(&world.store, "a", 0, None).await.unwrap_err().kind(), Kind::Corrupt);
    }
}

#[tokio::test]
async fn another_part_than_was_asked_for_is_not_taken() {
    for first in [
        || Some(Reply::Raw(bytes("206 Partial Content", &[("etag", "x"), ("content-range", "bytes 0-3/10")], b"0123"))),
        || Some(Reply::Raw(bytes("206 Partial Content", &[("etag", "x")], b"3456"))),
        || Some(Reply::Raw(bytes("200 OK", &[("etag", "x")], DATA))),
        // What Swift answers when a segment of a large object is gone.
        || status("409 Conflict", &[]),
    ] {
        let world = world(move |_| first()).await;
        let error = read(&world.store, "a", 3, Some(4)).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (Kind::Corrupt, false), "{error}");
    }
}

#[tokio::test]
async fn a_body_that_goes_silent_is_asked_for_again() {
    let stall = || {
        let head = bytes("200 OK", &[("etag", &hex(DATA))], DATA);
        Some(Reply::Stall(head[..head.len() - 5].to_vec()))
    };
    let world = world(move |before| if before == 0 { stall() } else { None }).await;
    assert_eq!(read(&world.store, "a", 0, None).await.unwrap(), DATA);
}

#[tokio::test]
async fn what_cannot_be_read_says_why() {
    for (answer, kind, retryable) in [
        ("403 Forbidden", Kind::Denied, false),
        ("404 Not Found", Kind::NotFound, false),
        ("503 Service Unavailable", Kind::Unavailable, true),
    ] {
        let world = world(move |_| status(answer, &[])).await;
        let error = read(&world.store, "a", 0, None).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{error}");
    }
}

#[tokio::test]
async fn an_image_in_another_account_is_asked_for_there_when_the_operator_says_so() {
    let server = Server::start(|request: &Request, _| {
        let there = request.path() == "/v1/AUTH_b/glance_a/a" && request.header("x-auth-token") == Some("token-1");
        there.then(|| Reply::Raw(bytes("200 OK", &[("etag", "x")], DATA)))
    });
    let location = format!("swift+http://127.0.0.1:{}/v1/AUTH_b/glance_a/a", server.port());
    let (single, _secrets) = config(&server);
    let store = Swift::connect(Config { multi_tenant: true, ..single.clone() }).await.unwrap();
    let key = store.parse_location(&location).unwrap();
    assert_eq!(read(&store, &key, 0, None).await.unwrap(), DATA);
    assert_eq!(store.format_location(&key).unwrap(), location);

    let store = Swift::connect(single).await.unwrap();
    assert_eq!(store.parse_location(&location).unwrap_err().kind(), Kind::NotFound);
    assert_eq!(read(&store, &key, 0, None).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn a_listing_that_makes_no_sense_is_not_believed() {
    let same = r#"[{"name": ".casement-staged/c/a/t-1", "bytes": 0, "last_modified": ""}]"#;
    for (listing, kind) in [("<html>", Kind::Corrupt), (same, Kind::Corrupt)] {
        let world = World::on(Server::start(move |request: &Request, _| {
            (request.line() == "GET c_segments").then(|| Reply::Raw(bytes("200 OK", &[], listing.as_bytes())))
        }))
        .await;
        assert_eq!(world.store.list_staged().await.unwrap_err().kind(), kind);
    }
}
