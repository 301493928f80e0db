//! The figures are what happened.

use crate::{
    figures::{Figures, assert_figures},
    watched,
};
use casement_tests::{Gateway, StoreFolder, eventually_true};
use serde_json::json;
use std::{collections::BTreeSet, fs};

const DATA: &[u8] = &[7; 100_000];

#[test]
fn requests_are_counted_by_route_and_status() {
    let gateway = watched().start();
    let member = gateway.member();
    let first = member.create_active("first", DATA);
    member.create_raw("second");
    member.download(&first).expect(200);
    member.download(&first).expect(200);
    for path in ["/v2/images/nothing", "/v2/images/like/this", "/v2/%0a", "/v2/images/nothing/file"] {
        member.get(path).expect(404);
    }
    gateway.bearer("wrong").get("/v2/images").expect(401);
    member.request("BREW", "/v2/images").send().expect(405);
    assert_figures(
        &gateway,
        &[
            ("casement_http_requests_total{method=POST,route=/v2/images,status=201}", 2.0),
            ("casement_http_requests_total{method=PUT,route=/v2/images/{image}/file,status=204}", 1.0),
            ("casement_http_requests_total{method=GET,route=/v2/images/{image}/file,status=200}", 2.0),
            ("casement_http_requests_total{method=GET,route=/v2/images/{image}/file,status=404}", 1.0),
            ("casement_http_requests_total{method=GET,route=/v2/images/{image},status=404}", 1.0),
            ("casement_http_requests_total{method=GET,route=unknown,status=404}", 2.0),
            ("casement_http_requests_total{method=GET,route=/v2/images,status=401}", 1.0),
            ("casement_http_requests_total{method=other,route=/v2/images,status=405}", 1.0),
            ("casement_http_request_duration_seconds_count{method=GET,route=/v2/images/{image}/file}", 3.0),
            ("casement_http_request_body_bytes_total{method=PUT,route=/v2/images/{image}/file}", DATA.len() as f64),
            ("casement_http_requests_in_flight{}", 0.0),
        ],
    );
}

#[test]
fn requests_on_one_connection_are_counted_each_by_its_own_route_and_status() {
    let gateway = watched().start();
    let id = gateway.member().create_raw("one");
    let mut raw = gateway.raw();
    let (found, missing, list) = (format!("/v2/images/{id}"), "/v2/images/nothing".to_owned(), "/v2/images".to_owned());
    for path in [&found, &found, &missing, &missing, &found, &list, &found] {
        let head = raw.head("GET", path, &[]);
        raw.send(&head);
        raw.answer().unwrap();
    }
    assert_figures(
        &gateway,
        &[
            ("casement_http_requests_total{method=GET,route=/v2/images/{image},status=200}", 4.0),
            ("casement_http_requests_total{method=GET,route=/v2/images/{image},status=404}", 2.0),
            ("casement_http_requests_total{method=GET,route=/v2/images,status=200}", 1.0),
            ("casement_http_request_duration_seconds_count{method=GET,route=/v2/images/{image}}", 6.0),
            ("casement_http_requests_in_flight{}", 0.0),
        ],
    );
}

#[test]
fn transfers_are_counted_with_their_bytes_and_their_ends() {
    let gateway = watched().start();
    let member = gateway.member();
    let id = member.create_active("whole", DATA);
    member.download(&id).expect(200);
    member.request("GET", &format!("/v2/images/{id}/file")).header("Range", "bytes=10-19").send().expect(206);

    let broken = member.create_raw("broken");
    let mut raw = gateway.raw();
    raw.begin_upload(&broken, 2_000, &[]);
    raw.send(&[1; 1_000]);
    let moved = (DATA.len() + 1_000) as f64;
    assert_figures(
        &gateway,
        &[
            ("casement_transfers_in_flight{direction=upload}", 1.0),
            ("casement_transfer_bytes_total{direction=upload}", moved),
        ],
    );
    drop(raw);
    assert_figures(
        &gateway,
        &[
            ("casement_transfers_in_flight{direction=upload}", 0.0),
            ("casement_transfers_in_flight{direction=download}", 0.0),
            ("casement_transfers_total{direction=upload,outcome=completed}", 1.0),
            ("casement_transfers_total{direction=upload,outcome=failed}", 1.0),
            ("casement_transfers_total{direction=download,outcome=completed}", 2.0),
            ("casement_transfers_total{direction=download,outcome=failed}", 0.0),
            ("casement_transfer_bytes_total{direction=upload}", moved),
            ("casement_transfer_bytes_total{direction=download}", (DATA.len() + 10) as f64),
        ],
    );
}

