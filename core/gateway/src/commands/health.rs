use super::{reload::unexpected, say};
use crate::{
    config,
    control::{self, Order, Reply},
    exit::{Exit, Failure, Result},
    runtime,
};
use std::{path::Path, time::Duration};
use tokio::time::timeout;

/// Longer than the service waits for its database.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether the running service is well, asked of itself: whatever its addresses and their certificates are.
pub(super) fn run(file: &Path) -> Result<()> {
    let config = config::load(file)?;
    let asked = runtime::run(async {
        let asked = timeout(PATIENCE, control::order(&config.catalog.path, Order::Health)).await;
        asked.map_err(|_| Failure::new(Exit::Temporary, "the running service does not answer in time"))?
    });
    match asked? {
        Reply::Healthy => say("healthy"),
        Reply::Unhealthy(reason) => Err(Failure::new(Exit::Temporary, reason)),
        other => Err(unexpected(other)),
    }
}
