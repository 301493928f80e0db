#![allow(clippy::unwrap_used)]

use super::*;
use crate::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::{sync::Notify, time::advance};

const MINUTE: Duration = Duration::from_secs(60);

fn key(name: &str) -> Key {
    let mut hash = [0; 32];
    hash[..name.len()].copy_from_slice(name.as_bytes());
    (hash, false)
}

/// A Keystone that counts.
#[derive(Default)]
struct Asked(AtomicUsize);

impl Asked {
    async fn get(&self, cache: &Cache<&'static str>, name: &str, value: Option<&'static str>) -> Option<&'static str> {
        let answer = || {
            self.0.fetch_add(1, Ordering::Relaxed);
            async move { Ok(Verdict { value, keep: MINUTE }) }
        };
        cache.get(key(name), answer).await.unwrap()
    }

    fn times(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

#[tokio::test(start_paused = true)]
async fn a_verdict_is_believed_until_its_time_is_over() {
    for value in [Some("alice"), None] {
        let (cache, asked) = (Cache::new(10), Asked::default());
        assert_eq!(asked.get(&cache, "a", value).await, value);
        advance(MINUTE - Duration::from_millis(1)).await;
        assert_eq!(asked.get(&cache, "a", value).await, value);
        assert_eq!(asked.times(), 1);
        advance(Duration::from_millis(1)).await;
        assert_eq!(asked.get(&cache, "a", value).await, value);
        assert_eq!(asked.times(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_verdict_may_change_when_its_time_is_over() {
    let (cache, asked) = (Cache::new(10), Asked::default());
    asked.get(&cache, "a", Some("alice")).await;
    advance(MINUTE).await;
    assert_eq!(asked.get(&cache, "a", None).await, None);
    assert_eq!(asked.get(&cache, "a", Some("alice")).await, None);
    advance(MINUTE).await;
    assert_eq!(asked.get(&cache, "a", Some("alice")).await, Some("alice"));
}

#[tokio::test(start_paused = true)]
async fn the_oldest_goes_when_there_is_no_room() {
    let (cache, asked) = (Cache::new(2), Asked::default());
    for name in ["a", "b", "c"] {
        asked.get(&cache, name, Some("x")).await;
    }
    assert_eq!(lock(&cache.0).accepted.entries.len(), 2);
    asked.get(&cache, "c", None).await;
    asked.get(&cache, "b", None).await;
    assert_eq!(asked.times(), 3);
    asked.get(&cache, "a", Some("x")).await;
    assert_eq!(asked.times(), 4);
}

#[tokio::test(start_paused = true)]
async fn refused_tokens_take_no_room_from_good_ones() {
    let (cache, asked) = (Cache::new(2), Asked::default());
    asked.get(&cache, "good", Some("x")).await;
    for n in 0..100 {
        asked.get(&cache, &format!("bad {n}"), None).await;
    }
    assert_eq!(lock(&cache.0).refused.entries.len(), 2);
    let before = asked.times();
    assert_eq!(asked.get(&cache, "good", None).await, Some("x"));
    assert_eq!(asked.times(), before);
}

#[tokio::test(start_paused = true)]
async fn entries_whose_time_is_over_are_dropped_and_the_queue_stays_short() {
    let (cache, asked) = (Cache::new(100), Asked::default());
    for _ in 0..1000 {
        asked.get(&cache, "a", Some("x")).await;
        asked.get(&cache, "b", Some("x")).await;
        advance(MINUTE).await;
    }
    let state = lock(&cache.0);
    assert!(state.accepted.entries.len() <= 2 && state.accepted.order.len() <= 2);
}

#[tokio::test(start_paused = true)]
async fn many_who_come_at_once_are_one_question() {
    let (cache, asked, gate) = (Arc::new(Cache::new(10)), Arc::new(Asked::default()), Arc::new(Notify::new()));
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let (cache, asked, gate) = (cache.clone(), asked.clone(), gate.clone());
            tokio::spawn(async move {
                let ask = || {
                    asked.0.fetch_add(1, Ordering::Relaxed);
                    async move {
                        gate.notified().await;
                        Ok(Verdict { value: Some("alice"), keep: MINUTE })
                    }
                };
                cache.get(key("a"), ask).await.unwrap()
            })
        })
        .collect();
    tokio::task::yield_now().await;
    gate.notify_one();
    for task in waiting {
        assert_eq!(task.await.unwrap(), Some("alice"));
    }
    assert_eq!(asked.times(), 1);
    assert!(lock(&cache.0).flights.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_error_reaches_all_who_wait_and_is_kept_by_nobody() {
    let cache: Cache<&str> = Cache::new(10);
    let fail = || async { Err(Error::unavailable("away")) };
    let (first, second) = tokio::join!(cache.get(key("a"), fail), cache.get(key("a"), fail));
    assert!(first.is_err() && second.is_err());
    assert_eq!(Asked::default().get(&cache, "a", Some("alice")).await, Some("alice"));
}

#[tokio::test(start_paused = true)]
async fn a_question_whose_first_asker_goes_away_is_answered_for_the_others() {
    let (cache, asked, gate) = (Arc::new(Cache::new(10)), Asked::default(), Arc::new(Notify::new()));
    let opened = gate.clone();
    let ask = move || async move {
        opened.notified().await;
        Ok(Verdict { value: Some("alice"), keep: MINUTE })
    };
    let of_first = cache.clone();
    let first = tokio::spawn(async move { of_first.get(key("a"), ask).await });
    tokio::task::yield_now().await;
    let second = cache.get(key("a"), || async { unreachable!("the first question is still open") });
    let (_, second) = tokio::join!(
        async {
            first.abort();
            tokio::task::yield_now().await;
            gate.notify_one();
        },
        second
    );
    assert_eq!(second.unwrap(), Some("alice"));
    assert_eq!(asked.get(&cache, "a", None).await, Some("alice"));
}

#[tokio::test(start_paused = true)]
async fn a_question_nobody_waits_for_any_more_leaves_nothing_behind() {
    let cache: Cache<&str> = Cache::new(10);
    let never = || async { std::future::pending().await };
    assert!(tokio::time::timeout(MINUTE, cache.get(key("a"), never)).await.is_err());
    assert!(lock(&cache.0).flights.is_empty());
    assert_eq!(Asked::default().get(&cache, "a", Some("alice")).await, Some("alice"));
}
