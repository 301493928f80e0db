use crate::{
    config::{self, Config, Mode},
    control,
    exit::{Exit, Failure, Result},
    reload::Live,
    runtime,
    signals::{Signal, Signals},
    telemetry::{self, Level},
    wiring,
};
use std::{env::consts, path::Path, process};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

pub(super) fn run(file: &Path) -> Result<()> {
    let config = config::load(file)?;
    let level = telemetry::start(&config.log)?;
    info!(config = %file.display(), "casement {} on {} {}", env!("CARGO_PKG_VERSION"), consts::OS, consts::ARCH);
    runtime::run(serve(file, config, level))
}

async fn serve(file: &Path, config: Config, level: Level) -> Result<()> {
    let signals = Signals::listen().map_err(Failure::of(Exit::Internal, "signals"))?;
    let stop = CancellationToken::new();
    let (reload, reloads) = mpsc::channel(1);
    tokio::spawn(obey(signals, stop.clone(), reload));

    let house = tokio::select! {
        house = wiring::open(&config) => house?,
        () = stop.cancelled() => return Ok(()),
    };
    let bound = wiring::bind(&config)?;
    info!("listening on http://{}", bound.local_addr());
    if config.identity.mode == Mode::None && !bound.local_addr().ip().is_loopback() {
        warn!("identity.mode is \"none\": everybody who reaches this address may do everything");
    }
    let (face, database) = (bound.face(house.service.clone()), config.catalog.path.clone());
    let live = Live::new(file, config, house, face.clone(), level);
    let mut orders = JoinSet::new();
    orders.spawn(reload_at_signals(reloads, live.clone()));
    let ordered = live.clone();
    orders.spawn(async move { control::obey(&database, &ordered).await });
    let drained = bound.serve(&face, stop.cancelled_owned()).await;
    if drained.cut > 0 {
        warn!(connections = drained.cut, "still busy at the deadline, and cut");
    }
    orders.shutdown().await;
    live.close().await;
    info!("stopped");
    Ok(())
}

/// The first order to stop drains, the second ends the process where it stands; recovery settles what that leaves.
async fn obey(mut signals: Signals, stop: CancellationToken, reload: mpsc::Sender<()>) {
    loop {
        match signals.next().await {
            Signal::Reload(name) => {
                info!("{name}: reading the configuration again");
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

async fn reload_at_signals(mut reloads: mpsc::Receiver<()>, live: Live) {
    while reloads.recv().await.is_some() {
        match live.reload().await {
            Ok(report) => report.lines().into_iter().for_each(|line| info!("reload: {line}")),
            Err(failure) => error!("reload: nothing has changed: {failure}"),
        }
    }
}
