#![allow(clippy::unwrap_used)]

use super::*;
use tokio::time::advance;

const RATE: CallerLimits = CallerLimits { requests_per_second: 2, request_burst: 4, ..CallerLimits::NONE };
const TRANSFERS: CallerLimits = CallerLimits { transfers: 2, ..CallerLimits::NONE };

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

fn gate(limits: CallerLimits) -> Gate {
    Gate::new(&Options { caller_limits: limits, ..Options::default() })
}

/// How many requests in a row are let through.
async fn burst(gate: &Gate, project: Option<&str>, from: Option<IpAddr>) -> usize {
    for count in 0..100 {
        if gate.admit(project, from, false).await.is_err() {
            return count;
        }
    }
    100
}

/// Refuses whatever comes to it.
#[derive(Debug)]
struct Closed;

impl Limiter for Closed {
    fn admit(&self, _: CallerKey, _: bool) -> BoxFuture<'_, Result<Option<Transfer>, Refusal>> {
        Box::pin(async { Err(Refusal::Transfers { allowed: 0 }) })
    }
}

fn closed(limits: CallerLimits) -> Gate {
    Gate::new(&Options { caller_limits: limits, limiter: Some(Arc::new(Closed)), ..Options::default() })
}

#[tokio::test(start_paused = true)]
async fn what_no_limit_concerns_is_asked_about_nowhere() {
    assert_eq!(burst(&closed(CallerLimits::NONE), Some("p"), None).await, 100);
    assert!(closed(CallerLimits::NONE).admit(Some("p"), None, true).await.unwrap().is_none());
    assert_eq!(burst(&closed(TRANSFERS), Some("p"), None).await, 100);
}

#[tokio::test(start_paused = true)]
async fn what_a_limit_concerns_is_counted_where_the_options_say() {
    let refused = async |gate: Gate, is_transfer| gate.admit(Some("p"), None, is_transfer).await.is_err();
    assert!(refused(closed(RATE), false).await);
    assert!(refused(closed(TRANSFERS), true).await);
    assert!(refused(closed(RATE).under(TRANSFERS), true).await, "after a reload too");
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_let_through_and_then_the_rate() {
    let callers = gate(RATE);
    assert_eq!(burst(&callers, Some("p"), None).await, 4);
    let failure = callers.admit(Some("p"), None, false).await.unwrap_err();
    assert_eq!(failure.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(failure.header, Some((RETRY_AFTER, 1.into())));
    advance(Duration::from_secs(1)).await;
    assert_eq!(burst(&callers, Some("p"), None).await, 2);
    advance(Duration::from_secs(3600)).await;
    assert_eq!(burst(&callers, Some("p"), None).await, 4);
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_when_the_next_one_is_let_through() {
    let slow = CallerLimits { requests_per_second: 1, request_burst: 1, ..CallerLimits::NONE };
    let callers = gate(slow);
    callers.admit(Some("p"), None, false).await.unwrap();
    let (_, wait) = callers.admit(Some("p"), None, false).await.unwrap_err().header.unwrap();
    advance(Duration::from_secs(wait.to_str().unwrap().parse().unwrap())).await;
    callers.admit(Some("p"), None, false).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn callers_are_projects_or_else_addresses() {
    let callers = gate(RATE);
    let from = address("192.0.2.1");
    assert_eq!(burst(&callers, Some("p"), from).await, 4);
    assert_eq!(burst(&callers, Some("p"), address("192.0.2.9")).await, 0, "from wherever it comes");
    assert_eq!(burst(&callers, Some("q"), from).await, 4);
    assert_eq!(burst(&callers, None, from).await, 4);
    assert_eq!(burst(&callers, None, address("::ffff:192.0.2.1")).await, 0);
    assert_eq!(burst(&callers, None, address("2001:db8::1")).await, 4);
    assert_eq!(burst(&callers, None, address("2001:db8::2")).await, 0, "one network");
    assert_eq!(burst(&callers, None, address("2001:db8:0:1::1")).await, 4);
    let everybody = gate(CallerLimits { by_project: false, ..RATE });
    assert_eq!(burst(&everybody, Some("admin"), from).await, 4);
    assert_eq!(burst(&everybody, Some("admin"), address("192.0.2.9")).await, 4);
}

#[tokio::test(start_paused = true)]
async fn a_transfer_counts_until_it_ends() {
    let callers = gate(TRANSFERS);
    let begin = || callers.admit(Some("p"), None, true);
    let (first, _second) = (begin().await.unwrap(), begin().await.unwrap());
    let failure = begin().await.unwrap_err();
    assert_eq!((failure.status, failure.header), (StatusCode::TOO_MANY_REQUESTS, Some((RETRY_AFTER, 5.into()))));
    assert!(callers.admit(Some("p"), None, false).await.unwrap().is_none(), "other requests go on");
    assert!(callers.admit(Some("q"), None, true).await.is_ok());
    drop(first);
    assert!(begin().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_table_is_bounded_and_who_finds_no_place_shares_one() {
    let counter = Callers::with_room(RATE, 3);
    let size = || counter.count();
    let callers = Gate { limits: RATE, counter: Counter::Here(counter.clone()) };
    for project in ["a", "b", "c"] {
        assert_eq!(burst(&callers, Some(project), None).await, 4);
    }
    assert_eq!(burst(&callers, Some("d"), None).await, 4);
    assert_eq!(burst(&callers, Some("e"), None).await, 0, "together with d");
    assert_eq!(burst(&callers, Some("a"), None).await, 0, "still known");
    assert_eq!(size(), 4, "and the shared place");
    advance(Duration::from_secs(10)).await;
    assert_eq!(burst(&callers, Some("e"), None).await, 4);
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
