#![allow(clippy::unwrap_used)]

use super::{
    testing::{Asked, Reply, SERVICE_TOKEN, Server, login, token},
    *,
};
use crate::Kind;
use casement_request::RequestId;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

const PASSWORD: &str = "s3cret-of-the-service";

pub(super) fn session_settings(server: &Server) -> SessionSettings {
    let user = InDomain::Name { name: "glance".into(), domain: Ref::Id("default".into()) };
    let scope = Scope::Project(InDomain::Name { name: "service".into(), domain: Ref::Id("default".into()) });
    SessionSettings {
        auth_url: server.url.clone(),
        login: Login::Password { user, password: Secret::new(PASSWORD), scope },
        lookup: None,
        ca: None,
        patience: Patience { tries: 3, ..Patience::default() },
    }
}

fn settings() -> KeystoneSettings {
    KeystoneSettings {
        keep: Duration::from_secs(60),
        keep_refused: Duration::from_secs(60),
        entries: 100,
        service_roles: vec!["service".into()],
        service_roles_required: false,
    }
}

fn keystone(server: &Server) -> Keystone {
    Keystone::new(Session::new(session_settings(server)).unwrap(), settings())
}

/// One that waits a moment only.
/// Silence soon is an end.
fn impatient(server: &Server) -> Keystone {
    let moment = Duration::from_millis(100);
    with_patience(server, Patience { request: moment, total: 10 * moment, tries: 2, ..Patience::default() })
}

fn with_two_tries(server: &Server) -> Keystone {
    with_patience(server, Patience { tries: 2, ..Patience::default() })
}

fn with_patience(server: &Server, patience: Patience) -> Keystone {
    let session = Session::new(SessionSettings { patience, ..session_settings(server) });
    Keystone::new(session.unwrap(), settings())
}

fn with(token: &str) -> Credentials {
    Credentials { token: Some(token.into()), ..Credentials::default() }
}

fn with_service(token: &str, service: &str) -> Credentials {
    Credentials { service_token: Some(service.into()), ..with(token) }
}

fn member() -> Value {
    token(json!({"project": {"id": "p1"}, "roles": [{"name": "Member"}, {"name": "reader"}]}), 3600)
}

