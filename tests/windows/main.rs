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
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Whoever starts services holds it for reading. Wine gives a program that calls itself a service on a console the pipe of one
/// that it starts in that moment.
static SERVICES: RwLock<()> = RwLock::new(());

fn among_services() -> RwLockReadGuard<'static, ()> {
    // Another test has failed; that is all it means.
    SERVICES.read().unwrap_or_else(PoisonError::into_inner)
}

fn without_services() -> RwLockWriteGuard<'static, ()> {
    SERVICES.write().unwrap_or_else(PoisonError::into_inner)
}

/// A gateway to be, when it will be one on Windows.
fn builder(test: &str) -> Option<Builder> {
    if Runner::chosen().is_windows() {
        return Some(Gateway::builder());
    }
    skip(test, "the gateway does not run on Windows: CASEMENT_RUNNER is not set");
    None
}
