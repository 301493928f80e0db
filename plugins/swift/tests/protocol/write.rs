use crate::{
    server::{Reply, Request, Server, TRANSFER, hex, status},
    support::{MIB, World, data, read, write},
};
use casement_sdk::{Backend, Kind, WriteOptions};
use std::time::{Duration, Instant};

/// Steps in at this line, so many times.
fn at(line: &'static str, times: usize, reply: impl Fn() -> Option<Reply> + Send + Sync + 'static) -> Server {
    Server::start(move |request: &Request, before| match request.line() == line && before < times {
        true => reply(),
        false => None,
    })
}

const SEGMENT: &str = "PUT c_segments/a/t-1/00000002";
const MARK: &str = "c_segments/.casement-staged/c/a/t-1";

/// Nothing of the write is left, and it can be made again.
async fn is_as_before(world: &World) {
    assert_eq!(world.names(), [""; 0]);
    let data = data(2 * MIB);
    write(&world.store, "b", &data).await.unwrap();
    assert!(read(&world.store, "b", 0, None).await.unwrap() == data);
}

#[tokio::test]
async fn a_small_object_is_one_request_with_its_digest_under_a_condition() {
    let world = World::on(Server::start(|_, _| None)).await;
    let stat = write(&world.store, "a", b"data").await.unwrap();
    assert_eq!((stat.size, stat.etag), (4, Some(hex(b"data"))));
    let (mark, unmark, look) = (format!("PUT {MARK}"), format!("DELETE {MARK}"), format!("HEAD {MARK}"));
    let lines = world.lines();
    assert_eq!(lines[lines.len() - 5..], [&mark, "HEAD c/a", &look, "PUT c/a", &unmark]);
    let held = world.held();
    let put = held.requests.iter().find(|request| request.line() == "PUT c/a").unwrap();
    assert_eq!(put.header("etag"), Some(&*hex(b"data")));
    assert_eq!((put.header("if-none-match"), put.header(TRANSFER)), (Some("*"), Some("t-1")));
}

#[tokio::test]
async fn a_large_object_is_marked_then_stored_in_segments_then_published_then_unmarked() {
    let world = World::on(Server::start(|_, _| None)).await;
    let data = data(2 * MIB + 1);
    write(&world.store, "a", &data).await.unwrap();
    let lines = world.lines();
    let mark = lines.iter().position(|line| *line == format!("PUT {MARK}")).unwrap();
    let segment = lines.iter().position(|line| line.starts_with("PUT c_segments/a/")).unwrap();
    assert!(mark < segment, "{lines:?}");
    assert_eq!(lines[lines.len() - 2..], ["PUT c/a".to_owned(), format!("DELETE {MARK}")]);
    assert_eq!(world.names().len(), 4);
    assert!(read(&world.store, "a", 0, None).await.unwrap() == data);
}

#[tokio::test]
async fn more_segments_than_a_manifest_may_name_are_named_by_several() {
    let world = World::on(Server::start(|_, _| None)).await;
    // The server lets a manifest name three.
    let data = data(12 * MIB);
    write(&world.store, "a", &data).await.unwrap();
    assert!(read(&world.store, "a", 0, None).await.unwrap() == data);
    let parts: Vec<_> = world.names().into_iter().filter(|name| name.contains("/part-")).collect();
    assert_eq!(parts, [1, 2, 3].map(|part| format!("c_segments/a/t-1/part-000{part}")));
    world.store.delete("a").await.unwrap();
    assert_eq!(world.names(), [""; 0]);
}

#[tokio::test]
async fn more_segments_than_manifests_of_manifests_may_name_are_refused() {
    let world = World::on(Server::start(|_, _| None)).await;
    let options = |size| WriteOptions { size, transfer: "t-1".to_owned() };
    let error = world.store.create("a", options(Some(100 * MIB as u64))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NoSpace);
    let error = write(&world.store, "a", &data(30 * MIB)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NoSpace, "{error}");
}

