use crate::{
    config::{self, Config, Mode},
    exit::{Exit, Failure, Result},
    runtime,
    signals::{Signal, Signals},
    telemetry, wiring,
};
use casement_http::Certificates;
use casement_stores::Stores;
use std::{env::consts, path::Path, process};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

pub(super) fn run(file: &Path) -> Result<()> {
    let config = config::load(file)?;
    telemetry::start(&config.log)?;
    info!(config = %file.display(), "casement {} on {} {}", env!("CARGO_PKG_VERSION"), consts::OS, consts::ARCH);
    runtime::run(serve(config))
}

async fn serve(config: Config) -> Result<()> {
    let signals = Signals::listen().map_err(Failure::of(Exit::Internal, "signals"))?;
    let stop = CancellationToken::new();
    let (reload, reloads) = mpsc::channel(1);
    tokio::spawn(obey(signals, stop.clone(), reload));

    let house = tokio::select! {
        house = wiring::open(&config) => house?,
        () = stop.cancelled() => return Ok(()),
    };
    if let Some(warning) = config.unused_tls() {
        warn!("{warning}");
    }
    let bound = wiring::bind(&config)?;
    tokio::spawn(reload_files(reloads, house.stores.clone(), bound.certificates()));
    for listen in bound.addresses() {
        info!("listening on {listen}");
        if config.identity.mode == Mode::None && !listen.address.ip().is_loopback() {
            warn!("identity.mode is \"none\": everybody who reaches {listen} may do everything");
        }
    }
    let drained = bound.serve(house.service.clone(), stop.cancelled_owned()).await;
    if drained.cut > 0 {
        warn!(connections = drained.cut, "still busy at the deadline, and cut");
    }
    house.close().await;
    info!("stopped");
    Ok(())
}

/// The first order to stop drains, the second ends the process where it stands; recovery settles what that leaves.
async fn obey(mut signals: Signals, stop: CancellationToken, reload: mpsc::Sender<()>) {
    loop {
        match signals.next().await {
            Signal::Reload(name) => {
                info!("{name}: looking at the files of plugins and certificates again");
                // One that waits already stands for this one too.
                reload.try_send(()).ok();
            }
            Signal::Stop(name) if stop.is_cancelled() => {
                warn!("{name} again: ending at once");
                process::exit(Exit::Interrupted as i32);
            }
            Signal::Stop(name) => {
                info!("{name}: no new requests; those under way may end");
                stop.cancel();
            }
        }
    }
}

async fn reload_files(mut reloads: mpsc::Receiver<()>, stores: Stores, certificates: Option<Certificates>) {
    while reloads.recv().await.is_some() {
        if let Some(certificates) = &certificates {
            certificates.reload().await;
        }
        for plugin in stores.reload_plugins().await {
            info!("{plugin}");
        }
    }
}
