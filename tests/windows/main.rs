//! What is particular to a gateway on Windows. Elsewhere, `cargo xtask test windows` has it run under Wine; what holds on every
//! system is held there by the other suites, which it runs too.
#![allow(clippy::unwrap_used)]

mod life;
mod msi;
mod paths;
mod service;
mod sharing;
mod stop;

use casement_tests::{Builder, Gateway, Runner, skip};

/// A gateway to be, when it will be one on Windows.
fn builder(test: &str) -> Option<Builder> {
    if Runner::chosen().is_windows() {
        return Some(Gateway::builder());
    }
    skip(test, "the gateway does not run on Windows: CASEMENT_RUNNER is not set");
    None
}
