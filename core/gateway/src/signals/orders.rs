//! What becomes of the system's orders.

use super::{Signal, Signals};
use crate::{
    control::{Order, Reply, Service},
    exit::Exit,
    manager::Manager,
};
use std::{process, time::Duration};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

pub(crate) struct Orders {
    pub stop: CancellationToken,
    pub reload: mpsc::Sender<()>,
    pub manager: Manager,
    pub longest_end: Duration,
}

impl Orders {
    /// The first order to stop drains, the second ends the process where it stands; recovery settles what that leaves.
    pub(crate) async fn obey(self, mut signals: Signals) {
        loop {
            match signals.next().await {
                Signal::Reload(name) => {
                    info!("{name}: reading the configuration again");
                    // One that waits already stands for this one too.
                    self.reload.try_send(()).ok();
                }
                Signal::Stop(name) if self.stop.is_cancelled() => {
                    warn!("{name} again: ending at once");
                    process::exit(Exit::Interrupted as i32);
                }
                Signal::Stop(name) => {
                    info!("{name}: no new requests; those under way may end");
                    self.manager.stopping("requests under way may end", self.longest_end);
                    self.stop.cancel();
                }
            }
        }
    }
}

/// Reloads whenever the system says so, and tells the log what came of it.
pub(crate) async fn reload(mut reloads: mpsc::Receiver<()>, service: impl Service) {
    while reloads.recv().await.is_some() {
        match service.carry_out(Order::Reload).await {
            Reply::Reconfigured(report) => report.lines().into_iter().for_each(|line| info!("reload: {line}")),
            Reply::Unfit(reason) => error!("reload: nothing has changed: {reason}"),
            other => error!(?other, "reload: an answer to another order"),
        }
    }
}
