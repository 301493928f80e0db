//! Runs the cases, one after the other, each for a bounded time.

use crate::{
    case::{Case, Need, Stop, told},
    probe::{Probe, Run},
    report::{Outcome, Report, Verdict},
    selection::Selection,
    services::Services,
    target::Target,
};
use casement_sdk::host::Backend;
use std::{
    future::Future,
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, channel},
    },
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Handle, Runtime};

/// Runs every case that `selection` takes. Must not be called from within an async runtime.
pub fn run(target: &Target, selection: &Selection) -> Report {
    run_and_tell(target, selection, |_| {})
}

/// As [`run`], and tells of each case when it has ended.
pub fn run_and_tell(target: &Target, selection: &Selection, mut tell: impl FnMut(&Outcome)) -> Report {
    let run = Arc::new(Run::new());
    let mut outcomes = Vec::new();
    // Why the store cannot be opened: said once, and not of every case.
    let mut closed = None;
    for case in selection.cases() {
        let outcome = one(target, selection, &run, case, &mut closed);
        tell(&outcome);
        outcomes.push(outcome);
    }
    Report::new(&target.plugin, outcomes)
}

fn one(
    target: &Target,
    selection: &Selection,
    run: &Arc<Run>,
    case: &'static Case,
    closed: &mut Option<String>,
) -> Outcome {
    let begun = Instant::now();
    let services = Arc::new(Services::default());
    let end = |verdict, left| Outcome {
        name: case.name,
        clause: case.clause,
        verdict,
        left,
        log: services.log(),
        took: begun.elapsed(),
    };
    let skipped = |reason: String| end(Verdict::Skipped(reason), Vec::new());
    if case.long && !selection.long {
        return skipped("takes long: run it with `--long`".to_owned());
    }
    if let (true, Some(why)) = (case.opened, &closed) {
        return skipped(format!("the store cannot be opened: {why}"));
    }
    // One runtime for each: a case that hangs takes its threads with it, and no other's.
    let threads = match Threads::new() {
        Ok(threads) => threads,
        Err(error) => return end(Verdict::Failed(format!("no threads to run it: {error}")), Vec::new()),
    };
    let patience = selection.patience_for(case);
    let store = match case.opened.then(|| open(&threads, target, &services, patience)).transpose() {
        Ok(store) => store,
        Err(why) => {
            *closed = Some(why.clone());
            return end(Verdict::Failed(format!("the store cannot be opened: {why}")), Vec::new());
        }
    };
    if let Some(need) = missing(case, store.as_ref()) {
        return skipped(format!("the store does not declare `{need}`"));
    }
    let probe = Arc::new(Probe::new(target, run, services.clone(), store));
    let verdict = match threads.within(patience, (case.body)(probe.clone())) {
        Ok(Ok(())) => Verdict::Passed,
        Ok(Err(Stop::Failed(seen))) | Err(seen) => Verdict::Failed(seen),
        Ok(Err(Stop::Skipped(reason))) => Verdict::Skipped(reason),
    };
    let left = if selection.keep && matches!(verdict, Verdict::Failed(_)) {
        Vec::new()
    } else {
        let cleaning = threads.within(patience, async move { probe.clean_up().await });
        cleaning.unwrap_or_else(|why| vec![format!("cleaning up: {why}")])
    };
    end(verdict, left)
}

fn open(threads: &Threads, target: &Target, services: &Arc<Services>, patience: Duration) -> Result<Backend, String> {
    let (plugin, services, config) = (target.plugin.clone(), services.clone(), target.config_text());
    let opening = async move { plugin.open(services, &config).await };
    threads.within(patience, opening)?.map_err(|error| told(&error))
}

fn missing(case: &Case, store: Option<&Backend>) -> Option<Need> {
    let can = store?.capabilities();
    case.needs.iter().copied().find(|need| !need.is_met(can))
}

/// A runtime that is left behind where something in it hangs.
struct Threads {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Threads {
    fn new() -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// What `work` gives, or why it gives nothing. The clock is this thread's: a plugin may block the runtime's.
    fn within<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, String> {
        let (sender, receiver) = channel();
        let task = self.handle.spawn(async move { sender.send(work.await).ok() });
        receiver.recv_timeout(patience).map_err(|error| {
            task.abort();
            match error {
                RecvTimeoutError::Timeout => format!("no answer within {} s", patience.as_secs()),
                RecvTimeoutError::Disconnected => "the suite itself panicked: please report it".to_owned(),
            }
        })
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
