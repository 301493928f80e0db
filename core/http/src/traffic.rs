//! The figures of requests and connections. Labels are words of which there are few: see [`Purpose`].

use crate::purpose::Purpose;
use metrics::{Counter, Gauge, counter, gauge, histogram};
use std::time::Duration;

/// One request's figures, from its head to the end of its answer.
#[derive(Debug)]
pub(crate) struct Meter {
    method: &'static str,
    route: &'static str,
    in_flight: Gauge,
    /// Looked up once, for all frames of the answer.
    sent: Counter,
}

impl Meter {
    pub(crate) fn begin(purpose: &Purpose) -> Self {
        let (method, route) = (purpose.method, purpose.route);
        let in_flight = gauge!("casement_http_requests_in_flight");
        in_flight.increment(1);
        let sent = counter!("casement_http_response_body_bytes_total", "method" => method, "route" => route);
        Self { method, route, in_flight, sent }
    }

    /// What counts the bytes of the request's body.
    pub(crate) fn received(&self) -> Counter {
        counter!("casement_http_request_body_bytes_total", "method" => self.method, "route" => self.route)
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.sent.increment(bytes as u64);
    }

    pub(crate) fn end(&self, status: u16, took: Duration) {
        let (method, route) = (self.method, self.route);
        let status = status.to_string();
        counter!("casement_http_requests_total", "method" => method, "route" => route, "status" => status).increment(1);
        histogram!("casement_http_request_duration_seconds", "method" => method, "route" => route).record(took);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.in_flight.decrement(1);
    }
}

/// Counts as an open connection as long as it lives.
#[derive(Debug)]
pub(crate) struct OpenConnection(Gauge);

impl OpenConnection {
    pub(crate) fn count() -> Self {
        counter!("casement_http_connections_total").increment(1);
        let open = gauge!("casement_http_connections_open");
        open.increment(1);
        Self(open)
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

/// What comes before HTTP, such as the handshake of TLS: it counts as under way as long as it lives.
#[derive(Debug)]
pub(crate) struct Handshake(Gauge);

impl Handshake {
    pub(crate) fn begin() -> Self {
        let under_way = gauge!("casement_http_handshakes_in_flight");
        under_way.increment(1);
        Self(under_way)
    }

    pub(crate) fn failed(&self) {
        counter!("casement_http_failed_handshakes_total").increment(1);
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

/// How many connections there may be: beside those that are open, it tells when further ones wait.
pub(crate) fn tell_capacity(connections: usize) {
    counter!("casement_http_connections_total").increment(0);
    gauge!("casement_http_connections_open").increment(0);
    gauge!("casement_http_connections_max").set(connections as f64);
    gauge!("casement_http_requests_in_flight").increment(0);
    gauge!("casement_http_handshakes_in_flight").increment(0);
    counter!("casement_http_failed_handshakes_total").increment(0);
}
