use crate::{
    config::{self, Config},
    control,
    exit::{Exit, Failure, Result},
    manager::{self, Manager},
    reload::{Live, Told},
    runtime,
    signals::{self, Orders, Signals},
    telemetry::{self, Level},
    watch::Watch,
    wiring,
    workers::Supervisor,
};
use std::{env::consts, net::TcpListener, path::Path};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

pub(crate) fn run(file: &Path, manager: Manager) -> Result<()> {
    let sockets = manager::sockets();
    let text = config::text(file)?;
    let config = config::parse(file, &text)?;
    let log_file = config.log_file(manager.has_standard_error());
    let log = telemetry::start(&config.log, log_file.as_deref(), &manager)?;
    info!(config = %file.display(), "casement {} on {} {}", env!("CARGO_PKG_VERSION"), consts::OS, consts::ARCH);
    let sockets =
        sockets.map_err(Failure::of(Exit::Config, "the service manager passed a socket that cannot be served"))?;
    if config.server.workers > 1 {
        let supervisor = Supervisor { file: file.to_owned(), text, config, log, manager, sockets };
        runtime::run(supervisor.supervise())
    } else {
        runtime::run(serve(file, config, log.level, manager, sockets))
    }
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
        house = wiring::open(&config, None, |step| manager.starting(step)) => house?,
        () = stop.cancelled() => return Ok(()),
    };
    let bound = wiring::bind(&config, watch.audit(), sockets)?;
    wiring::tell_listening(&config, &bound.addresses());
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
    background.spawn(manager.watch(async move || service.health().await));
    background.spawn(signals::reload(reloads, live.clone()));
    let ordered = live.clone();
    background.spawn(async move { control::obey(&database, ordered).await });
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
