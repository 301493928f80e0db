//! Where the store lets itself be sent, and where not.

use crate::support::{DATA, Server, answer, kind, read, sound};
use casement_http_store::{Config, Http};
use casement_sdk::{Backend, Kind};

/// A store that reaches everything through `server`, so that hosts need not be listed for a test to answer for them.
fn behind(server: &Server) -> Http {
    let proxy = Some(format!("http://127.0.0.1:{}", server.port()));
    Http::new(Config { proxy, ..Config::default() }).unwrap()
}

#[tokio::test]
async fn redirects_are_followed_a_few_times() {
    let server = Server::start(|request, before| match before {
        0 => answer("301 Moved Permanently", &[("Location", "/there?a=b")], b""),
        1 => answer("302 Found", &[("Location", &format!("http://{}/x", request.header("host").unwrap()))], b""),
        2 => answer("307 Temporary Redirect", &[("Location", "y")], b""),
        _ => sound(request),
    });
    assert_eq!(read(&server.store(), &server.url("/here"), 3, Some(4)).await.unwrap(), &DATA[3..7]);
    let paths: Vec<_> = server.requests().iter().map(|request| request.target.clone()).collect();
    assert_eq!(paths, ["/here", "/there?a=b", "/x", "/y"]);
    assert!(server.requests().iter().all(|request| request.range() == Some((3, 6))));
}

#[tokio::test]
async fn redirects_without_end_are_refused() {
    let server = Server::start(|_, _| answer("302 Found", &[("Location", "/again")], b""));
    assert_eq!(kind(server.store().stat(&server.url("/x")).await), Some(Kind::Unsupported));
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn a_redirect_to_where_a_location_may_not_point_is_refused() {
    for to in [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://2852039166/",
        "//127.0.0.1/",
        "http://127.0.0.1:22/",
        "http://a.example:22/",
        "file:///etc/passwd",
        "gopher://a.example/",
        "",
    ] {
        let server = Server::start(move |_, _| answer("302 Found", &[("Location", to)], b""));
        let error = behind(&server).stat("http://a.example/x").await.unwrap_err();
        assert!(matches!(error.kind(), Kind::Unsupported | Kind::NotFound), "{to}: {error:?}");
        assert_eq!(server.requests().len(), 1, "{to}");
    }
}

#[tokio::test]
async fn a_name_that_stands_for_this_machine_is_refused_unless_it_is_listed() {
    let server = Server::start(|request, _| sound(request));
    let url = format!("http://localhost:{}/x", server.port());
    let config = Config { allowed_ports: vec![server.port()], ..Config::default() };
    let error = Http::new(config.clone()).unwrap().stat(&url).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported, "{error}");
    assert!(error.message().contains("allowed_hosts"), "{error}");
    assert!(server.requests().is_empty());
    let config = Config { allowed_hosts: vec!["localhost".to_owned()], ..config };
    assert_eq!(Http::new(config).unwrap().stat(&url).await.unwrap().size, 20);
}

#[tokio::test]
async fn credentials_of_a_url_go_to_its_host_and_into_no_message() {
    let server = Server::start(|request, before| match before {
        0 => answer("302 Found", &[("Location", "http://b.example/y")], b""),
        _ if request.header("authorization").is_some() => answer("500 Internal Server Error", &[], b""),
        _ => answer("404 Not Found", &[], b""),
    });
    let error = behind(&server).stat("http://me:hunter2@a.example/x?sig=hunter2").await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound, "{error}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    assert!(server.requests()[0].header("authorization").is_some());
    assert!(server.requests()[1].header("referer").is_none());
}

#[tokio::test]
async fn the_key_of_an_object_is_its_url() {
    let store = Http::new(Config::default()).unwrap();
    for url in ["https://a.example/images/x.qcow2?v=1", "http://u:p@192.0.2.1/x"] {
        assert_eq!(store.parse_location(url).unwrap(), url);
        assert_eq!(store.format_location(url).unwrap(), url);
    }
    assert_eq!(kind(store.parse_location("file:///etc/passwd")), Some(Kind::NotFound));
    assert_eq!(kind(store.parse_location("http://127.0.0.1/x")), Some(Kind::Unsupported));
    let error = store.parse_location("http://me:hunter2@a.example:99/x?hunter2").unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn nothing_is_written_and_nothing_deleted() {
    let store = Http::new(Config::default()).unwrap();
    let can = store.capabilities();
    assert!(!can.write && !can.delete && can.read_range);
    assert_eq!(kind(store.create("x", Default::default()).await), Some(Kind::Unsupported));
    assert_eq!(kind(store.delete("http://a.example/x").await), Some(Kind::Unsupported));
}
