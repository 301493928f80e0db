use crate::{
    config::{self, Config, Mode},
    exit::{Exit, Failure, Result},
    manager::Manager,
    runtime,
    signals::{Signal, Signals},
    telemetry, wiring,
};
use casement_stores::Stores;
use std::{env::consts, path::Path, process, time::Duration};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

pub(crate) fn run(file: &Path, manager: Manager) -> Result<()> {
    let config = config::load(file)?;
    telemetry::start(&config.log, config.log_file(manager.has_standard_error()).as_deref(), &manager)?;
    info!(config = %file.display(), "casement {} on {} {}", env!("CARGO_PKG_VERSION"), consts::OS, consts::ARCH);
    runtime::run(serve(config, manager))
}

async fn serve(config: Config, manager: Manager) -> Result<()> {
    let signals = Signals::listen(&manager).map_err(Failure::of(Exit::Internal, "signals"))?;
    let stop = CancellationToken::new();
    let (reload, reloads) = mpsc::channel(1);
    let orders = Orders { stop: stop.clone(), reload, manager: manager.clone(), longest_end: wiring::longest_end(&config) };
    tokio::spawn(orders.obey(signals));

    let house = tokio::select! {
        house = wiring::open(&config, &manager) => house?,
        () = stop.cancelled() => return Ok(()),
    };
    let bound = wiring::bind(&config)?;
    info!("listening on http://{}", bound.local_addr());
    if config.identity.mode == Mode::None && !bound.local_addr().ip().is_loopback() {
        warn!("identity.mode is \"none\": everybody who reaches this address may do everything");
    }
    manager.ready();
    tokio::spawn(manager.clone().watch(house.service.clone()));
    tokio::spawn(reload_plugins(reloads, house.stores.clone(), manager));
    let drained = bound.serve(house.service.clone(), stop.cancelled_owned()).await;
    if drained.cut > 0 {
        warn!(connections = drained.cut, "still busy at the deadline, and cut");
    }
    house.close().await;
    info!("stopped");
    Ok(())
}

/// What becomes of the system's orders.
struct Orders {
    stop: CancellationToken,
    reload: mpsc::Sender<()>,
    manager: Manager,
    longest_end: Duration,
}

impl Orders {
    /// The first order to stop drains, the second ends the process where it stands; recovery settles what that leaves.
    async fn obey(self, mut signals: Signals) {
        loop {
            match signals.next().await {
                Signal::Reload(name) => {
                    info!("{name}: looking at the plugin files again");
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

async fn reload_plugins(mut reloads: mpsc::Receiver<()>, stores: Stores, manager: Manager) {
    while reloads.recv().await.is_some() {
        manager.reloading();
        for plugin in stores.reload_plugins().await {
            info!("{plugin}");
        }
        manager.ready();
    }
}
