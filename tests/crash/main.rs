//! Crashes: at random moments under several busy clients, and at every failpoint of the program. After each one: what was
//! acknowledged is there byte for byte, the rest is queued or was never there, and no byte is left over.

#![allow(clippy::unwrap_used)]

mod client;
mod errors;
mod ledger;
mod life;
mod points;
mod random;
mod walk;

use casement_tests::Runner;

/// Whether there is time for all that can be tried (`cargo xtask test crash --long`).
fn long() -> bool {
    std::env::var_os("CASEMENT_LONG").is_some()
}

/// Under Wine a start takes seconds, so that the most telling must do where there is not more time.
fn is_slow() -> bool {
    Runner::chosen() == Runner::Wine && !long()
}
