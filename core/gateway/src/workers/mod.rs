//! Several processes that are one service: a supervisor, which has the addresses, the lock of the database and whatever else
//! there is once, and its workers, which serve. docs/operators/workers.md.

mod asking;
mod back_off;
mod counted;
mod crew;
mod link;
mod metrics;
mod process;
mod protocol;
mod reload;
mod slot;
mod watched;
mod worker;

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as platform;

pub(crate) use worker::run as work;

use crate::{
    config::Config,
    control,
    exit::{Exit, Failure, Result},
    manager::Manager,
    signals::{self, Orders, Signals},
    telemetry,
    watch::Background,
    wiring,
};
use casement_http::Callers;
use crew::{Crew, Plan, Shared};
use platform::Parent;
use protocol::Configuration;
use slot::Slot;
use std::{net::TcpListener, path::PathBuf, sync::Arc};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::info;
use watched::Supervised;

/// What a supervisor starts with.
pub(crate) struct Supervisor {
    pub file: PathBuf,
    /// What the file says.
    pub text: String,
    pub config: Config,
    pub log: telemetry::Started,
    pub manager: Manager,
    pub sockets: Vec<TcpListener>,
}

impl Supervisor {
    /// The life of the service.
    pub(crate) async fn supervise(self) -> Result<()> {
        let Self { file, text, config, log, manager, sockets } = self;
        let signals = Signals::listen(&manager).map_err(Failure::of(Exit::Internal, "signals"))?;
        let stop = CancellationToken::new();
        let (reload, reloads) = mpsc::channel(1);
        let longest_end = wiring::longest_end(&config);
        tokio::spawn(Orders { stop: stop.clone(), reload, manager: manager.clone(), longest_end }.obey(signals));

        let (mut background, metrics) = Background::of_supervisor(&config.admin)?;
        let lock = wiring::lock(&config).await?;
        let bound = wiring::bind(&config, None, sockets)?;
        let listen = bound.addresses();
        let sockets = bound.into_sockets().map_err(Failure::of(Exit::Internal, "a socket"))?;
        let parent = Parent::new(sockets, lock).map_err(Failure::of(Exit::Temporary, "workers cannot be started"))?;
        let shared =
            Shared { parent, listen, log: log.file, level: log.level, manager: manager.clone(), metrics, longest_end };
        let configuration = Configuration { file, first: text.clone(), text };
        let plan = Plan { configuration, config: config.clone(), callers: Callers::new(config.caller_limits()) };
        let crew = Crew::new(shared, plan, stop.clone());
        background.serve(&config.admin, Arc::new(crew.clone()))?;

        let first = tokio::select! {
            first = crew.start_first() => first?,
            () = stop.cancelled() => return Ok(()),
        };
        wiring::tell_listening(&config, &crew.shared.listen);
        let (mut slots, mut keepers) = (Vec::new(), JoinSet::new());
        let mut first = Some(first);
        for _ in 0..config.server.workers {
            let (slot, keeper) = Slot::new(&crew, first.take());
            keepers.spawn(keeper);
            slots.push(slot);
        }
        let supervised = Supervised { crew: crew.clone(), slots: Arc::new(slots) };
        manager.ready();

        let mut serving = JoinSet::new();
        let (watched, ordered, database) = (supervised.clone(), supervised.clone(), config.catalog.path);
        serving.spawn(manager.watch(async move || watched.health().await));
        serving.spawn(signals::reload(reloads, supervised));
        serving.spawn(async move { control::obey(&database, ordered).await });
        stop.cancelled().await;
        serving.shutdown().await;
        while keepers.join_next().await.is_some() {}
        crew.ended().await;
        background.close().await;
        info!("stopped");
        Ok(())
    }
}
