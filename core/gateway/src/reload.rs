//! A new configuration for the service that runs.

use crate::{
    config::{self, Changes, Config},
    exit::Result,
    manager::Manager,
    telemetry::Level,
    watch::Phases,
    wiring::{self, House},
};
use casement_http::{Certificates, Face};
use casement_service::Service;
use casement_stores::Reloaded;
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::Mutex;

/// The service that runs, as far as it can be changed. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Live(Arc<Inner>);

struct Inner {
    file: PathBuf,
    told: Told,
    /// Its catalog is the one of every configuration.
    first: Service,
    running: Mutex<Running>,
}

/// Who learns of a new configuration, or of the change to it.
pub(crate) struct Told {
    pub face: Face,
    pub certificates: Option<Certificates>,
    pub level: Level,
    pub manager: Manager,
    pub phases: Phases,
}

struct Running {
    config: Config,
    house: House,
}

/// What a reload came to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Keys of the configuration whose new values are in force.
    pub changed: Vec<String>,
    /// Keys whose new values wait for a restart.
    pub waiting: Vec<String>,
    pub plugins: Vec<Reloaded>,
    /// Workers that go, `None` where nobody was, and who has come in place of each.
    #[serde(default)]
    pub workers: Vec<(Option<u32>, Replacement)>,
}

/// Who comes in place of a worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Replacement {
    By(u32),
    /// Nobody yet, for this reason; it is tried on.
    Awaited(String),
}

impl Report {
    /// For a person, line by line.
    pub(crate) fn lines(&self) -> Vec<String> {
        let changed = self.changed.iter().map(|key| format!("{key}: changed"));
        let waiting = self.waiting.iter().map(|key| format!("{key}: waits for a restart"));
        let nothing =
            (self.changed.is_empty() && self.waiting.is_empty()).then(|| "configuration: unchanged".to_owned());
        let workers = self.workers.iter().map(|(old, new)| match (old, new) {
            (Some(old), Replacement::By(new)) => format!("worker {old}: replaced by worker {new}"),
            (None, Replacement::By(new)) => format!("worker {new}: started"),
            (Some(old), Replacement::Awaited(reason)) => format!("worker {old}: not replaced yet: {reason}"),
            (None, Replacement::Awaited(reason)) => format!("a worker that is missing: not started yet: {reason}"),
        });
        let plugins = self.plugins.iter().map(ToString::to_string);
        nothing.into_iter().chain(changed).chain(waiting).chain(workers).chain(plugins).collect()
    }
}

impl Live {
    /// Requests are answered from now on.
    pub(crate) fn new(file: &Path, config: Config, house: House, told: Told) -> Self {
        told.phases.serving(house.service.clone());
        let first = house.service.clone();
        let running = Mutex::new(Running { config, house });
        Self(Arc::new(Inner { file: file.to_owned(), told, first, running }))
    }

    /// Reads the configuration and the files that it names again, and goes on by them, and by the plugin files as they are
    /// now. A configuration that cannot be used changes nothing.
    pub(crate) async fn reload(&self) -> Result<Report> {
        self.0.told.manager.reloading();
        let done = self.try_reload().await;
        self.0.told.manager.ready();
        done
    }

    async fn try_reload(&self) -> Result<Report> {
        let inner = &self.0;
        let new = config::load(&inner.file)?;
        let mut running = inner.running.lock().await;
        let (Changes { at_once, at_a_restart }, config) =
            running.config.turn_to(&new, &inner.file, config::OF_ONE_PROCESS)?;
        let options = wiring::http_options(&config)?;
        options.check().map_err(wiring::unfit)?;
        let level = Level::parse(&config.log)?;
        running.house.reconfigure(&config).await?;
        inner.told.face.exchange(running.house.service.clone(), options).map_err(wiring::unfit)?;
        inner.told.phases.serving(running.house.service.clone());
        inner.told.level.set(level)?;
        if let Some(certificates) = &inner.told.certificates {
            certificates.reload().await;
        }
        running.config = config;
        let plugins = running.house.stores.reload_plugins().await;
        Ok(Report { changed: at_once, waiting: at_a_restart, plugins, workers: Vec::new() })
    }

    pub(crate) async fn reload_plugins(&self) -> Vec<Reloaded> {
        self.0.running.lock().await.house.stores.reload_plugins().await
    }

    /// Whether the database answers; a change under way is not waited for.
    pub(crate) async fn health(&self) -> Result<(), String> {
        self.0.first.health().await.map_err(|error| error.message)
    }

    /// Ends what runs behind the HTTP face.
    pub(crate) async fn close(&self) {
        self.0.running.lock().await.house.close().await;
    }
}
