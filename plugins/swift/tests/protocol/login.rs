use crate::{
    server::{Reply, Server, bytes, status},
    support::{MIB, World, config, data, read, write},
};
use casement_sdk::{
    Backend, Kind, WriteOptions,
    host::{HostServices, Level, LogLine, Plugin},
};
use casement_swift::{AuthVersion, Config, Swift};
use futures_util::future::join_all;
use serde_json::json;
use std::sync::Arc;

#[tokio::test]
async fn a_token_that_is_refused_in_the_middle_of_a_transfer_is_renewed_and_the_request_made_once_more() {
    let world = World::on(Server::start(|_, _| None)).await;
    let data = data(3 * MIB + 1);
    let mut writer = world.store.create("a", options()).await.unwrap();
    for (number, chunk) in data.chunks(MIB / 2).enumerate() {
        if number == 3 {
            world.held().good = 0;
        }
        casement_sdk::Writer::write(&mut writer, chunk.to_vec().into()).await.unwrap();
    }
    casement_sdk::Writer::commit(writer).await.unwrap();
    assert_eq!(world.held().logins, 2);
    world.held().good = 0;
    assert!(read(&world.store, "a", 0, None).await.unwrap() == data);
    assert_eq!(world.held().logins, 3);
}

fn options() -> WriteOptions {
    WriteOptions { size: None, transfer: "t-1".to_owned() }
}

#[tokio::test]
async fn however_many_are_refused_only_one_logs_in() {
    let world = World::on(Server::start(|_, _| None)).await;
    write(&world.store, "a", b"data").await.unwrap();
    world.held().good = 0;
    for found in join_all((0..16).map(|_| world.store.stat("a"))).await {
        assert_eq!(found.unwrap().size, 4);
    }
    assert_eq!(world.held().logins, 2);
}

#[tokio::test]
async fn a_token_that_is_about_to_run_out_is_renewed_before_it_is_used() {
    let server = Server::start(|request, before| {
        let login = request.path() == "/auth/v1.0" && before == 0;
        let account = format!("http://{}/v1/AUTH_a", request.header("host").unwrap());
        let headers = [("X-Auth-Token", "token-0"), ("X-Storage-Url", &account), ("X-Auth-Token-Expires", "0")];
        login.then(|| Reply::Raw(bytes("200 OK", &headers, b"")))
    });
    let world = World::on(server).await;
    let held = world.held();
    assert_eq!(held.logins, 1);
    let account = held.requests.iter().filter(|request| request.path().starts_with("/v1/"));
    assert!(account.into_iter().all(|request| request.header("x-auth-token") == Some("token-1")));
}

#[tokio::test]
async fn a_new_token_that_is_refused_too_is_an_end() {
    let refuse = |request: &crate::server::Request, _| match request.line().as_str() {
        "HEAD c/a" => status("401 Unauthorized", &[]),
        _ => None,
    };
    let world = World::on(Server::start(refuse)).await;
    let error = world.store.stat("a").await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Denied, false), "{error}");
    assert_eq!(world.lines(), ["HEAD c/a", "HEAD c/a"]);
}

#[tokio::test]
async fn a_server_that_hangs_up_on_a_body_is_asked_what_it_thinks_of_the_token() {
    let hang_up = |request: &crate::server::Request, _| {
        let old = request.header("x-auth-token") == Some("token-1");
        (old && request.line() == "PUT c/a").then(|| Reply::Raw(Vec::new()))
    };
    let world = World::on(Server::start(hang_up)).await;
    let mut writer = world.store.create("a", options()).await.unwrap();
    casement_sdk::Writer::write(&mut writer, data(MIB).into()).await.unwrap();
    world.held().good = 0;
    casement_sdk::Writer::commit(writer).await.unwrap();
    assert_eq!(world.held().logins, 2);
}

#[tokio::test]
async fn a_login_that_fails_says_why_and_whether_it_may_succeed() {
    for (answer, kind, retryable, words) in [
        (status("401 Unauthorized", &[]), Kind::Denied, false, "does not know this user"),
        (status("403 Forbidden", &[]), Kind::Denied, false, "does not let it in"),
        (status("503 Service Unavailable", &[]), Kind::Unavailable, true, "in trouble"),
        (status("404 Not Found", &[]), Kind::Unavailable, false, "is `auth_url` that of"),
        (status("302 Found", &[("location", "http://127.0.0.1:1/")]), Kind::Unavailable, false, "sends elsewhere"),
        (status("200 OK", &[]), Kind::Unavailable, false, "no token"),
        (Some(Reply::Raw(b"220 ftp\r\n".to_vec())), Kind::Unavailable, true, "cannot be reached"),
        (Some(Reply::Stall(Vec::new())), Kind::Timeout, true, "for 1 s"),
    ] {
        let answer = std::sync::Mutex::new(answer);
        let server = Server::start(move |_, _| answer.lock().unwrap().take());
        let (config, _secrets) = config(&server);
        let error = Swift::connect(config).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{error}");
        assert!(
            error.message().starts_with("logging in at http://127.0.0.1:") && error.message().contains(words),
            "{error}"
        );
        assert!(!error.message().contains("hush"), "{error}");
    }
}