fn roles(roles: &BTreeSet<String>) -> Vec<&str> {
    roles.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn a_token_is_judged_in_the_service_s_own_session() {
    let server = Server::with_login(|_| Reply::Json(200, member())).await;
    let caller = keystone(&server).authenticate(&with(" abc ")).await.unwrap();
    assert_eq!((caller.user_id.as_deref(), caller.project_id.as_deref()), (Some("u1"), Some("p1")));
    assert_eq!(roles(&caller.roles), ["member", "reader"]);
    assert!(!caller.is_admin && !caller.read_only && caller.service_roles.is_empty());

    let asked = server.asked();
    assert_eq!((asked[0].method.as_str(), asked[0].target.as_str()), ("POST", "/v3/auth/tokens?nocatalog="));
    let login: Value = serde_json::from_slice(&asked[0].body).unwrap();
    assert_eq!(login["auth"]["identity"]["password"]["user"]["password"], PASSWORD);
    assert_eq!((asked[1].method.as_str(), asked[1].target.as_str()), ("GET", "/v3/auth/tokens?nocatalog="));
    assert_eq!((asked[1].header("x-auth-token"), asked[1].header("x-subject-token")), (SERVICE_TOKEN, "abc"));
}

#[tokio::test]
async fn keystone_is_told_which_request_it_is_asked_for() {
    let server = Server::with_login(|_| Reply::Json(200, member())).await;
    let keystone = keystone(&server);
    let asking = async { keystone.authenticate(&with("abc")).await.unwrap() };
    RequestId::new("req-1").serve(asking).await;
    keystone.authenticate(&with("def")).await.unwrap();
    let told: Vec<_> = server.asked().iter().map(|asked| asked.header("x-openstack-request-id").to_owned()).collect();
    assert_eq!(told, ["req-1", "req-1", ""]);
}

#[tokio::test]
async fn every_scope_is_told_apart() {
    let scope = |more: Value| async {
        let body = token(more, 3600);
        let server = Server::with_login(move |_| Reply::Json(200, body.clone())).await;
        let caller = Caller::clone(&*keystone(&server).authenticate(&with("abc")).await.unwrap());
        (caller.project_id, caller.domain_id, caller.system_scope, caller.is_admin)
    };
    let admin = json!([{"name": "admin"}]);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(scope(json!({"project": {"id": "p1"}, "roles": admin})).await, (some("p1"), None, None, true));
    assert_eq!(scope(json!({"domain": {"id": "d1"}, "roles": admin})).await, (None, some("d1"), None, true));
    assert_eq!(scope(json!({"system": {"all": true}, "roles": admin})).await, (None, None, some("all"), true));
    assert_eq!(scope(json!({})).await, (None, None, None, false));
}

#[tokio::test]
async fn many_requests_with_the_same_new_token_ask_once() {
    let late = || Reply::Late(Duration::from_millis(50), Box::new(Reply::Json(200, member())));
    let server = Server::with_login(move |_| late()).await;
    let (keystone, abc) = (keystone(&server), with("abc"));
    let all = futures_util::future::join_all((0..50).map(|_| keystone.authenticate(&abc))).await;
    assert!(all.iter().all(|caller| caller.is_ok()));
    keystone.authenticate(&abc).await.unwrap();
    assert_eq!((server.logins(), server.questions()), (1, 1));
}

#[tokio::test]
async fn a_token_that_keystone_does_not_take_is_refused_and_not_asked_for_again() {
    for status in [400, 404, 413, 414, 431] {
        let server = Server::with_login(move |_| Reply::Json(status, json!({"error": {"code": status}}))).await;
        let keystone = keystone(&server);
        for _ in 0..2 {
            assert_eq!(keystone.authenticate(&with("forged")).await.unwrap_err().kind, Kind::Unauthenticated);
        }
        assert_eq!(server.questions(), 1, "{status}");
    }
}

#[tokio::test]
async fn what_cannot_be_a_token_is_refused_without_asking() {
    let server = Server::with_login(|_| Reply::Json(200, member())).await;
    let keystone = keystone(&server);
    for bad in ["", "  ", "a\nb", "a\0b", &"x".repeat(MAX_TOKEN_BYTES + 1)] {
        assert_eq!(keystone.authenticate(&with(bad)).await.unwrap_err().kind, Kind::Unauthenticated, "{bad:.20?}");
    }
    assert_eq!(keystone.authenticate(&Credentials::default()).await.unwrap_err().kind, Kind::Unauthenticated);
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_token_that_ends_is_not_kept_beyond_its_end() {
    let server = Server::with_login(|_| Reply::Json(200, token(json!({}), -1))).await;
    let keystone = keystone(&server);
    for _ in 0..2 {
        keystone.authenticate(&with("abc")).await.unwrap();
    }
    assert_eq!(server.questions(), 2);
}

#[tokio::test]
async fn the_service_logs_in_again_when_its_token_ends_soon() {
    for (seconds, logins) in [(3600, 1), (0, 3)] {
        let answer = move |asked: &Asked| if asked.is_login() { login(seconds) } else { Reply::Json(200, member()) };
        let server = Server::start(answer).await;
        let keystone = keystone(&server);
        for subject in ["a", "b", "c"] {
            keystone.authenticate(&with(subject)).await.unwrap();
        }
        assert_eq!((server.logins(), server.questions()), (logins, 3));
    }
}

#[tokio::test]
async fn the_service_logs_in_again_when_keystone_knows_its_token_no_more() {
    let asked_before = AtomicUsize::new(0);
    let server = Server::with_login(move |_| match asked_before.fetch_add(1, Ordering::SeqCst) {
        1 => Reply::Json(401, json!({})),
        _ => Reply::Json(200, member()),
    })
    .await;
    let keystone = keystone(&server);
    for subject in ["a", "b"] {
        keystone.authenticate(&with(subject)).await.unwrap();
    }
    assert_eq!((server.logins(), server.questions()), (2, 3));
}

#[tokio::test]
async fn a_service_that_keystone_does_not_let_in_is_an_outage_and_not_the_caller_s_fault() {
    let refusing = Server::start(|_| Reply::Json(401, json!({}))).await;
    let without_rights = Server::with_login(|_| Reply::Json(403, json!({}))).await;
    let forgetful = Server::with_login(|_| Reply::Json(401, json!({}))).await;
    let elsewhere = Server::start(|_| Reply::Json(302, json!({}))).await;
    for (server, wanted) in [
        (refusing, "401 to the login of this service"),
        (without_rights, "403: the service user lacks the right"),
        (forgetful, "does not accept the token that it has just given"),
        (elsewhere, "302 to the login"),
    ] {
        let keystone = keystone(&server);
        let error = keystone.authenticate(&with("user-token")).await.unwrap_err();
        assert!(error.kind == Kind::Unavailable && error.to_string().contains(wanted), "{error}");
        let text = format!("{error:?} {error} {keystone:?}");
        assert!(!text.contains(PASSWORD) && !text.contains("user-token") && !text.contains(SERVICE_TOKEN), "{text}");
    }
}

#[tokio::test]
async fn keystone_is_asked_again_when_it_is_in_trouble() {
    let troubles: [fn() -> Reply; 4] = [
        || Reply::Json(500, json!({})),
        || Reply::Json(503, json!({})),
        || Reply::Json(429, json!({})),
        || Reply::Close,
    ];
    for trouble in troubles {
        let asked_before = AtomicUsize::new(0);
        let server = Server::start(move |asked| match asked_before.fetch_add(1, Ordering::SeqCst) {
            0 | 2 | 3 => trouble(),
            _ if asked.is_login() => login(3600),
            _ => Reply::Json(200, member()),
        })
        .await;
        keystone(&server).authenticate(&with("abc")).await.unwrap();
        assert_eq!((server.logins(), server.questions()), (2, 3));
    }
}

#[tokio::test]
async fn trouble_without_end_is_told_and_not_kept_in_mind() {
    let away = Server::start(|_| Reply::Close).await;
    let error = with_two_tries(&away).authenticate(&with("abc")).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    assert_eq!(away.logins(), 2);

    let asked_before = AtomicUsize::new(0);
    let server = Server::with_login(move |_| match asked_before.fetch_add(1, Ordering::SeqCst) {
        0..2 => Reply::Json(500, json!({})),
        _ => Reply::Json(200, member()),
    })
    .await;
    let keystone = with_two_tries(&server);
    let error = keystone.authenticate(&with("abc")).await.unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains("500"), "{error}");
    keystone.authenticate(&with("abc")).await.unwrap();
}

#[tokio::test]
async fn a_keystone_that_nobody_can_reach_is_an_outage() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let gone = Server::with_login(|_| Reply::Close).await;
    let session = Session::new(SessionSettings { auth_url: url, ..session_settings(&gone) }).unwrap();
    let error = session.probe().await.unwrap_err();
    assert!(error.kind == Kind::Unavailable && error.to_string().contains("cannot be reached"), "{error}");
}

