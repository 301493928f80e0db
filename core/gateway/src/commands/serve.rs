use crate::{
    config::{self, Config, Mode},
    control,
    exit::{Exit, Failure, Result},
    manager::{self, Manager},
    reload::{Live, Told},
    runtime,
    signals::{Signal, Signals},
    telemetry::{self, Level},
    watch::Watch,
    wiring,
};
use std::{env::consts, net::TcpListener, path::Path, process, time::Duration};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

pub(crate) fn run(file: &Path, manager: Manager) -> Result<()> {
    let sockets = manager::sockets();
    let config = config::load(file)?;
    let log_file = config.log_file(manager.has_standard_error());
    let level = telemetry::start(&config.log, log_file.as_deref(), &manager)?;
    info!(config = %file.display(), "casement {} on {} {}", env!("CARGO_PKG_VERSION"), consts::OS, consts::ARCH);
    let sockets =
        sockets.map_err(Failure::of(Exit::Config, "the service manager passed a socket that cannot be served"))?;
    runtime::run(serve(file, config, level, manager, sockets))
}

async fn serve(file: &Path, config: Config, level: Level, manager: Manager, sockets: Vec<TcpListener>) -> Result<()> {
    let signals = Signals::listen(&manager).map_err(Failure::of(Exit::Internal, "signals"))?;
    let stop = CancellationToken::new();
    let (reload, reloads) = mpsc::channel(1);
    let orders =
        Orders { stop: stop.clone(), reload, manager: manager.clone(), longest_end: wiring::longest_end(&config) };
    tokio::spawn(orders.obey(signals));

    let watch = Watch::open(&config)?;
    let house = tokio::select! {
        house = wiring::open(&config, &manager) => house?,
        () = stop.cancelled() => return Ok(()),
    };
    if let Some(warning) = config.unused_tls() {
        warn!("{warning}");
    }
    let bound = wiring::bind(&config, watch.audit(), sockets)?;
    for listen in bound.addresses() {
        info!("listening on {listen}");
        if config.identity.mode == Mode::None && !listen.address.ip().is_loopback() {
            warn!("identity.mode is \"none\": everybody who reaches {listen} may do everything");
        }
    }
    let (face, database) = (bound.face(house.service.clone()), config.catalog.path.clone());
    let (service, phases, certificates) = (house.service.clone(), watch.phases(), bound.certificates());
    let live = Live::new(
        file,
        config,
        house,
        Told { face: face.clone(), certificates, level, manager: manager.clone(), phases },
    );
    manager.ready();
    let mut background = JoinSet::new();
    background.spawn(manager.watch(service));
    background.spawn(reload_at_signals(reloads, live.clone()));
    let ordered = live.clone();
    background.spawn(async move { control::obey(&database, &ordered).await });
    let stopped = async {
        stop.cancelled().await;
        watch.phases().draining();
    };
    let drained = bound.serve(&face, stopped).await;
    if drained.cut > 0 {
        warn!(connections = drained.cut, "still busy at the deadline, and cut");
    }
    background.shutdown().await;
    live.close().await;
    watch.close().await;
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

async fn reload_at_signals(mut reloads: mpsc::Receiver<()>, live: Live) {
    while reloads.recv().await.is_some() {
        match live.reload().await {
            Ok(report) => report.lines().into_iter().for_each(|line| info!("reload: {line}")),
            Err(failure) => error!("reload: nothing has changed: {failure}"),
        }
    }
}
