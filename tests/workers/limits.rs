//! What one caller may ask for counts for all workers together.

use crate::crew::{builder, kill, wait_for};
use casement_tests::{Gateway, Pattern, Raw, eventually, eventually_true};
use std::{collections::BTreeMap, time::Instant};

fn started(limits: &str) -> Gateway {
    let gateway = builder(2).more(&format!("[server.caller_limits]\n{limits}\n")).start();
    wait_for(&gateway, 2);
    gateway
}

/// An image that no socket takes as a whole.
fn large(gateway: &Gateway) -> String {
    let data = Pattern::new(1, 32 << 20);
    let id = gateway.member().create_raw("large");
    gateway.member().data_request(&id).stream(data.len(), data.reader()).unwrap().expect(204);
    id
}

/// A download that has begun, and of which no more is read; `None` when it was refused.
fn download(gateway: &Gateway, id: &str) -> Option<Raw> {
    let mut raw = gateway.raw();
    let head = raw.head("GET", &format!("/v2/images/{id}/file"), &[]);
    raw.send(&head);
    let status: Vec<_> = (0.."HTTP/1.1 200".len()).map_while(|_| raw.read_byte()).collect();
    match &status[..] {
        b"HTTP/1.1 200" => Some(raw),
        b"HTTP/1.1 429" => None,
        other => panic!("{}", String::from_utf8_lossy(other)),
    }
}

/// As [`download`]; one that has just ended may still count for a moment.
#[track_caller]
fn begin(gateway: &Gateway, id: &str) -> Raw {
    eventually("a download begins", || download(gateway, id).ok_or_else(|| "refused".to_owned()))
}

/// How many downloads each worker has under way.
fn downloads(gateway: &Gateway) -> BTreeMap<u32, u32> {
    let metrics = gateway.watcher().get("/metrics").expect(200).text();
    let of_workers = metrics.lines().filter_map(|line| {
        let (worker, rest) = line.strip_prefix("casement_transfers_in_flight{worker=\"")?.split_once('"')?;
        let count = rest.strip_prefix(",direction=\"download\"} ")?;
        Some((worker.parse().unwrap(), count.parse().unwrap()))
    });
    of_workers.filter(|(_, count)| *count > 0).collect()
}

#[track_caller]
fn wait_for_downloads(gateway: &Gateway, count: u32) -> BTreeMap<u32, u32> {
    eventually("so many downloads are under way", || match downloads(gateway) {
        found if found.values().sum::<u32>() == count => Ok(found),
        found => Err(format!("{found:?}")),
    })
}

/// Workers that have refused a request.
fn refusing(gateway: &Gateway) -> usize {
    let metrics = gateway.watcher().get("/metrics").expect(200).text();
    let requests = metrics.lines().filter(|line| line.starts_with("casement_http_requests_total{"));
    requests.filter(|line| line.contains("status=\"429\"")).count()
}

#[test]
fn transfers_of_one_caller_are_counted_over_all_workers_and_those_of_a_dead_one_no_more() {
    let gateway = started("transfers = 2");
    let (member, id) = (gateway.member(), large(&gateway));
    let first = begin(&gateway, &id);
    let (_second, workers) = eventually("each worker has a download", || {
        let second = begin(&gateway, &id);
        let workers = wait_for_downloads(&gateway, 2);
        if workers.len() == 2 {
            return Ok((second, workers));
        }
        drop(second);
        wait_for_downloads(&gateway, 1);
        Err(format!("{workers:?}"))
    });

    eventually_true("each worker has refused a third one", || {
        let refused = member.download(&id);
        refused.refused("a third one", 429, "You have 2 transfers of image data under way…");
        refusing(&gateway) == 2
    });
    gateway.other().get("/v2/images").expect(200);
    member.get("/v2/images").expect(200);

    kill(&gateway, *workers.keys().next().unwrap());
    let _third = begin(&gateway, &id);
    assert!(download(&gateway, &id).is_none(), "the place of one that died is one place");
    wait_for(&gateway, 2);
    drop(first);
}

#[test]
fn requests_of_one_caller_are_counted_over_all_workers() {
    const BURST: u64 = 20;
    let gateway = started(&format!("requests_per_second = 1\nrequest_burst = {BURST}"));
    let (member, mut passed, began) = (gateway.member(), 0, Instant::now());
    eventually_true("each worker has refused one", || {
        match member.get("/v2/images").status {
            200 => passed += 1,
            status => assert_eq!(status, 429),
        }
        refusing(&gateway) == 2
    });
    // One a second is paid back.
    let allowed = BURST + began.elapsed().as_secs() + 1;
    assert!((BURST..=allowed).contains(&passed), "{passed} of {allowed}");
}

#[test]
fn a_worker_that_has_retired_counts_on_and_limits_that_change_begin_anew() {
    let gateway = started("transfers = 1");
    let id = large(&gateway);
    let of_old_worker = begin(&gateway, &id);
    gateway.reload(|text| text).assert_done("replaced");
    for _ in 0..8 {
        assert!(download(&gateway, &id).is_none());
    }
    drop(of_old_worker);
    let _counted_by_none = begin(&gateway, &id);

    let run = gateway.reload(|text| text.replace("transfers = 1", "transfers = 2"));
    run.assert_done("server.caller_limits.transfers: changed");
    let _two = [begin(&gateway, &id), begin(&gateway, &id)];
    for _ in 0..8 {
        assert!(download(&gateway, &id).is_none());
    }
}