#[tokio::test]
async fn nobody_waits_for_ever() {
    let deaf = Server::start(|_| Reply::Silence).await;
    let mute = Server::with_login(|_| Reply::Silence).await;
    for server in [deaf, mute] {
        let error = impatient(&server).authenticate(&with("abc")).await.unwrap_err();
        assert!(error.kind == Kind::Unavailable && error.to_string().contains("within"), "{error}");
    }
}

#[tokio::test]
async fn garbage_and_floods_are_an_outage() {
    let garbage: [fn() -> Reply; 7] = [
        || Reply::Raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<html>maintenance</html>".to_vec()),
        || Reply::Raw(b"\x16\x03\x01\x02\x00 not HTTP at all\r\n\r\n".to_vec()),
        || Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{\"token\"".to_vec()),
        || Reply::Json(200, json!({"token": {}})),
        || Reply::Json(200, json!({"token": {"user": {"id": "u"}, "issued_at": "now", "expires_at": "soon"}})),
        || Reply::Json(302, json!({})),
        || Reply::Flood,
    ];
    for (case, reply) in garbage.into_iter().enumerate() {
        let server = Server::with_login(move |_| reply()).await;
        let error = keystone(&server).authenticate(&with("abc")).await.unwrap_err();
        assert_eq!(error.kind, Kind::Unavailable, "case {case}: {error}");
    }
}

