//! The figures of requests and connections. Labels are words of which there are few: see [`Purpose`].

use crate::purpose::Purpose;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// One request, from its head to the end of its answer.
#[derive(Debug)]
pub(crate) struct Meter(Arc<Figures>);

/// The figures of the requests for one route.
#[derive(Debug)]
struct Figures {
    method: &'static str,
    route: &'static str,
    in_flight: Gauge,
    received: Counter,
    sent: Counter,
    duration: Histogram,
    /// The last status, and what counts it.
    answers: Mutex<Option<(u16, Counter)>>,
}

/// A connection's last figures: its next request is often for the same route, and to look figures up is to wait for the
/// threads that do so too.
#[derive(Debug, Default)]
pub(crate) struct LastFigures(Mutex<Option<Arc<Figures>>>);

impl LastFigures {
    fn of(&self, purpose: &Purpose) -> Arc<Figures> {
        let mut last = locked(&self.0);
        match &*last {
            Some(figures) if (figures.method, figures.route) == (purpose.method, purpose.route) => figures.clone(),
            _ => last.insert(Arc::new(Figures::of(purpose))).clone(),
        }
    }
}

impl Figures {
    fn of(purpose: &Purpose) -> Self {
        let (method, route) = (purpose.method, purpose.route);
        Self {
            method,
            route,
            in_flight: gauge!("casement_http_requests_in_flight"),
            received: counter!("casement_http_request_body_bytes_total", "method" => method, "route" => route),
            sent: counter!("casement_http_response_body_bytes_total", "method" => method, "route" => route),
            duration: histogram!("casement_http_request_duration_seconds", "method" => method, "route" => route),
            answers: Mutex::default(),
        }
    }

    fn answered(&self, status: u16) {
        let mut last = locked(&self.answers);
        if last.as_ref().is_none_or(|(known, _)| *known != status) {
            let (method, route, label) = (self.method, self.route, status.to_string());
            let answers =
                counter!("casement_http_requests_total", "method" => method, "route" => route, "status" => label);
            *last = Some((status, answers));
        }
        if let Some((_, answers)) = &*last {
            answers.increment(1);
        }
    }
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Meter {
    pub(crate) fn begin(purpose: &Purpose, last: &LastFigures) -> Self {
        let figures = last.of(purpose);
        figures.in_flight.increment(1);
        Self(figures)
    }

    /// What counts the bytes of the request's body.
    pub(crate) fn received(&self) -> Counter {
        self.0.received.clone()
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.0.sent.increment(bytes as u64);
    }

    pub(crate) fn end(&self, status: u16, took: Duration) {
        self.0.answered(status);
        self.0.duration.record(took);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.0.in_flight.decrement(1);
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