#[tokio::test]
async fn keystone_that_answers_nonsense_is_none() {
    for (body, words) in [("<html>", "does not describe a token"), (r#"{"token": {"methods": ["hush"]}}"#, "does not")]
    {
        let server = Server::start(move |request, _| {
            let login = request.line() == "POST /auth/v1.0/v3/auth/tokens";
            login.then(|| Reply::Raw(bytes("201 Created", &[("X-Subject-Token", "t")], body.as_bytes())))
        });
        let (config, _secrets) = config(&server);
        let config = Config { auth_version: AuthVersion::V3, project_id: Some("p".into()), ..config };
        let error = Swift::connect(config).await.unwrap_err();
        assert!(
            !error.is_retryable() && error.message().contains(words) && !error.message().contains("hush"),
            "{error}"
        );
    }
}

struct Gateway;

impl HostServices for Gateway {
    fn log(&self, _: &LogLine<'_>) {}
    fn log_enabled(&self, _: Level) -> bool {
        false
    }
    fn counter_add(&self, _: &str, _: u64) {}
    fn gauge_set(&self, _: &str, _: f64) {}
    fn histogram_observe(&self, _: &str, _: f64) {}
}

#[tokio::test]
async fn whoever_is_logged_in_at_is_told_for_which_request() {
    for (version, login, header) in
        [("1", "GET /auth/v1.0", "x-trans-id-extra"), ("3", "POST /auth/v1.0/v3/auth/tokens", "x-openstack-request-id")]
    {
        let server = Server::start(|request, before| {
            let token = format!("token-{}", before + 1);
            let account = format!("http://{}/v1/AUTH_a", request.header("host").unwrap());
            let endpoint = json!({"interface": "public", "region": "r", "url": account});
            let described = json!({"token": {
                "issued_at": "2026-11-26T10:00:00Z",
                "expires_at": "2026-11-26T11:00:00Z",
                "catalog": [{"type": "object-store", "endpoints": [endpoint]}],
            }});
            let is_keystone = request.path().ends_with("/v3/auth/tokens");
            is_keystone.then(|| {
                let described = described.to_string();
                Reply::Raw(bytes("201 Created", &[("X-Subject-Token", &token)], described.as_bytes()))
            })
        });
        server.held().good = 1;
        let (config, _secrets) = config(&server);
        let config = json!({
            "auth_url": config.auth_url,
            "auth_version": version,
            "username": config.username,
            "project_id": "p",
            "key_file": config.key_file,
            "container": config.container,
        });
        let plugin = Plugin::from_static::<Swift>().unwrap();
        let store = plugin.open(Arc::new(Gateway), &config.to_string()).await.unwrap();
        // The token of the first login is good no more.
        server.held().good = 2;
        store.for_request("req-1").stat("a").await.unwrap_err();
        let held = server.held();
        let told: Vec<_> = held.requests.iter().filter(|request| request.line() == login).collect();
        assert_eq!(told.iter().map(|request| request.header(header)).collect::<Vec<_>>(), [None, Some("req-1")]);
    }
}

#[tokio::test]
async fn no_secret_is_shown() {
    let world = World::on(Server::start(|_, _| None)).await;
    let shown = format!("{:?} {:?}", world.store, world.config);
    assert!(!shown.contains("hush") && !shown.contains("token-1"), "{shown}");
}

#[tokio::test]
async fn what_answers_and_is_not_swift_is_told() {
    let stranger = |request: &crate::server::Request, _| match request.line().as_str() {
        "HEAD /v1/AUTH_a" => status("200 OK", &[]),
        _ => None,
    };
    let server = Server::start(stranger);
    let (config, _secrets) = config(&server);
    let error = Swift::connect(config).await.unwrap_err();
    assert!(!error.is_retryable() && error.message().contains("is not Swift"), "{error}");
}