#[tokio::test]
async fn few_questions_are_on_their_way_at_once() {
    let late = || Reply::Late(Duration::from_millis(5), Box::new(Reply::Json(200, member())));
    let server = Server::with_login(move |_| late()).await;
    let patience = Patience { at_once: 3, ..Patience::default() };
    let session = Session::new(SessionSettings { patience, ..session_settings(&server) }).unwrap();
    let keystone = Keystone::new(session, settings());
    let callers: Vec<_> = (0..40).map(|n| with(&format!("token {n}"))).collect();
    let all = futures_util::future::join_all(callers.iter().map(|caller| keystone.authenticate(caller))).await;
    assert!(all.iter().all(|caller| caller.is_ok()));
    assert_eq!((server.questions(), server.most_at_once()), (40, 3));
}

/// Knows `user`, `late` (which has run out), `nova` (a service) and `bob`.
async fn with_services() -> Server {
    Server::with_login(|asked| {
        let expired_too = asked.target.contains("allow_expired=1");
        match asked.header("x-subject-token") {
            "user" => Reply::Json(200, member()),
            "late" if expired_too => Reply::Json(200, token(json!({"project": {"id": "p1"}}), -100)),
            "nova" if !expired_too => Reply::Json(200, token(json!({"roles": [{"name": "Service"}]}), 3600)),
            "bob" => Reply::Json(200, token(json!({"roles": [{"name": "member"}]}), 3600)),
            _ => Reply::Json(404, json!({})),
        }
    })
    .await
}

#[tokio::test]
async fn a_service_lends_its_roles_and_may_bring_a_token_that_has_run_out() {
    let server = with_services().await;
    let keystone = keystone(&server);
    let caller = keystone.authenticate(&with_service("user", "nova")).await.unwrap();
    assert_eq!((roles(&caller.roles), roles(&caller.service_roles)), (vec!["member", "reader"], vec!["service"]));
    let caller = keystone.authenticate(&with_service("late", "nova")).await.unwrap();
    assert_eq!(caller.project_id.as_deref(), Some("p1"));
    // What a service may bring is no good by itself, also when it is known already.
    assert_eq!(keystone.authenticate(&with("late")).await.unwrap_err().kind, Kind::Unauthenticated);
    assert_eq!(keystone.authenticate(&with_service("late", "bob")).await.unwrap_err().kind, Kind::Unauthenticated);
    assert_eq!(keystone.authenticate(&with_service("late", "late")).await.unwrap_err().kind, Kind::Unauthenticated);
}

#[tokio::test]
async fn a_service_token_without_a_service_role_counts_as_the_operator_says() {
    let server = with_services().await;
    let caller = keystone(&server).authenticate(&with_service("user", "bob")).await.unwrap();
    assert_eq!(roles(&caller.service_roles), ["member"]);
    let strict = KeystoneSettings { service_roles_required: true, ..settings() };
    let strict = Keystone::new(Session::new(session_settings(&server)).unwrap(), strict);
    assert!(strict.authenticate(&with_service("user", "bob")).await.unwrap().service_roles.is_empty());
    assert_eq!(roles(&strict.authenticate(&with_service("user", "nova")).await.unwrap().service_roles), ["service"]);
}

