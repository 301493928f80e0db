use crate::{
    config::{self, Config, Mode},
    exit::{Exit, Failure, Result},
    manager::{self, Manager},
    runtime,
    signals::{Signal, Signals},
    telemetry, wiring,
};
use casement_http::Certificates;
use casement_stores::Stores;
use std::{env::consts, net::TcpListener, path::Path, process, time::Duration};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

pub(super) fn run(file: &Path, manager: Manager) -> Result<()> {
    let sockets = manager::sockets();
    let config = config::load(file)?;
    telemetry::start(&config.log)?;
    info!(config = %file.display(), "casement {} on {} {}", env!("CARGO_PKG_VERSION"), consts::OS, consts::ARCH);
    let sockets =
        sockets.map_err(Failure::of(Exit::Config, "the service manager passed a socket that cannot be served"))?;
    runtime::run(serve(config, manager, sockets))
}

async fn serve(config: Config, manager: Manager, sockets: Vec<TcpListener>) -> Result<()> {
    let signals = Signals::listen().map_err(Failure::of(Exit::Internal, "signals"))?;
    let stop = CancellationToken::new();
    let (reload, reloads) = mpsc::channel(1);
    let orders = Orders { stop: stop.clone(), reload, manager: manager.clone(), longest_end: longest_end(&config) };
    tokio::spawn(orders.obey(signals));

    let house = tokio::select! {
        house = wiring::open(&config, &manager) => house?,
        () = stop.cancelled() => return Ok(()),
    };
    if let Some(warning) = config.unused_tls() {
        warn!("{warning}");
    }
    let bound = wiring::bind(&config, sockets)?;
    for listen in bound.addresses() {
        info!("listening on {listen}");
        if config.identity.mode == Mode::None && !listen.address.ip().is_loopback() {
            warn!("identity.mode is \"none\": everybody who reaches {listen} may do everything");
        }
    }
    manager.ready();
    tokio::spawn(manager.clone().watch(house.service.clone()));
    tokio::spawn(reload_files(reloads, house.stores.clone(), bound.certificates(), manager));
    let drained = bound.serve(house.service.clone(), stop.cancelled_owned()).await;
    if drained.cut > 0 {
        warn!(connections = drained.cut, "still busy at the deadline, and cut");
    }
    house.close().await;
    info!("stopped");
    Ok(())
}

/// From the order to stop to the end of the process, at the most.
fn longest_end(config: &Config) -> Duration {
    Duration::from_secs(config.server.drain_timeout_seconds) + wiring::SETTLING + runtime::GRACE
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
                    info!("{name}: looking at the files of plugins and certificates again");
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

async fn reload_files(
    mut reloads: mpsc::Receiver<()>,
    stores: Stores,
    certificates: Option<Certificates>,
    manager: Manager,
) {
    while reloads.recv().await.is_some() {
        manager.reloading();
        if let Some(certificates) = &certificates {
            certificates.reload().await;
        }
        for plugin in stores.reload_plugins().await {
            info!("{plugin}");
        }
        manager.ready();
    }
}
