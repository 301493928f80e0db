use crate::support::{DATA, Reply, Server, answer, kind, raw, sound};
use casement_sdk::{Backend, Kind, Stat};

#[tokio::test]
async fn size_and_identity_come_from_head() {
    let server = Server::start(|request, _| sound(request));
    let stat = server.store().stat(&server.url("/x")).await.unwrap();
    let (etag, modified_ms) = (Some("\"v1\"".to_owned()), Some(784_111_777_000));
    assert_eq!(stat, Stat { size: 20, etag, modified_ms });
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn where_head_does_not_help_the_first_byte_tells_the_size() {
    for (head, status) in [(true, "405 Method Not Allowed"), (true, "403 Forbidden"), (false, "200 OK")] {
        let server = Server::start(move |request, _| match request.method.as_str() {
            "HEAD" if head => answer(status, &[], b""),
            "HEAD" => raw(status, &[("Transfer-Encoding", "chunked")], b""),
            _ => sound(request),
        });
        assert_eq!(server.store().stat(&server.url("/x")).await.unwrap().size, 20, "{status}");
        assert_eq!(server.requests()[1].range(), Some((0, 0)));
    }
}

#[tokio::test]
async fn a_server_without_ranges_tells_the_size_by_the_length_of_the_whole() {
    let server = Server::start(|request, _| match request.method.as_str() {
        "HEAD" => answer("501 Not Implemented", &[], b""),
        _ => answer("200 OK", &[], DATA),
    });
    assert_eq!(server.store().stat(&server.url("/x")).await.unwrap().size, 20);
}

#[tokio::test]
async fn an_empty_object_has_a_size() {
    let server = Server::start(|request, _| match request.method.as_str() {
        "HEAD" => answer("405 Method Not Allowed", &[], b""),
        _ => answer("416 Range Not Satisfiable", &[("Content-Range", "bytes */0")], b""),
    });
    assert_eq!(server.store().stat(&server.url("/x")).await.unwrap().size, 0);
}

#[tokio::test]
async fn a_size_that_nobody_tells_is_an_error() {
    let server = Server::start(|_, _| raw("200 OK", &[("Transfer-Encoding", "chunked")], b"3\r\nabc\r\n0\r\n\r\n"));
    let error = server.store().stat(&server.url("/x?secret")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(error.message().contains("size") && !error.message().contains("secret"), "{error}");
}

#[tokio::test]
async fn refusals_are_told_apart_and_never_count_against_the_store() {
    for (status, expected, retryable) in [
        ("404 Not Found", Kind::NotFound, false),
        ("410 Gone", Kind::NotFound, false),
        ("401 Unauthorized", Kind::Denied, false),
        ("403 Forbidden", Kind::Denied, false),
        ("400 Bad Request", Kind::Unavailable, false),
        ("500 Internal Server Error", Kind::Unavailable, true),
        ("503 Service Unavailable", Kind::Unavailable, true),
    ] {
        let server = Server::start(move |_, _| answer(status, &[("Retry-After", "7")], b""));
        let error = server.store().stat(&server.url("/x")).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (expected, retryable), "{status}");
        assert_eq!(error.retry_after_ms() > 0, retryable, "{status}");
        assert!(error.is_of_one_object(), "{status}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_or_silent_is_unavailable_in_bounded_time() {
    let server = Server::start(|_, _| Reply::Stall(Vec::new()));
    assert_eq!(kind(server.impatient_store().stat(&server.url("/x")).await), Some(Kind::Timeout));
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = casement_http_store::Config { allowed_ports: vec![gone], ..server.config() };
    let store = casement_http_store::Http::new(config).unwrap();
    let error = store.stat(&format!("http://me:hunter2@127.0.0.1:{gone}/x?hunter2")).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Unavailable, true));
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn a_head_without_end_is_not_taken_in() {
    let server = Server::start(|_, _| {
        let many = "X-Filler: 0123456789abcdef0123456789abcdef\r\n".repeat(100_000);
        Reply::Raw(format!("HTTP/1.1 200 OK\r\n{many}Content-Length: 20\r\n\r\n").into_bytes())
    });
    assert_eq!(kind(server.store().stat(&server.url("/x")).await), Some(Kind::Unavailable));
}
