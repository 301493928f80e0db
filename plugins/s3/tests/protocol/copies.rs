//! Copies.

use crate::{
    fake::error,
    server::{Fate, Server},
    support::{kind, write},
};
use casement_sdk::{Backend, Kind};

fn server(first: fn() -> Fate) -> Server {
    Server::start(move |request, before| match (request.operation, before) {
        ("CopyObject", 0) => first(),
        _ => Fate::Done,
    })
}

#[tokio::test]
async fn a_copy_that_fails_behind_its_status_or_without_an_answer_is_made_or_found() {
    let fates: [(fn() -> Fate, usize); 4] = [
        (|| Fate::Refused(error(200, "InternalError", "")), 2),
        (|| Fate::Refused(error(503, "SlowDown", "")), 2),
        (|| Fate::Broken, 2),
        (|| Fate::Lost, 1),
    ];
    for (fate, requests) in fates {
        let server = server(fate);
        let store = server.store().await;
        write(&store, "a", 1000).await.unwrap();
        assert_eq!(store.copy("a", "b").await.unwrap().size, 1000);
        assert_eq!(server.count("CopyObject"), requests);
        let copy = server.first("CopyObject");
        assert_eq!(copy.header("x-amz-copy-source-if-match"), Some(&*server.fake().objects["a"].etag));
        assert_eq!(copy.header("if-none-match"), Some("*"));
    }
}

#[tokio::test]
async fn a_copy_that_is_refused_behind_its_status_is_no_success() {
    let server = server(|| Fate::Refused(error(200, "QuotaExceeded", "")));
    let store = server.store().await;
    write(&store, "a", 10).await.unwrap();
    assert_eq!(kind(store.copy("a", "b").await), Some(Kind::NoSpace));
    assert!(!server.fake().objects.contains_key("b"));
}
