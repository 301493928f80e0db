//! A worker: the service, with its sockets and its configuration from a supervisor.

use super::{
    asking::Asking,
    platform,
    protocol::{Configuration, Order, Question, Start, Word},
};
use crate::{
    config::{self, Config},
    exit::{Exit, Failure, Result},
    manager::Manager,
    runtime,
    signals::{Signal, Signals},
    telemetry,
    watch::Watch,
    wiring::{self, House, Membership},
};
use casement_http::{Listen, Process, Watched};
use casement_service::Service;
use casement_stores::Stores;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    process,
    sync::{Arc, Mutex, PoisonError},
    thread,
};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

const NO_THREADS: &str = "threads cannot be started";

pub(crate) fn run() -> Result<()> {
    let misled = "`casement worker` is for the supervisor of `casement serve`";
    let handed_on = platform::handed_on().and_then(|(line, sockets)| Ok((line.try_clone()?, line, sockets)));
    let (orders, answers, sockets) = handed_on.map_err(Failure::of(Exit::Usage, misled))?;
    let mut orders = BufReader::new(orders);
    let supervisor = Supervisor(Arc::new(Mutex::new(answers)));
    let start: Start = read_line(&mut orders)
        .transpose()
        .unwrap_or_else(|| Err("nothing".to_owned()))
        .map_err(Failure::of(Exit::Usage, misled))?;
    let orders = follow(orders).map_err(Failure::of(Exit::Temporary, NO_THREADS))?;
    let told = supervisor.clone();
    let served = runtime::run(async move { serve(start, sockets, &supervisor, orders).await });
    // The supervisor says it.
    served.or_else(|failure| {
        told.tell(&Word::Failed(failure));
        Ok(())
    })
}

async fn serve(
    start: Start,
    sockets: Vec<TcpListener>,
    supervisor: &Supervisor,
    mut orders: mpsc::UnboundedReceiver<Order>,
) -> Result<()> {
    let config = configuration(&start.configuration)?;
    let manager = Manager::of_worker(start.service);
    telemetry::start(&config.log, None, &manager)?;
    let signals = Signals::listen(&manager).map_err(Failure::of(Exit::Internal, "signals"))?;
    let (watch, process) = Watch::of_worker(&config)?;
    let member = Membership { node: start.node, is_first: start.is_first };
    let mut house = tokio::select! {
        house = wiring::open(&config, Some(&member), |step| supervisor.tell(&Word::Starting(step.to_owned()))) => house?,
        () = stopped(&mut orders) => return Ok(()),
    };
    hold_good(&house.stores, &start.on_trial)?;
    let listen = start.listen.iter().map(|listen| listen.parse()).collect::<Result<Vec<Listen>, ()>>();
    let listen = listen.map_err(|()| Failure::new(Exit::Internal, "a supervisor's address is not understood"))?;
    let mutex = platform::accept_mutex(&config.catalog.path).map_err(Failure::of(Exit::Catalog, "the accept mutex"))?;
    let teller = supervisor.clone();
    let asking = Asking::start(move |word| teller.tell(word)).map_err(Failure::of(Exit::Temporary, NO_THREADS))?;
    let bound =
        wiring::share(&config, watch.audit(), Arc::new(asking.clone()), listen, sockets)?.accepting_under(mutex);
    let face = bound.face(house.service.clone());
    watch.phases().serving(house.service.clone());

    let ends = Ends::default();
    let mut background = JoinSet::new();
    background.spawn(obey_system(signals, ends.clone()));
    background.spawn(obey(orders, Asked::of(&house, process, ends.clone()), asking, supervisor.clone()));
    supervisor.tell(&Word::Ready);
    let retired = async {
        ends.retire.cancelled().await;
        watch.phases().draining();
        ends.retired.cancel();
    };
    let drained = bound.serve_in_turn(&face, retired, ends.stop.cancelled()).await;
    if drained.cut > 0 {
        warn!(connections = drained.cut, "worker {}: still busy at the deadline, and cut", start.number);
    }
    house.close().await;
    background.shutdown().await;
    watch.close().await;
    Ok(())
}

/// What the file said at the last reload, but for what waits for a restart of the supervisor.
fn configuration(of: &Configuration) -> Result<Config> {
    let (first, new) = (config::parse(&of.file, &of.first)?, config::parse(&of.file, &of.text)?);
    Ok(first.turn_to(&new, &of.file, config::OF_A_SUPERVISOR)?.1)
}

