use crate::support::{DATA, Reply, Server, answer, cut, kind, raw, read, sound};
use casement_scripted_http::raw_answer;
use casement_sdk::Kind;

#[tokio::test]
async fn any_range_is_read() {
    let server = Server::start(|request, _| sound(request));
    let (store, url) = (server.store(), server.url("/x"));
    for (offset, len) in
        [(0, None), (0, Some(20)), (0, Some(3)), (5, Some(4)), (5, None), (19, Some(1)), (15, Some(100)), (3, Some(0))]
    {
        let end = (offset + len.unwrap_or(100)).min(20);
        let data = read(&store, &url, offset, len).await.unwrap();
        assert_eq!(data, DATA[offset as usize..end as usize], "{offset} {len:?}");
    }
    for offset in [20, 21, u64::MAX] {
        assert_eq!(read(&store, &url, offset, Some(5)).await.unwrap(), b"", "{offset}");
    }
}

#[tokio::test]
async fn where_ranges_are_not_known_what_lies_before_is_passed_over() {
    let server = Server::start(|_, _| answer("200 OK", &[], DATA));
    let store = server.store();
    assert_eq!(read(&store, &server.url("/x"), 7, Some(5)).await.unwrap(), &DATA[7..12]);
    assert_eq!(read(&store, &server.url("/x"), 7, None).await.unwrap(), &DATA[7..]);
    assert_eq!(read(&store, &server.url("/x"), 30, Some(5)).await.unwrap(), b"");
}

#[tokio::test]
async fn a_body_without_a_length_is_read_to_its_end() {
    let server = Server::start(|_, _| {
        raw("200 OK", &[("Transfer-Encoding", "chunked")], b"5\r\n01234\r\nF\r\n56789abcdefghij\r\n0\r\n\r\n")
    });
    assert_eq!(read(&server.store(), &server.url("/x"), 0, None).await.unwrap(), DATA);
    assert_eq!(read(&server.store(), &server.url("/x"), 4, Some(3)).await.unwrap(), &DATA[4..7]);
}

#[tokio::test]
async fn another_part_than_was_asked_for_is_refused() {
    for range in ["bytes 4-8/20", "bytes 5-9/20", "bytes 5-8/9x", "bytes 5-8/7", "lines 5-8/20", "bytes */20", "5-8/20"]
    {
        let server = Server::start(move |_, _| answer("206 Partial Content", &[("Content-Range", range)], b"5678"));
        let answer = read(&server.store(), &server.url("/x"), 5, Some(4)).await;
        assert_eq!(kind(answer), Some(Kind::Corrupt), "{range}");
    }
    let server = Server::start(|_, _| answer("206 Partial Content", &[], b"5678"));
    assert_eq!(kind(read(&server.store(), &server.url("/x"), 5, Some(4)).await), Some(Kind::Corrupt));
}

#[tokio::test]
async fn more_than_was_promised_is_not_given_out() {
    let server = Server::start(|_, _| {
        let headers = [("Content-Range", "bytes 5-8/20"), ("Transfer-Encoding", "chunked")];
        raw("206 Partial Content", &headers, b"9\r\n56789abcd\r\n0\r\n\r\n")
    });
    assert_eq!(read(&server.store(), &server.url("/x"), 5, Some(4)).await.unwrap(), b"5678");
}

#[tokio::test]
async fn a_connection_that_breaks_is_taken_up_at_the_same_byte() {
    let server = Server::start(|request, before| if before < 3 { cut(request, 4) } else { sound(request) });
    assert_eq!(read(&server.store(), &server.url("/x"), 1, Some(18)).await.unwrap(), &DATA[1..19]);
    let asked: Vec<_> = server.requests().iter().map(|request| request.range().unwrap().0).collect();
    assert_eq!(asked, [1, 5, 9, 13]);
    assert!(server.requests()[1..].iter().all(|request| request.header("if-match") == Some("\"v1\"")));
}

#[tokio::test]
async fn a_part_that_is_sent_too_short_is_completed() {
    let server = Server::start(|request, _| {
        let (first, last) = request.range().unwrap();
        let last = last.min(first + 7);
        let range = format!("bytes {first}-{last}/20");
        answer("206 Partial Content", &[("Content-Range", &range), ("ETag", "\"v1\"")], &DATA[first..=last])
    });
    assert_eq!(read(&server.store(), &server.url("/x"), 0, Some(20)).await.unwrap(), DATA);
}

#[tokio::test]
async fn a_connection_that_breaks_again_and_again_is_given_up() {
    let server = Server::start(|request, _| cut(request, 1));
    let error = read(&server.store(), &server.url("/x"), 0, Some(20)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn without_a_strong_etag_nothing_is_joined() {
    for tag in ["W/\"v1\"", "v1", ""] {
        let server = Server::start(move |_, _| raw("200 OK", &[("Content-Length", "20"), ("ETag", tag)], &DATA[..7]));
        let answer = read(&server.store(), &server.url("/x"), 0, None).await;
        assert_eq!(kind(answer), Some(Kind::Unavailable), "{tag}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn an_object_that_changes_while_it_is_read_is_an_error_whatever_the_server_heeds() {
    type Scripted = (&'static str, &'static [(&'static str, &'static str)], &'static [u8]);
    const CHANGED: [Scripted; 5] = [
        ("412 Precondition Failed", &[], b""),
        ("206 Partial Content", &[("ETag", "\"v2\""), ("Content-Range", "bytes 7-19/20")], b"789abcdefghij"),
        ("206 Partial Content", &[("ETag", "\"v1\""), ("Content-Range", "bytes 7-20/21")], b"789abcdefghijk"),
        ("200 OK", &[("ETag", "\"v2\"")], DATA),
        ("416 Range Not Satisfiable", &[("Content-Range", "bytes */3")], b""),
    ];
    for (status, headers, body) in CHANGED {
        let server = Server::start(move |request, before| match before {
            0 => cut(request, 7),
            _ => answer(status, headers, body),
        });
        assert_eq!(kind(read(&server.store(), &server.url("/x"), 0, None).await), Some(Kind::Corrupt), "{status}");
    }
}

#[tokio::test]
async fn the_same_object_from_a_server_without_ranges_is_taken_up_too() {
    let server = Server::start(|_, before| {
        let sent = if before == 0 { &DATA[..7] } else { DATA };
        raw("200 OK", &[("Content-Length", "20"), ("ETag", "\"v1\"")], sent)
    });
    assert_eq!(read(&server.store(), &server.url("/x"), 2, Some(17)).await.unwrap(), &DATA[2..19]);
}

#[tokio::test]
async fn a_server_that_stops_sending_is_not_waited_for() {
    let server = Server::start(|_, _| Reply::Stall(raw_answer("200 OK", &[("Content-Length", "20")], &DATA[..7])));
    assert_eq!(kind(read(&server.impatient_store(), &server.url("/x"), 0, None).await), Some(Kind::Timeout));
}

#[tokio::test]
async fn a_part_that_the_server_has_and_refuses_is_an_error() {
    let server = Server::start(|_, _| answer("416 Range Not Satisfiable", &[("Content-Range", "bytes */20")], b""));
    assert_eq!(kind(read(&server.store(), &server.url("/x"), 5, Some(4)).await), Some(Kind::Corrupt));
    let server = Server::start(|_, _| answer("404 Not Found", &[], b""));
    assert_eq!(kind(read(&server.store(), &server.url("/x"), 5, Some(4)).await), Some(Kind::NotFound));
}