#[tokio::test]
async fn a_segment_is_sent_again_from_memory() {
    for reply in [
        || status("422 Unprocessable Entity", &[]),
        || status("503 Service Unavailable", &[("retry-after", "0")]),
        || status("498 Rate Limited", &[]),
        || status("408 Request Timeout", &[]),
        || status("201 Created", &[("etag", "0123456789abcdef0123456789abcdef")]),
        || Some(Reply::Raw(Vec::new())),
        || Some(Reply::Lose),
    ] {
        let world = World::on(at(SEGMENT, 1, reply)).await;
        let data = data(3 * MIB);
        write(&world.store, "a", &data).await.unwrap();
        assert!(read(&world.store, "a", 0, None).await.unwrap() == data);
    }
}

#[tokio::test]
async fn a_store_without_space_says_so_at_once_and_nothing_is_left() {
    for line in [SEGMENT, "PUT c/a"] {
        for answer in ["413 Request Entity Too Large", "507 Insufficient Storage"] {
            let world = World::on(at(line, usize::MAX, move || status(answer, &[]))).await;
            let error = write(&world.store, "a", &data(3 * MIB)).await.unwrap_err();
            assert_eq!((error.kind(), error.is_retryable()), (Kind::NoSpace, false), "{error}");
            assert_eq!(world.lines().iter().filter(|asked| *asked == line).count(), 1);
            is_as_before(&world).await;
        }
    }
}

#[tokio::test]
async fn a_server_in_trouble_for_too_long_is_an_end_and_nothing_is_left() {
    let world = World::on(at(SEGMENT, usize::MAX, || status("500 Internal Server Error", &[]))).await;
    let error = write(&world.store, "a", &data(3 * MIB)).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Unavailable, false), "{error}");
    assert!(error.message().contains("transaction tx1"), "{error}");
    is_as_before(&world).await;
}

#[tokio::test]
async fn a_digest_that_stays_wrong_publishes_nothing() {
    let wrong = || status("201 Created", &[("etag", "0123456789abcdef0123456789abcdef")]);
    for (line, len) in [(SEGMENT, 3 * MIB), ("PUT c/a", 3 * MIB), ("PUT c/a", 4)] {
        let world = World::on(at(line, usize::MAX, wrong)).await;
        let error = write(&world.store, "a", &data(len)).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (Kind::Corrupt, false), "{line}: {error}");
        is_as_before(&world).await;
    }
}

#[tokio::test]
async fn an_object_whose_answer_is_lost_is_found_to_be_published() {
    for len in [4, 3 * MIB] {
        let world = World::on(at("PUT c/a", 1, || Some(Reply::Lose))).await;
        let data = data(len);
        write(&world.store, "a", &data).await.unwrap();
        assert!(read(&world.store, "a", 0, None).await.unwrap() == data);
        assert_eq!(world.store.list_staged().await.unwrap(), []);
    }
}

#[tokio::test]
async fn access_that_is_refused_is_told_from_a_token_that_is() {
    let world = World::on(at("PUT c/a", usize::MAX, || status("403 Forbidden", &[]))).await;
    let error = write(&world.store, "a", b"data").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Denied);
    assert!(error.message().contains("lacks the right"), "{error}");
}

#[tokio::test]
async fn a_server_that_goes_silent_is_given_up_in_bounded_time() {
    for line in ["HEAD c/a", "PUT c/a", SEGMENT] {
        let world = World::on(at(line, usize::MAX, || Some(Reply::Stall(Vec::new())))).await;
        let started = Instant::now();
        let error = write(&world.store, "a", &data(3 * MIB)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Timeout, "{line}: {error}");
        assert!(started.elapsed() < Duration::from_secs(30), "{line}: {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn what_a_process_that_died_has_staged_is_told_with_its_age() {
    let world = World::on(Server::start(|_, _| None)).await;
    world.held().objects.insert(MARK.to_owned(), Default::default());
    for arrived in [1, 3] {
        world.held().objects.insert(format!("c_segments/a/t-1/0000000{arrived}"), Default::default());
    }
    let staged = world.store.list_staged().await.unwrap();
    assert_eq!((staged[0].token.as_str(), staged[0].idle_ms), ("c/a/t-1", Some(60_000)));
    world.store.discard("c/a/t-1").await.unwrap();
    assert_eq!(world.names(), [""; 0]);
    // Also what had not arrived yet: a later removal beats an earlier write.
    for late in [2, 4, 6] {
        assert!(world.lines().contains(&format!("DELETE c_segments/a/t-1/0000000{late}")), "{late}");
    }
}
