//! Every metric that there is, and who collects them. docs/operators/metrics.md says the same, and a test holds both equal.

use crate::exit::{Exit, Failure, Result};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::env::consts;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

struct Family {
    name: &'static str,
    kind: Kind,
    unit: Unit,
    /// For the documentation.
    #[cfg_attr(not(test), expect(dead_code, reason = "whoever records a metric gives it its labels"))]
    labels: &'static str,
    help: &'static str,
}

/// From a look into the catalog to a download of some hundred GiB.
const REQUEST_BUCKETS: [f64; 12] = [0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0, 600.0, 3600.0];
/// From a chunk on a local disk to a deadline.
const CALL_BUCKETS: [f64; 11] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
const WAIT_BUCKETS: [f64; 8] = [0.0001, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0];

const fn family(name: &'static str, kind: Kind, unit: Unit, labels: &'static str, help: &'static str) -> Family {
    Family { name, kind, unit, labels, help }
}

use Kind::{Counter, Gauge, Histogram};
use Unit::{Bytes, Count, Seconds};

#[rustfmt::skip]
const FAMILIES: [Family; 37] = [
    family("casement_build_info", Gauge, Count, "version, os, arch", "Always 1; its labels tell what runs here."),
    family("casement_http_requests_total", Counter, Count, "method, route, status",
        "Requests that have ended. 499: the client went away before the answer."),
    family("casement_http_request_duration_seconds", Histogram, Seconds, "method, route",
        "From the end of a request's head to the end of its answer's body."),
    family("casement_http_requests_in_flight", Gauge, Count, "", "Requests under way."),
    family("casement_http_request_body_bytes_total", Counter, Bytes, "method, route", "Bytes of bodies that came in."),
    family("casement_http_response_body_bytes_total", Counter, Bytes, "method, route", "Bytes of bodies that went out."),
    family("casement_http_connections_total", Counter, Count, "", "Connections that were accepted."),
    family("casement_http_connections_open", Gauge, Count, "", "Connections that are open."),
    family("casement_http_connections_max", Gauge, Count, "",
        "Connections that may be open at once. With so many open, further ones wait in the system's queue."),
    family("casement_http_handshakes_in_flight", Gauge, Count, "",
        "Connections on which HTTP has not begun: handshakes of TLS, headers of the PROXY protocol."),
    family("casement_http_failed_handshakes_total", Counter, Count, "", "Connections that ended before HTTP began."),
    family("casement_transfers_in_flight", Gauge, Count, "direction", "Transfers of image data under way."),
    family("casement_transfers_total", Counter, Count, "direction, outcome",
        "Transfers of image data that have ended, completed or failed."),
    family("casement_transfer_bytes_total", Counter, Bytes, "direction", "Image data that was moved."),
    family("casement_store_call_duration_seconds", Histogram, Seconds, "store, call",
        "Calls of a store's backend: how many there were, and how long each took."),
    family("casement_store_errors_total", Counter, Count, "store, call, kind",
        "Calls that were answered with an error. not_found and exists are ordinary answers."),
    family("casement_store_retries_total", Counter, Count, "store", "Calls that were made again after an error."),
    family("casement_store_refused_calls_total", Counter, Count, "store",
        "Calls that were not made because the breaker was open."),
    family("casement_store_breaker_open", Gauge, Count, "store", "1 while calls are refused after a row of failures."),
    family("casement_store_state", Gauge, Count, "store, state",
        "1 for the state that a store is in: declared, loaded, open, degraded or failed."),
    family("casement_store_free_bytes", Gauge, Bytes, "store",
        "Bytes that can still be written, where the backend tells. Asked for once a minute."),
    family("casement_store_used_bytes", Gauge, Bytes, "store",
        "Bytes in use, where the backend tells. Asked for once a minute."),
    family("casement_plugin_info", Gauge, Count, "plugin, version, state",
        "1 for each plugin that is configured, loaded or failed; 0 for a version that was replaced."),
    family("casement_recovery_transfers_total", Counter, Count, "outcome",
        "Transfers that were left on their way and looked at: active, taken_back, taken_up, or failed and to be tried again."),
    family("casement_recovery_waiting_transfers", Gauge, Count, "",
        "Transfers that could not be settled when they were last looked at."),
    family("casement_catalog_wait_seconds", Histogram, Seconds, "connection",
        "How long transactions waited for their turn at the database."),
    family("casement_audit_entries_total", Counter, Count, "outcome", "Entries of the audit log."),
    family("casement_audit_lost_entries_total", Counter, Count, "",
        "Entries that could not be written: the disk is full or too slow."),
    family("casement_log_lost_lines_total", Counter, Count, "", "Lines of the log file that could not be written."),
    family("casement_workers", Gauge, Count, "state",
        "Workers that serve, and those that only end what they have begun: serving or retiring. With `server.workers` alone."),
    family("casement_worker_deaths_total", Counter, Count, "",
        "Workers that ended unasked, or could not start, and were started anew. With `server.workers` alone."),
    family("process_cpu_seconds_total", Counter, Seconds, "", "Processor time of the process."),
    family("process_open_fds", Gauge, Count, "", "Open file descriptors; on Windows, handles."),
    family("process_max_fds", Gauge, Count, "", "How many there may be."),
    family("process_resident_memory_bytes", Gauge, Bytes, "", "Memory that the process holds."),
    family("process_start_time_seconds", Gauge, Seconds, "", "When the process started, since 1970."),
    family("process_threads", Gauge, Count, "", "Threads of the process."),
];