#[test]
fn calls_of_a_store_are_counted_and_so_is_what_it_answers() {
    let gateway = watched().filesystem("local", None, "default = true").start();
    let member = gateway.member();
    let id = member.create_active("one", DATA);
    member.delete(&format!("/v2/images/{id}")).expect(204);
    // Nothing lies under the name of an image that is uploaded, and that is an ordinary answer.
    assert_figures(
        &gateway,
        &[
            ("casement_store_call_duration_seconds_count{call=create,store=local}", 1.0),
            ("casement_store_call_duration_seconds_count{call=commit,store=local}", 1.0),
            ("casement_store_call_duration_seconds_count{call=delete,store=local}", 1.0),
            ("casement_store_errors_total{call=stat,kind=not_found,store=local}", 1.0),
            ("casement_store_retries_total{store=local}", 0.0),
            ("casement_store_breaker_open{store=local}", 0.0),
            ("casement_store_state{state=open,store=local}", 1.0),
            ("casement_store_state{state=degraded,store=local}", 0.0),
        ],
    );
    eventually_true("the store has told its space", || {
        Figures::of(&gateway).values.get("casement_store_free_bytes{store=local}").is_some_and(|free| *free > 0.0)
    });
}

#[test]
fn a_store_that_is_lost_shows_in_its_state() {
    let mut builder = watched();
    let root = builder.folder().join("images");
    builder = builder.filesystem("local", Some(&root), "default = true");
    let gateway = builder.start();
    let away = Away::take(&gateway, gateway.folder("local"));
    assert_figures(
        &gateway,
        &[
            ("casement_store_state{state=degraded,store=local}", 1.0),
            ("casement_store_state{state=open,store=local}", 0.0),
        ],
    );
    away.bring_back();
    assert_figures(&gateway, &[("casement_store_state{state=open,store=local}", 1.0)]);
}

#[test]
fn figures_of_stores_follow_the_configuration_that_is_in_force() {
    let gateway = watched()
        .filesystem("local", None, "default = true")
        .filesystem("other", None, "description = \"soon gone\"")
        .start();
    let (config, text) = (gateway.site().config(), fs::read_to_string(gateway.site().config()).unwrap());
    let reload = |text: &str| {
        fs::write(config, text).unwrap();
        gateway.command(&["reload"])
    };
    assert_figures(&gateway, &[("casement_store_state{state=open,store=other}", 1.0)]);
    // A store that is tried out and does not open is not the one in service.
    let unfit = text.replace("images/other", "no/such/folder");
    assert_ne!(unfit, text);
    assert_ne!(reload(&unfit).code, Some(0));
    let open = ("casement_store_state{state=open,store=other}", 1.0);
    assert_figures(&gateway, &[open, ("casement_store_state{state=failed,store=other}", 0.0)]);
    // One that is configured no more is in no state.
    let (before, after) = text.split_once("[stores.other]").unwrap();
    let (_, after) = after.split_once("soon gone\"\n").unwrap();
    let run = reload(&format!("{before}{after}"));
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert_figures(
        &gateway,
        &[("casement_store_state{state=open,store=other}", 0.0), ("casement_store_state{state=open,store=local}", 1.0)],
    );
    assert!(Figures::of(&gateway).get("casement_store_free_bytes{store=other}").is_nan());
}

#[test]
fn what_a_crash_left_is_counted_when_it_is_settled() {
    let gateway = watched().start();
    let id = gateway.member().create_raw("half");
    let mut raw = gateway.raw();
    raw.begin_upload(&id, 2_000, &[]);
    raw.send(&[1; 1_000]);
    assert_figures(&gateway, &[("casement_transfers_in_flight{direction=upload}", 1.0)]);
    let gateway = gateway.crash_and_restart();
    assert_figures(
        &gateway,
        &[
            ("casement_recovery_transfers_total{outcome=taken_back}", 1.0),
            ("casement_recovery_transfers_total{outcome=failed}", 0.0),
            ("casement_recovery_waiting_transfers{}", 0.0),
            // The next process counts from nothing.
            ("casement_transfers_total{direction=upload,outcome=failed}", 0.0),
        ],
    );
}

