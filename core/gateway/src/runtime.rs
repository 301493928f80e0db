//! The asynchronous runtime of the program. Plugins have their own.

use crate::exit::{Exit, Failure, Result};
use std::{future::Future, time::Duration};

/// How long blocking work may go on after everything else has ended.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

pub(crate) fn run<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("casement")
        // No limit of its own: each store has one (`concurrency`), and a common one would let a store whose plugin
        // blocks for ever take the threads of the others.
        .max_blocking_threads(u16::MAX.into())
        .build()
        .map_err(Failure::of(Exit::Temporary, "threads cannot be started"))?;
    let result = runtime.block_on(work);
    // A thread that a plugin blocks for ever must not hold the exit.
    runtime.shutdown_timeout(GRACE);
    result
}
