//! A gateway with workers, and a look at its processes.

pub(crate) use crate::system::processes;
use crate::system::{end_process, is_there};
use casement_tests::{Builder, Gateway, Runner, eventually, eventually_true};
use std::time::Duration;

/// Far above what a start of a worker takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn builder(workers: usize) -> Builder {
    Gateway::builder().server(&format!("workers = {workers}")).more("[admin]\nlisten = \"127.0.0.1:0\"").filesystem(
        "local",
        None,
        "default = true",
    )
}

/// A gateway whose workers are all there.
#[track_caller]
pub(crate) fn started(workers: usize) -> Gateway {
    let gateway = builder(workers).start();
    wait_for(&gateway, workers);
    gateway
}

#[track_caller]
pub(crate) fn wait_for(gateway: &Gateway, workers: usize) {
    eventually("all workers serve", || match serving(gateway) {
        found if found == workers && processes(gateway).len() == workers => Ok(()),
        found => Err(format!("{found} of {workers} serve; {:?}\n{}", processes(gateway), gateway.log().text())),
    });
}

/// How many workers the gateway says take connections.
pub(crate) fn serving(gateway: &Gateway) -> usize {
    let metrics = gateway.watcher().get("/metrics").expect(200).text();
    let line = metrics.lines().find(|line| line.starts_with("casement_workers") && line.contains("\"serving\""));
    line.unwrap().rsplit(' ').next().unwrap().parse().unwrap()
}

/// No worker has outlived its supervisor.
#[track_caller]
pub(crate) fn assert_gone(workers: &[u32]) {
    let all_gone = || !workers.iter().copied().any(is_there);
    match Runner::chosen() {
        // It tells of the end of a process a moment before that of Linux, which the process also is, is gone.
        Runner::Wine => eventually_true("the workers are gone", all_gone),
        Runner::Native => assert!(all_gone(), "of {workers:?}"),
    }
}

/// Ends a worker as a crash would.
#[track_caller]
pub(crate) fn kill(gateway: &Gateway, worker: u32) {
    end_process(process_of(gateway, worker), Runner::chosen());
}

/// What the log says of the end of one that was ended so.
pub(crate) fn killed() -> &'static str {
    match Runner::chosen() {
        // Its taskkill differs from Windows' in that.
        Runner::Wine => "exit code: 0",
        Runner::Native if Runner::chosen().is_windows() => "exit code: 1",
        Runner::Native => "signal: 9 (SIGKILL)",
    }
}

/// The process of a worker by the number that its system has for it, as the log tells.
#[track_caller]
pub(crate) fn process_of(gateway: &Gateway, worker: u32) -> u32 {
    let text = format!("worker {worker} serves, as process ");
    let line = gateway.log().wait_for(&text, PATIENCE);
    let line = line.unwrap_or_else(|| panic!("worker {worker} does not serve:\n{}", gateway.log().text()));
    line.split_once(&text).unwrap().1.trim().parse().unwrap()
}

/// The worker that has an upload in hand.
#[track_caller]
pub(crate) fn uploading(gateway: &Gateway) -> u32 {
    transferring(gateway, "upload")
}

/// The worker that has a transfer in hand.
#[track_caller]
pub(crate) fn transferring(gateway: &Gateway, direction: &str) -> u32 {
    eventually("a worker has the transfer in hand", || {
        let metrics = gateway.watcher().get("/metrics").expect(200).text();
        let worker = metrics.lines().find_map(|line| {
            let (_, rest) = line.split_once("casement_transfers_in_flight{worker=\"")?;
            let (worker, rest) = rest.split_once('"')?;
            (rest == format!(",direction=\"{direction}\"}} 1")).then(|| worker.parse().unwrap())
        });
        worker.ok_or(metrics)
    })
}
