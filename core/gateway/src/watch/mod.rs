//! What those who run the service look at: the admin address with metrics and health, and the audit log.

mod audit;
mod families;

use crate::{
    config::{self, Config},
    exit::{Exit, Failure, Result},
};
use audit::AuditLog;
pub(crate) use audit::check as check_audit;
use casement_http::{Admin, Bound, Options, Phase, Process, Server, Watched};
use casement_service::Service;
use futures_util::FutureExt;
use metrics_exporter_prometheus::PrometheusHandle;
use metrics_process::Collector;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

/// What was observed lies in memory until it is sorted into its buckets, scraped or not.
const UPKEEP: Duration = Duration::from_secs(5);
/// Scrapes are short.
const DRAIN: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Watch {
    phases: Phases,
    audit: Option<Arc<AuditLog>>,
    background: Background,
}

impl Watch {
    /// Comes before all else that is opened: what is counted from then on is seen, and the admin address tells that the
    /// service is starting.
    ///
    /// # Errors
    /// When the admin address can't be had, or the audit log can't be written.
    pub(crate) fn open(config: &Config) -> Result<Self> {
        let (mut watch, process) = Self::of_process(config, false)?;
        watch.background.serve(&config.admin, process)?;
        Ok(watch)
    }

    /// As [`Watch::open`], for one of several processes: its supervisor asks it how it is, and has the admin address.
    ///
    /// # Errors
    /// When the audit log can't be written.
    pub(crate) fn of_worker(config: &Config) -> Result<(Self, Arc<Process>)> {
        Self::of_process(config, true)
    }

    fn of_process(config: &Config, one_of_several: bool) -> Result<(Self, Arc<Process>)> {
        let audit = AuditLog::open(&config.audit, one_of_several)?.map(Arc::new);
        let (sender, phase) = watch::channel(Phase::Starting);
        let mut background = Background::default();
        let metrics = background.collect(&config.admin, audit.clone())?;
        Ok((Self { phases: Phases(sender), audit, background }, Arc::new(Process { metrics, phase })))
    }

    /// Where the API's server notes who did what.
    pub(crate) fn audit(&self) -> Option<Arc<dyn casement_http::Audit>> {
        self.audit.clone().map(|audit| audit as _)
    }

    pub(crate) fn phases(&self) -> Phases {
        self.phases.clone()
    }

    /// Comes after all else that is closed. What waits for the audit log is written.
    pub(crate) async fn close(self) {
        self.background.close().await;
    }
}

/// What collects figures, and answers at the admin address.
#[derive(Debug, Default)]
pub(crate) struct Background {
    stop: CancellationToken,
    running: JoinSet<()>,
}

/// Writes all figures of this process.
pub(crate) type Metrics = Box<dyn Fn() -> String + Send + Sync>;

impl Background {
    /// Collects what this process counts and measures, where there is an admin address to tell it.
    ///
    /// # Errors
    /// When somebody collects it already.
    pub(crate) fn of_supervisor(admin: &config::Admin) -> Result<(Self, Metrics)> {
        let mut background = Self::default();
        let metrics = background.collect(admin, None)?;
        Ok((background, metrics))
    }

    fn collect(&mut self, admin: &config::Admin, audit: Option<Arc<AuditLog>>) -> Result<Metrics> {
        if admin.listen.is_none() {
            return Ok(Box::new(String::new));
        }
        let recorder = families::install()?;
        self.running.spawn(self.stop.clone().run_until_cancelled_owned(upkeep(recorder.clone())).map(drop));
        Ok(renderer(recorder, audit))
    }

    /// Answers at the admin address, if there is to be one.
    ///
    /// # Errors
    /// When it can't be had.
    pub(crate) fn serve(&mut self, admin: &config::Admin, watched: Arc<dyn Watched>) -> Result<()> {
        if let Some(bound) = bind(admin)? {
            self.running.spawn(bound.serve_admin(Admin::new(watched), self.stop.clone().cancelled_owned()).map(drop));
        }
        Ok(())
    }

    pub(crate) async fn close(mut self) {
        self.stop.cancel();
        while self.running.join_next().await.is_some() {}
    }
}

/// Tells the admin address where the service is in its life.
#[derive(Debug, Clone)]
pub(crate) struct Phases(watch::Sender<Phase>);

impl Phases {
    /// Requests are answered by this service from now on; a service that is stopping goes on stopping.
    pub(crate) fn serving(&self, service: Service) {
        self.0.send_modify(|phase| {
            *phase = match phase {
                Phase::Draining(_) => Phase::Draining(service),
                Phase::Starting | Phase::Serving(_) => Phase::Serving(service),
            }
        });
    }

    /// No new request is taken from now on.
    pub(crate) fn draining(&self) {
        self.0.send_modify(|phase| {
            if let Phase::Serving(service) = phase {
                *phase = Phase::Draining(service.clone());
            }
        });
    }
}

fn bind(admin: &config::Admin) -> Result<Option<Bound>> {
    let Some(listen) = &admin.listen else { return Ok(None) };
    let listen: SocketAddr = listen.parse().map_err(Failure::of(Exit::Config, "admin.listen"))?;
    let options = Options {
        listen: vec![listen.into()],
        max_connections: admin.max_connections,
        drain_timeout: DRAIN,
        ..Options::default()
    };
    let bound = Server::bind(options).map_err(Failure::of(Exit::Temporary, "[admin]"))?;
    for listen in bound.addresses() {
        tracing::info!("the admin address is {listen}");
        if !listen.address.ip().is_loopback() {
            tracing::warn!("admin.listen: whoever reaches this address sees metrics and the health of the stores");
        }
    }
    Ok(Some(bound))
}

async fn upkeep(recorder: PrometheusHandle) {
    let mut ticks = interval(UPKEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        recorder.run_upkeep();
    }
}

fn renderer(recorder: PrometheusHandle, audit: Option<Arc<AuditLog>>) -> Metrics {
    let process = Collector::default();
    process.describe();
    Box::new(move || {
        process.collect();
        if let Some(audit) = &audit {
            audit.tell_lost();
        }
        recorder.render()
    })
}
