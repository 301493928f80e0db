#![allow(clippy::unwrap_used)]

use super::*;
use tokio::time::advance;

const RATE: CallerLimits = CallerLimits { requests_per_second: 2, request_burst: 4, ..CallerLimits::NONE };
const TRANSFERS: CallerLimits = CallerLimits { transfers: 2, ..CallerLimits::NONE };

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

/// How many requests in a row are let through.
fn burst(callers: &Callers, project: Option<&str>, from: Option<IpAddr>) -> usize {
    (0..100).take_while(|_| callers.admit(project, from, false).is_ok()).count()
}

#[tokio::test(start_paused = true)]
async fn without_limits_nothing_is_counted() {
    let callers = Callers::new(CallerLimits::NONE);
    assert!(callers.0.is_none());
    assert_eq!(burst(&callers, Some("p"), None), 100);
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_let_through_and_then_the_rate() {
    let callers = Callers::new(RATE);
    assert_eq!(burst(&callers, Some("p"), None), 4);
    let failure = callers.admit(Some("p"), None, false).unwrap_err();
    assert_eq!(failure.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(failure.header, Some((RETRY_AFTER, 1.into())));
    advance(Duration::from_secs(1)).await;
    assert_eq!(burst(&callers, Some("p"), None), 2);
    advance(Duration::from_secs(3600)).await;
    assert_eq!(burst(&callers, Some("p"), None), 4);
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_when_the_next_one_is_let_through() {
    let slow = CallerLimits { requests_per_second: 1, request_burst: 1, ..CallerLimits::NONE };
    let callers = Callers::new(slow);
    callers.admit(Some("p"), None, false).unwrap();
    let (_, wait) = callers.admit(Some("p"), None, false).unwrap_err().header.unwrap();
    advance(Duration::from_secs(wait.to_str().unwrap().parse().unwrap())).await;
    callers.admit(Some("p"), None, false).unwrap();
}

#[tokio::test(start_paused = true)]
async fn callers_are_projects_or_else_addresses() {
    let callers = Callers::new(RATE);
    let from = address("192.0.2.1");
    assert_eq!(burst(&callers, Some("p"), from), 4);
    assert_eq!(burst(&callers, Some("p"), address("192.0.2.9")), 0, "from wherever it comes");
    assert_eq!(burst(&callers, Some("q"), from), 4);
    assert_eq!(burst(&callers, None, from), 4);
    assert_eq!(burst(&callers, None, address("::ffff:192.0.2.1")), 0);
    assert_eq!(burst(&callers, None, address("2001:db8::1")), 4);
    assert_eq!(burst(&callers, None, address("2001:db8::2")), 0, "one network");
    assert_eq!(burst(&callers, None, address("2001:db8:0:1::1")), 4);
    let everybody = Callers::new(CallerLimits { by_project: false, ..RATE });
    assert_eq!(burst(&everybody, Some("admin"), from), 4);
    assert_eq!(burst(&everybody, Some("admin"), address("192.0.2.9")), 4);
}

#[tokio::test(start_paused = true)]
async fn a_transfer_counts_until_it_ends() {
    let callers = Callers::new(TRANSFERS);
    let begin = || callers.admit(Some("p"), None, true);
    let (first, _second) = (begin().unwrap(), begin().unwrap());
    let failure = begin().unwrap_err();
    assert_eq!((failure.status, failure.header), (StatusCode::TOO_MANY_REQUESTS, Some((RETRY_AFTER, 5.into()))));
    assert!(callers.admit(Some("p"), None, false).unwrap().is_none(), "other requests go on");
    assert!(callers.admit(Some("q"), None, true).is_ok());
    drop(first);
    assert!(begin().is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_table_is_bounded_and_who_finds_no_place_shares_one() {
    let callers = Callers::with_room(RATE, 3);
    let size = || callers.0.as_ref().unwrap().with(|table| table.accounts.len());
    for project in ["a", "b", "c"] {
        assert_eq!(burst(&callers, Some(project), None), 4);
    }
    assert_eq!(burst(&callers, Some("d"), None), 4);
    assert_eq!(burst(&callers, Some("e"), None), 0, "together with d");
    assert_eq!(burst(&callers, Some("a"), None), 0, "still known");
    assert_eq!(size(), 4, "and the shared place");
    advance(Duration::from_secs(10)).await;
    assert_eq!(burst(&callers, Some("e"), None), 4);
    assert_eq!(size(), 1, "those at rest were forgotten");
}

#[test]
fn transfers_are_uploads_and_downloads() {
    assert!(is_transfer(&Method::PUT, "/v2/images/x/file"));
    assert!(is_transfer(&Method::GET, "/v2/images/x/file"));
    for (method, path) in [
        (Method::GET, "/v2/images/x"),
        (Method::GET, "/v2/images/x/y/file"),
        (Method::DELETE, "/v2/images/x/file"),
        (Method::GET, "/v2/images"),
        (Method::GET, "/v2/schemas/file"),
    ] {
        assert!(!is_transfer(&method, path), "{method} {path}");
    }
}
