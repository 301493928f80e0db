//! The figures of transfers and of their recovery. What is counted for each chunk is looked up once.

use crate::recover::Settled;
use metrics::{Counter, Gauge, counter, gauge};

const OUTCOMES: [&str; 4] = ["active", "taken_back", "taken_up", "failed"];

/// Image data on its way, from the first look at it to its end.
pub(crate) struct Flight {
    direction: &'static str,
    bytes: Counter,
    in_flight: Gauge,
    /// What is still to come of a length that was promised.
    left: Option<u64>,
    completed: bool,
}

impl Flight {
    /// An upload is complete when [`Flight::complete`] says so.
    pub(crate) fn upload() -> Self {
        Self::begin("upload", None)
    }

    /// A download is complete when `length` bytes have been given out.
    pub(crate) fn download(length: u64) -> Self {
        Self::begin("download", Some(length))
    }

    fn begin(direction: &'static str, left: Option<u64>) -> Self {
        let in_flight = gauge!("casement_transfers_in_flight", "direction" => direction);
        in_flight.increment(1);
        let bytes = counter!("casement_transfer_bytes_total", "direction" => direction);
        Self { direction, bytes, in_flight, left, completed: left == Some(0) }
    }

    /// What counts each chunk.
    pub(crate) fn bytes(&self) -> Counter {
        self.bytes.clone()
    }

    pub(crate) fn moved(&mut self, bytes: usize) {
        let bytes = bytes as u64;
        self.bytes.increment(bytes);
        self.left = self.left.map(|left| left.saturating_sub(bytes));
        self.completed |= self.left == Some(0);
    }

    pub(crate) fn complete(&mut self) {
        self.completed = true;
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.in_flight.decrement(1);
        let outcome = if self.completed { "completed" } else { "failed" };
        counter!("casement_transfers_total", "direction" => self.direction, "outcome" => outcome).increment(1);
    }
}

/// Makes the figures known that count from nothing, so that their first step is seen as one.
pub(crate) fn introduce() {
    for direction in ["upload", "download"] {
        gauge!("casement_transfers_in_flight", "direction" => direction).increment(0);
        counter!("casement_transfer_bytes_total", "direction" => direction).increment(0);
        for outcome in ["completed", "failed"] {
            counter!("casement_transfers_total", "direction" => direction, "outcome" => outcome).increment(0);
        }
    }
    for outcome in OUTCOMES {
        counter!("casement_recovery_transfers_total", "outcome" => outcome).increment(0);
    }
    waiting(0);
}

/// A transfer that something had left on its way was looked at.
pub(crate) fn settled(end: Option<Settled>) {
    let outcome = match end {
        Some(Settled::Active) => OUTCOMES[0],
        Some(Settled::TakenBack) => OUTCOMES[1],
        Some(Settled::TakenUp) => OUTCOMES[2],
        None => OUTCOMES[3],
    };
    counter!("casement_recovery_transfers_total", "outcome" => outcome).increment(1);
}

/// So many transfers could not be settled yet.
pub(crate) fn waiting(transfers: usize) {
    gauge!("casement_recovery_waiting_transfers").set(transfers as f64);
}