#[test]
fn connections_are_counted_with_their_bound() {
    let gateway = watched().server("max_connections = 7").start();
    let open = [gateway.raw(), gateway.raw()];
    assert_figures(
        &gateway,
        &[
            ("casement_http_connections_open{}", 2.0),
            ("casement_http_connections_total{}", 2.0),
            ("casement_http_connections_max{}", 7.0),
        ],
    );
    drop(open);
    assert_figures(&gateway, &[("casement_http_connections_open{}", 0.0)]);
}

#[test]
fn what_comes_before_http_is_counted() {
    let gateway = watched().server("proxy_protocol = true\ntrusted_proxies = [\"127.0.0.1\"]").start();
    let mut silent = gateway.raw();
    silent.send(b"PROXY ");
    assert_figures(&gateway, &[("casement_http_handshakes_in_flight{}", 1.0)]);
    silent.send(b"nonsense\r\n");
    assert_figures(
        &gateway,
        &[("casement_http_handshakes_in_flight{}", 0.0), ("casement_http_failed_handshakes_total{}", 1.0)],
    );
}

#[test]
fn what_runs_here_is_told() {
    let gateway = watched().start();
    // It is told from a moment after it listens.
    eventually_true("the plugin is told", || Figures::of(&gateway).samples_of("casement_plugin_info").next().is_some());
    let figures = Figures::of(&gateway);
    let (build, always) = figures.samples_of("casement_build_info").next().unwrap();
    assert!(always == 1.0 && build.contains("version="), "{build}");
    let (plugin, loaded) = figures.samples_of("casement_plugin_info").next().unwrap();
    assert!(loaded == 1.0 && plugin.contains("plugin=filesystem,state=loaded,version="), "{plugin}");
    assert!(figures.get("process_resident_memory_bytes{}") > 1e6);
    assert!(figures.get("process_open_fds{}") > 0.0);
    assert!(figures.get("process_start_time_seconds{}") > 1.7e9);
}

#[test]
fn every_metric_is_documented_and_every_documented_metric_is_there() {
    let gateway = watched().file("audit.jsonl", "").more("[audit]\nfile = \"audit.jsonl\"").start();
    let member = gateway.member();
    let id = member.create_active("one", DATA);
    member.download(&id).expect(200);
    let documented: BTreeSet<_> = include_str!("../../docs/operators/metrics.md")
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned()))
        .collect();
    // What a system's process has not, it has not, and what there is with workers is in their suite; all else is there after
    // one image.
    let is_ours = |name: &&String| name.starts_with("casement_") && !name.starts_with("casement_worker");
    let ours = |names: &BTreeSet<String>| -> BTreeSet<String> { names.iter().filter(is_ours).cloned().collect() };
    eventually_true("all of them are there", || ours(&Figures::of(&gateway).families) == ours(&documented));
    let undocumented: Vec<_> = Figures::of(&gateway).families.difference(&documented).cloned().collect();
    let system = |name: &String| name.starts_with("process_virtual_memory");
    assert!(undocumented.iter().all(system), "{undocumented:?}");
}

#[test]
fn without_an_admin_address_nothing_of_it_is_on_the_api() {
    let gateway = Gateway::builder().start();
    for path in ["/metrics", "/health/live", "/health/ready", "/health/stores"] {
        let answer = gateway.member().get(path);
        assert_eq!(answer.status, 300, "{path}: {answer:?}");
    }
    assert!(!gateway.log().text().contains("admin address"));
}

#[test]
fn an_image_is_not_named_in_any_figure() {
    let gateway = watched().start();
    let id = gateway.member().create_active("an-odd-name", DATA);
    gateway.member().post(&format!("/v2/images/{id}/members"), &json!({"member": "an-odd-member"})).expect(200);
    let text = gateway.watcher().get("/metrics").expect(200).text();
    for word in [&*id, "an-odd", "p1", "u1"] {
        assert!(!text.contains(word), "{word} in\n{text}");
    }
}

/// A store's folder that is not where it was.
pub(crate) struct Away {
    there: std::path::PathBuf,
    away: std::path::PathBuf,
}

impl Away {
    pub(crate) fn take(gateway: &Gateway, folder: &StoreFolder) -> Self {
        let (there, away) = (folder.root().to_owned(), gateway.site().folder().join("away"));
        fs::rename(&there, &away).unwrap();
        Self { there, away }
    }

    pub(crate) fn bring_back(self) {
        fs::rename(&self.away, &self.there).unwrap();
    }
}