/// From here on everything is collected that anybody in this process records.
pub(super) fn install() -> Result<PrometheusHandle> {
    let buckets = |builder: PrometheusBuilder, name: &str, buckets: &[f64]| {
        let builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets);
        builder.map_err(Failure::of(Exit::Internal, "metrics"))
    };
    let builder = PrometheusBuilder::new();
    let builder = buckets(builder, "casement_http_request_duration_seconds", &REQUEST_BUCKETS)?;
    let builder = buckets(builder, "casement_store_call_duration_seconds", &CALL_BUCKETS)?;
    let builder = buckets(builder, "casement_catalog_wait_seconds", &WAIT_BUCKETS)?;
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(Failure::of(Exit::Internal, "metrics"))?;
    describe();
    let labels = [("version", env!("CARGO_PKG_VERSION")), ("os", consts::OS), ("arch", consts::ARCH)];
    gauge!("casement_build_info", &labels).set(1);
    // Whoever looks for its growth wants to see where it began.
    counter!("casement_log_lost_lines_total").increment(0);
    Ok(handle)
}

fn describe() {
    for Family { name, kind, unit, help, .. } in &FAMILIES {
        match kind {
            Counter => describe_counter!(*name, *unit, *help),
            Gauge => describe_gauge!(*name, *unit, *help),
            Histogram => describe_histogram!(*name, *unit, *help),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A row of the table in the documentation.
    fn row(family: &Family) -> String {
        let Family { name, kind, unit, labels, help } = family;
        let kind = format!("{kind:?}").to_lowercase();
        let unit = match unit {
            Bytes => "bytes",
            Seconds => "seconds",
            _ => "",
        };
        let labels: Vec<_> =
            labels.split(", ").filter(|label| !label.is_empty()).map(|label| format!("`{label}`")).collect();
        format!("| `{name}` | {kind} | {unit} | {} | {help} |", labels.join(", ")).replace("  ", " ")
    }

    #[test]
    fn the_documentation_has_every_metric_and_no_other() {
        let docs = include_str!("../../../../docs/operators/metrics.md").replace("\r\n", "\n");
        let listed: Vec<_> = docs
            .lines()
            .filter(|line| line.starts_with("| `casement_") || line.starts_with("| `process_"))
            .map(|line| line.replace("  ", " "))
            .collect();
        assert_eq!(listed, FAMILIES.iter().map(row).collect::<Vec<_>>());
    }

    #[test]
    fn names_tell_their_unit_and_whether_they_only_grow() {
        for Family { name, kind, unit, .. } in &FAMILIES {
            assert_eq!(name.ends_with("_total"), *kind == Counter, "{name}");
            for (of_unit, word) in [(Seconds, "_seconds"), (Bytes, "_bytes")] {
                assert_eq!(name.trim_end_matches("_total").ends_with(word), *unit == of_unit, "{name}");
            }
        }
    }
}
