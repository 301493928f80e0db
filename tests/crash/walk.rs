//! A crash at every failpoint, each time that it is reached; and at every one that recovery from such a crash reaches.

use crate::{is_slow, life::Stage, points};
use casement_tests::{Gateway, Log};
use std::{collections::BTreeSet, ops::RangeInclusive, time::Duration};

/// Where a crash leaves something of each kind: staged, about to be published, published, to be removed, to be digested.
const LEFTOVERS: [&str; 5] = [
    "store.write.after",
    "store.commit.before",
    "catalog.finish_upload.before",
    "catalog.delete_image.after",
    "catalog.begin_location_import.after",
];

const LAST_WORDS: &str = "died at the failpoint";

#[test]
fn a_crash_at_any_failpoint_loses_nothing_that_was_acknowledged() {
    let points = points::all();
    let stage = Stage::set();
    let mut met = BTreeSet::new();
    for point in &points {
        for time in times() {
            if !crashes(&stage, point, time) {
                break;
            }
            met.insert(point.clone());
            stage.recover(&format!("{point} at its time {time}"));
        }
    }
    for leftover in leftovers() {
        met.append(&mut crash_in_recovery(&stage, leftover, &points));
    }
    let missed: Vec<_> = points.difference(&met).collect();
    assert!(missed.is_empty(), "nothing in this test reaches {missed:?}");
}

/// Which times a failpoint is reached are tried.
fn times() -> RangeInclusive<u32> {
    if is_slow() { 1..=1 } else { 1..=u32::MAX }
}

fn leftovers() -> &'static [&'static str] {
    if is_slow() { &LEFTOVERS[..1] } else { &LEFTOVERS }
}

/// Crashes recovery from a crash at `leftover` at one failpoint after the other, and gives those that it reaches.
fn crash_in_recovery(stage: &Stage, leftover: &str, points: &BTreeSet<String>) -> BTreeSet<String> {
    let mut met = BTreeSet::new();
    loop {
        assert!(crashes(stage, leftover, 1), "{leftover} is not reached");
        let armed: String = points.difference(&met).map(|point| format!("{point}=die;")).collect();
        let Err(log) = Gateway::start_armed(stage.site.clone(), &armed) else {
            stage.recover(leftover);
            return met;
        };
        let point = death(&log);
        stage.recover(&format!("{point} in recovery from {leftover}"));
        assert!(met.insert(point), "{}", log.text());
    }
}

/// Whether the gateway dies at the failpoint when it is reached for the `time`-th time.
fn crashes(stage: &Stage, point: &str, time: u32) -> bool {
    let gateway = Gateway::start_armed(stage.site.clone(), &format!("{point}=die@{time}")).unwrap();
    if stage.live(&gateway, |_| {}).is_ok() {
        gateway.kill();
        return false;
    }
    let log = gateway.log().clone();
    gateway.ended();
    assert_eq!(death(&log), point, "{}", log.text());
    true
}

/// Where the gateway died.
#[track_caller]
fn death(log: &Log) -> String {
    let line = log.wait_for(LAST_WORDS, Duration::from_secs(5));
    let line = line.unwrap_or_else(|| panic!("it died of something else: {}", log.text()));
    line.rsplit(' ').next().unwrap().to_owned()
}
