//! The workers that there are, and what they have in common.

use super::{
    link::Link,
    platform::Parent,
    process::Process,
    protocol::{Configuration, Question, Start},
};
use crate::{
    config::Config,
    exit::{Exit, Failure, Result},
    manager::Manager,
    telemetry::{Level, LogLines},
    watch::Metrics,
};
use casement_http::{Callers, Listen};
use metrics::counter;
use serde::de::IgnoredAny;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::sync::oneshot;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

/// How long a worker may take to settle what another one has left.
const TAKING_OVER: Duration = Duration::from_secs(300);
/// How long it may take to accept nothing more.
const RETIRING: Duration = Duration::from_secs(30);

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Crew(Arc<Inner>);

pub(super) struct Inner {
    pub(super) shared: Shared,
    plan: Mutex<Plan>,
    members: Mutex<BTreeMap<u32, Member>>,
    last_number: AtomicU32,
    /// Nodes that are no more, and may have left transfers.
    left: Mutex<BTreeSet<String>>,
    /// The supervisor stops.
    pub(super) stop: CancellationToken,
    /// Workers that come to their ends, and what is done after them.
    ending: TaskTracker,
    pub(super) reloading: tokio::sync::Mutex<()>,
}

/// What every worker gets, and what the supervisor keeps.
pub(super) struct Shared {
    pub(super) parent: Parent,
    pub(super) listen: Vec<Listen>,
    pub(super) log: Option<LogLines>,
    pub(super) level: Level,
    pub(super) manager: Manager,
    pub(super) metrics: Metrics,
    /// How long a worker may take from the order to stop to its end.
    pub(super) longest_end: Duration,
}

/// By what workers start.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) configuration: Configuration,
    pub(super) config: Config,
    pub(super) callers: Callers,
}

/// A worker that serves, or ends.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) number: u32,
    pub(super) link: Link,
    pub(super) retires: bool,
}

impl std::ops::Deref for Crew {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Crew {
    pub(super) fn new(shared: Shared, plan: Plan, stop: CancellationToken) -> Self {
        // Whoever looks for its growth wants to see where it began.
        counter!("casement_worker_deaths_total").increment(0);
        Self(Arc::new(Inner {
            shared,
            plan: Mutex::new(plan),
            members: Mutex::default(),
            last_number: AtomicU32::new(0),
            left: Mutex::default(),
            stop,
            ending: TaskTracker::new(),
            reloading: tokio::sync::Mutex::default(),
        }))
    }

    pub(super) fn plan(&self) -> Plan {
        lock(&self.plan).clone()
    }

    /// From now on workers start by this one.
    pub(super) fn go_by(&self, plan: Plan) {
        *lock(&self.plan) = plan;
    }

    /// Starts the first worker of all.
    pub(super) async fn start_first(&self) -> Result<Process> {
        let plan = self.plan();
        let start = Start { is_first: true, ..self.begin(plan.configuration) };
        let mut process = Process::spawn(&start, &self.shared, plan.callers)?;
        process.ready(|step| self.shared.manager.starting(step)).await?;
        Ok(process)
    }

    /// Starts a worker, and waits until it serves; it is ended when the supervisor stops meanwhile.
    pub(super) async fn start(&self, plan: Plan, on_trial: Vec<String>) -> Result<Process> {
        let start = Start { on_trial, ..self.begin(plan.configuration) };
        let mut process = Process::spawn(&start, &self.shared, plan.callers)?;
        let ready = tokio::select! {
            ready = process.ready(|_| ()) => ready,
            () = self.stop.cancelled() => Err(Failure::new(Exit::Temporary, "the service stops")),
        };
        match ready {
            Ok(()) => Ok(process),
            Err(failure) => {
                self.end(process);
                Err(failure)
            }
        }
    }

    pub(super) fn spawn(&self) -> Result<Process> {
        let plan = self.plan();
        Process::spawn(&self.begin(plan.configuration), &self.shared, plan.callers)
    }

    fn begin(&self, configuration: Configuration) -> Start {
        Start {
            number: self.last_number.fetch_add(1, Ordering::Relaxed) + 1,
            node: uuid::Uuid::new_v4().to_string(),
            is_first: false,
            configuration,
            on_trial: Vec::new(),
            listen: self.shared.listen.iter().map(ToString::to_string).collect(),
            service: self.shared.manager.service(),
        }
    }

    /// The worker takes connections.
    pub(super) fn serves(&self, process: &Process) {
        info!("worker {} serves, as process {}", process.number, process.id());
        let member = Member { number: process.number, link: process.link.clone(), retires: false };
        lock(&self.members).insert(process.number, member);
        self.take_over();
    }

    /// Has a worker take no new connections, of which `retired` tells, and end when the last one has ended.
    pub(super) fn retire(&self, mut process: Process, retired: oneshot::Sender<()>) {
        if let Some(member) = lock(&self.members).get_mut(&process.number) {
            member.retires = true;
        }
        let (link, crew) = (process.link.clone(), self.clone());
        tokio::spawn(async move {
            link.ask::<IgnoredAny>(Question::Retire, RETIRING).await.ok();
            drop(retired);
        });
        self.ending.spawn(async move {
            let how = tokio::select! {
                how = process.ended() => how,
                () = crew.stop.cancelled() => process.stop(crew.shared.longest_end).await,
            };
            info!("worker {} has retired: {how}", process.number);
            crew.is_gone(process);
        });
    }

    /// Ends a worker at once that serves nobody.
    pub(super) fn end(&self, mut process: Process) {
        let crew = self.clone();
        self.ending.spawn(async move {
            process.kill("it was not needed").await;
            crew.is_gone(process);
        });
    }

    /// The worker's process is no more; what it has left is settled by another one.
    pub(super) fn is_gone(&self, process: Process) {
        lock(&self.members).remove(&process.number);
        lock(&self.left).insert(process.node);
        self.take_over();
    }

    /// Waits for the end of all that come to their ends.
    pub(super) async fn ended(&self) {
        self.ending.close();
        self.ending.wait().await;
    }

    pub(super) fn members(&self) -> Vec<Member> {
        lock(&self.members).values().cloned().collect()
    }

    /// Those that take connections.
    pub(super) fn serving(&self) -> Vec<Member> {
        self.members().into_iter().filter(|member| !member.retires).collect()
    }

    /// Has one that serves settle what others have left. Where nobody serves, the next one does it.
    fn take_over(&self) {
        let crew = self.clone();
        let Some(member) = self.serving().into_iter().next().filter(|_| !self.stop.is_cancelled()) else { return };
        tokio::spawn(async move {
            let left = lock(&crew.left).clone();
            for node in left {
                let asked: Result<Result<(), String>, String> =
                    member.link.ask(Question::TakeOver(node.clone()), TAKING_OVER).await;
                match asked.and_then(|done| done) {
                    Ok(()) => _ = lock(&crew.left).remove(&node),
                    Err(reason) => warn!("worker {} did not settle what another one left: {reason}", member.number),
                }
            }
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