#[tokio::test]
async fn a_worthless_service_token_leaves_the_user_as_it_is() {
    let server = with_services().await;
    let keystone = keystone(&server);
    let caller = keystone.authenticate(&with_service("user", "forged")).await.unwrap();
    assert!(caller.service_roles.is_empty() && caller.user_id.is_some());
    let without_user = Credentials { token: None, ..with_service("", "nova") };
    assert_eq!(keystone.authenticate(&without_user).await.unwrap_err().kind, Kind::Unauthenticated);
}

#[tokio::test]
async fn questions_go_where_the_catalog_says() {
    let internal = Server::start(|_| Reply::Json(200, member())).await;
    let (url, service) = (internal.url.clone(), SERVICE_TOKEN);
    let public = Server::start(move |_| {
        let endpoint = json!({"interface": "internal", "region": "r1", "url": url});
        let body = token(json!({"catalog": [{"type": "identity", "endpoints": [endpoint]}]}), 3600).to_string();
        let head = format!("HTTP/1.1 201 Created\r\nX-Subject-Token: {service}\r\nContent-Length: {}", body.len());
        Reply::Raw(format!("{head}\r\nConnection: close\r\n\r\n{body}").into_bytes())
    })
    .await;
    let ask = |region: &str| {
        let lookup = Some(Lookup { interface: "internal".into(), region: Some(region.into()) });
        let session = Session::new(SessionSettings { lookup, ..session_settings(&public) }).unwrap();
        async move { Keystone::new(session, settings()).authenticate(&with("abc")).await }
    };
    ask("r1").await.unwrap();
    assert_eq!((public.logins(), public.questions(), internal.questions()), (1, 0, 1));
    assert_eq!(public.asked()[0].target, "/v3/auth/tokens");
    assert_eq!(internal.asked()[0].target, "/v3/auth/tokens?nocatalog=");
    let error = ask("r2").await.unwrap_err();
    assert!(error.kind == Kind::Unavailable && error.to_string().contains("no identity endpoint"), "{error}");
}

#[tokio::test]
async fn other_resources_are_read_in_the_same_session() {
    let server = Server::with_login(|_| Reply::Json(200, json!({"limits": []}))).await;
    let session = Session::new(session_settings(&server)).unwrap();
    let answer = session.get("limits", &[("service_id", "a b"), ("resource_name", "x")]).await.unwrap();
    assert_eq!((answer.status, answer.json().unwrap()), (200, json!({"limits": []})));
    assert_eq!(server.asked()[1].target, "/v3/limits?service_id=a+b&resource_name=x");
    assert_eq!(server.asked()[1].header("x-auth-token"), SERVICE_TOKEN);
}

#[tokio::test]
async fn a_probe_tells_whether_the_service_may_ask_about_tokens() {
    let server = Server::with_login(|_| Reply::Json(200, member())).await;
    Session::new(session_settings(&server)).unwrap().probe().await.unwrap();
    assert_eq!(server.asked()[1].header("x-subject-token"), SERVICE_TOKEN);
    for status in [403, 404] {
        let server = Server::with_login(move |_| Reply::Json(status, json!({}))).await;
        let error = Session::new(session_settings(&server)).unwrap().probe().await.unwrap_err();
        assert!(error.to_string().contains("lacks the right"), "{error}");
    }
}

#[tokio::test]
async fn settings_that_make_no_sense_are_told() {
    let server = Server::with_login(|_| Reply::Close).await;
    let wrong = [
        SessionSettings { auth_url: "keystone".into(), ..session_settings(&server) },
        SessionSettings { ca: Some(b"no certificate".to_vec()), ..session_settings(&server) },
    ];
    for settings in wrong {
        assert_eq!(Session::new(settings).unwrap_err().kind, Kind::Configuration);
    }
}
