//! What those who run the service look at: metrics, health, the audit log.
#![allow(clippy::unwrap_used)]

mod audit;
mod cardinality;
mod figures;
mod health;
mod metrics;
mod request_ids;

use casement_tests::{Builder, Gateway};

/// A gateway with an admin address.
fn watched() -> Builder {
    Gateway::builder().more("[admin]\nlisten = \"127.0.0.1:0\"")
}
