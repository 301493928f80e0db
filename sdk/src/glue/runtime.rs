//! The plugin's own tokio: the gateway's cannot be shared, because its context lives in statics of which every
//! library has a copy.

use crate::{Error, Host, Kind, Result};
use std::sync::OnceLock;
use tokio::runtime::{Builder, Handle, Runtime};

const WORKERS: usize = 2;
const MOST_WORKERS: usize = 256;
/// No limit, because every store has its own at the gateway: a common one would let a store whose medium hangs take
/// the threads of the others.
const MOST_BLOCKING: usize = u16::MAX as usize;

/// The plugin's runtime, made by the first store that is opened.
pub(super) fn handle(host: &Host, name: &str) -> Result<Handle> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let make = || {
        let workers = host.workers().unwrap_or(WORKERS).clamp(1, MOST_WORKERS);
        // Linux shows 15 bytes of a thread's name.
        Builder::new_multi_thread()
            .worker_threads(workers)
            .max_blocking_threads(MOST_BLOCKING)
            .thread_name(name)
            .enable_all()
            .build()
            .map_err(|error| error.to_string())
    };
    match RUNTIME.get_or_init(make) {
        Ok(runtime) => Ok(runtime.handle().clone()),
        Err(error) => Err(Error::new(Kind::Internal, format!("cannot start the plugin's threads: {error}"))),
    }
}
