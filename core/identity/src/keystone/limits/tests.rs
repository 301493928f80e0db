#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    Kind,
    keystone::{
        InDomain, Login, Patience, Ref, Scope, Secret, SessionSettings,
        testing::{Reply, Server},
    },
};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};

fn limits(server: &Server, region: Option<&str>) -> Limits {
    let user = InDomain::Name { name: "glance".into(), domain: Ref::Id("default".into()) };
    let session = Session::new(SessionSettings {
        auth_url: server.url.clone(),
        login: Login::Password { user, password: Secret::new("secret"), scope: Scope::System },
        lookup: None,
        ca: None,
        patience: Patience { tries: 1, ..Patience::default() },
    });
    let settings = LimitSettings {
        service_type: "image".into(),
        region: region.map(str::to_owned),
        keep: Duration::from_secs(60),
    };
    Limits::new(session.unwrap(), settings)
}

/// What a Keystone with limits answers.
fn answer(target: &str) -> Reply {
    let registered = |name: &str, region: Option<&str>, limit: i64| json!({"resource_name": name, "region_id": region, "default_limit": limit, "service_id": "s1"});
    let body = match target.trim_start_matches("/v3/").split('?').next().unwrap() {
        "services" => json!({"services": [{"id": "s1", "type": "image"}]}),
        "limits/model" => json!({"model": {"name": "flat"}}),
        "registered_limits" => json!({"registered_limits": [
            registered("image_size_total", Some("here"), 1000),
            registered("image_size_total", Some("there"), 5),
            registered("image_count_total", None, 100),
            registered("image_count_uploading", Some("here"), -1),
        ]}),
        "limits" if target.contains("project_id=p1") => json!({"limits": [
            {"resource_name": "image_size_total", "region_id": "here", "resource_limit": 10},
        ]}),
        "limits" => json!({"limits": []}),
        other => panic!("{other}"),
    };
    Reply::Json(200, body)
}

#[tokio::test]
async fn a_projects_own_limit_goes_before_the_registered_one_and_what_is_not_registered_is_none() {
    let server = Server::with_login(|asked| answer(&asked.target)).await;
    let limits = limits(&server, Some("here"));
    let registered = ProjectLimits {
        image_size_total: Some(1000),
        image_stage_total: Some(0),
        image_count_total: Some(100),
        image_count_uploading: None,
    };
    assert_eq!(limits.of("p2").await.unwrap(), registered);
    assert_eq!(limits.of("p1").await.unwrap(), ProjectLimits { image_size_total: Some(10), ..registered });
}

#[tokio::test]
async fn while_keystone_is_away_what_it_said_last_holds_for_a_while() {
    let away = Arc::new(AtomicBool::new(false));
    let server = {
        let away = Arc::clone(&away);
        Server::with_login(move |asked| {
            if away.load(Ordering::SeqCst) { Reply::Json(503, json!({})) } else { answer(&asked.target) }
        })
        .await
    };
    let limits = limits(&server, None);
    let told = limits.of("p1").await.unwrap();
    away.store(true, Ordering::SeqCst);
    assert_eq!(limits.of("p1").await.unwrap(), told);
    assert_eq!(limits.of("p2").await.unwrap_err().kind, Kind::Unavailable);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    assert_eq!(limits.of("p1").await.unwrap_err().kind, Kind::Unavailable);
}

#[tokio::test]
async fn answers_that_tell_no_limits_are_an_outage_with_its_reason() {
    for (reply, reason) in
        [(403, "the service user needs the role `reader` on the system"), (200, "Keystone's answer holds no services")]
    {
        let server = Server::with_login(move |_| Reply::Json(reply, json!({"x": 1}))).await;
        let error = limits(&server, None).of("p1").await.unwrap_err();
        assert_eq!(error.kind, Kind::Unavailable);
        assert!(error.to_string().contains(reason), "{error}");
    }
    let twice = json!({"services": [{"id": "a"}, {"id": "b"}]});
    let server = Server::with_login(move |_| Reply::Json(200, twice.clone())).await;
    let error = limits(&server, None).of("p1").await.unwrap_err();
    assert!(error.to_string().contains("2 services"), "{error}");
}