/// A service starts without what it can do without; a reload does not take it into use.
fn hold_good(stores: &Stores, on_trial: &[String]) -> Result<()> {
    let unfit = |what: &str, reason: &str| Err(Failure::new(Exit::Config, format_args!("{what}: {reason}")));
    for key in on_trial {
        if let Some(id) = key.strip_prefix("stores.") {
            if let Some(reason) = stores.get(id).and_then(|store| store.unavailable()) {
                return unfit(&format!("store `{id}`"), &reason);
            }
        } else if key == "plugins" {
            for plugin in stores.plugins() {
                if let Err(reason) = plugin.plugin() {
                    return unfit(&format!("plugin {}", plugin.configured_path()), reason);
                }
            }
        }
    }
    Ok(())
}

/// How a worker comes to its end.
#[derive(Clone, Default)]
struct Ends {
    /// No new connection is to be taken.
    retire: CancellationToken,
    /// None is taken.
    retired: CancellationToken,
    /// Those that are there have a while to end.
    stop: CancellationToken,
}

impl Ends {
    async fn retire(&self) {
        self.retire.cancel();
        self.retired.cancelled().await;
    }

    fn stop(&self) {
        self.retire.cancel();
        self.stop.cancel();
    }
}

/// The supervisor's end of the line. Cheap to clone.
#[derive(Clone)]
struct Supervisor(Arc<Mutex<platform::Line>>);

impl Supervisor {
    /// One that is no more hears nothing; its end is seen elsewhere.
    fn tell(&self, word: &Word) {
        if let Ok(mut line) = serde_json::to_vec(word) {
            line.push(b'\n');
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line).ok();
        }
    }
}

/// What the supervisor asks is answered from this.
#[derive(Clone)]
struct Asked {
    service: Service,
    stores: Stores,
    process: Arc<Process>,
    ends: Ends,
}

impl Asked {
    fn of(house: &House, process: Arc<Process>, ends: Ends) -> Self {
        Self { service: house.service.clone(), stores: house.stores.clone(), process, ends }
    }

    async fn answer(&self, question: Question) -> Value {
        match question {
            Question::Health => json!(self.service.health().await.map_err(|error| error.message)),
            Question::Metrics => json!(self.process.metrics().await),
            Question::Unreadiness => json!(self.process.unreadiness().await),
            Question::Stores => json!(self.process.stores().await),
            Question::ReloadPlugins => json!(self.stores.reload_plugins().await),
            Question::Retire => json!(self.ends.retire().await),
            Question::TakeOver(node) => json!(self.service.take_over(&node).await.map_err(|error| error.message)),
        }
    }
}

async fn obey(mut orders: mpsc::UnboundedReceiver<Order>, asked: Asked, asking: Asking, supervisor: Supervisor) {
    let mut answering = JoinSet::new();
    while let Some(order) = orders.recv().await {
        match order {
            Order::Stop => asked.ends.stop(),
            Order::Admitted { id, refusal } => asking.hear(id, refusal),
            Order::Ask { id, question } => {
                let (asked, supervisor) = (asked.clone(), supervisor.clone());
                answering.spawn(async move {
                    let word = Word::Answer { id, answer: asked.answer(question).await };
                    // Figures may be more than the line takes at once.
                    tokio::task::spawn_blocking(move || supervisor.tell(&word)).await.ok();
                });
            }
        }
        while answering.try_join_next().is_some() {}
    }
}

/// A service manager may tell all processes to stop at once, and the supervisor tells it too.
async fn obey_system(mut signals: Signals, ends: Ends) {
    loop {
        if let Signal::Stop(name) = signals.next().await {
            info!("{name} to a worker: no new requests; those under way may end");
            ends.stop();
        }
    }
}

/// Until there is no need to start any more.
async fn stopped(orders: &mut mpsc::UnboundedReceiver<Order>) {
    while !matches!(orders.recv().await, Some(Order::Stop) | None) {}
}

/// Reads orders on a thread of its own, which sees the supervisor's end whatever the runtime is at. Nothing is worth
/// outliving it: what is cut off here is settled by whoever comes next.
fn follow(mut orders: impl BufRead + Send + 'static) -> std::io::Result<mpsc::UnboundedReceiver<Order>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    thread::Builder::new().name("casement-orders".to_owned()).spawn(move || {
        while let Ok(Some(order)) = read_line(&mut orders) {
            // Nobody takes orders any more who is at its end.
            sender.send(order).ok();
        }
        warn!("the supervisor is gone: ending at once");
        process::exit(Exit::Interrupted as i32);
    })?;
    Ok(receiver)
}

/// `None` at the end.
fn read_line<T: serde::de::DeserializeOwned>(orders: &mut impl BufRead) -> Result<Option<T>, String> {
    let mut line = Vec::new();
    orders.read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
    if line.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(&line).map(Some).map_err(|error| error.to_string())
}
