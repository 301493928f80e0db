//! One of the places that a worker is to be at.

use super::{back_off::BackOff, crew::Crew, process::Process};
use crate::exit::{Exit, Failure, Result};
use metrics::counter;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::sleep,
};
use tracing::error;

const NOBODY: u32 = 0;

/// How a reload reaches it.
pub(super) struct Slot {
    worker: Arc<AtomicU32>,
    successors: mpsc::Sender<Successor>,
}

/// What comes to the place of a worker that is to retire.
struct Successor {
    /// Without it the place starts one itself.
    process: Option<Box<Process>>,
    /// Dropped when the worker takes no connection any more.
    retired: oneshot::Sender<()>,
}

impl Slot {
    /// The number of the worker that is there now.
    pub(super) fn worker(&self) -> Option<u32> {
        Some(self.worker.load(Ordering::Relaxed)).filter(|number| *number != NOBODY)
    }

    /// Has the worker retire, and waits until it takes no connection any more. Without a successor the place starts one itself.
    pub(super) async fn succeed(&self, successor: Option<Process>) {
        let (retired, told) = oneshot::channel();
        self.successors.send(Successor { process: successor.map(Box::new), retired }).await.ok();
        told.await.ok();
    }

    /// A place, and what keeps it filled until the supervisor stops.
    pub(super) fn new(crew: &Crew, first: Option<Process>) -> (Self, impl Future<Output = ()> + use<>) {
        let (successors, receiver) = mpsc::channel(1);
        let worker = Arc::new(AtomicU32::new(NOBODY));
        let keeper =
            Keeper { crew: crew.clone(), worker: worker.clone(), successors: receiver, back_off: BackOff::default() };
        (Self { worker, successors }, keeper.keep(first))
    }
}

struct Keeper {
    crew: Crew,
    worker: Arc<AtomicU32>,
    successors: mpsc::Receiver<Successor>,
    back_off: BackOff,
}

/// What comes after a worker.
enum Next {
    Successor(Option<Box<Process>>),
    Died(Failure, Duration),
    Stop,
}

impl Keeper {
    async fn keep(mut self, first: Option<Process>) {
        let mut pause = Duration::ZERO;
        let mut next = first;
        loop {
            let process = match next.take() {
                Some(process) => Ok(process),
                None => match self.rest(pause).await {
                    Next::Successor(Some(process)) => Ok(*process),
                    Next::Stop => return,
                    _ => self.crew.spawn(),
                },
            };
            let came = match process {
                Ok(process) => self.work(process).await,
                Err(failure) => Next::Died(failure, Duration::ZERO),
            };
            self.worker.store(NOBODY, Ordering::Relaxed);
            match came {
                Next::Successor(successor) => (next, pause) = (successor.map(|process| *process), Duration::ZERO),
                Next::Stop => return,
                Next::Died(failure, served) => {
                    counter!("casement_worker_deaths_total").increment(1);
                    pause = self.back_off.pause(served);
                    error!("{failure}; another worker is started in {pause:?}");
                }
            }
        }
    }

    /// Waits before a start.
    async fn rest(&mut self, pause: Duration) -> Next {
        tokio::select! {
            biased;
            () = self.crew.stop.cancelled() => Next::Stop,
            Some(successor) = self.successors.recv() => Next::Successor(successor.process),
            () = sleep(pause) => Next::Successor(None),
        }
    }

    /// The life of a worker.
    async fn work(&mut self, mut process: Process) -> Next {
        self.worker.store(process.number, Ordering::Relaxed);
        let began = Instant::now();
        let crew = self.crew.clone();
        tokio::select! {
            failure = live(&crew, &mut process) => {
                crew.is_gone(process);
                Next::Died(failure, began.elapsed())
            }
            Some(successor) = self.successors.recv() => {
                match process.is_ready {
                    true => crew.retire(process, successor.retired),
                    false => crew.end(process),
                }
                Next::Successor(successor.process)
            }
            () = self.crew.stop.cancelled() => {
                process.stop(crew.shared.longest_end).await;
                crew.is_gone(process);
                Next::Stop
            }
        }
    }
}

/// Until a worker dies; why it did.
async fn live(crew: &Crew, process: &mut Process) -> Failure {
    let number = process.number;
    if let Err(failure) = serve(crew, process).await {
        return Failure::new(failure.exit, format_args!("worker {number} cannot serve: {failure}"));
    }
    let how = process.ended().await;
    Failure::new(Exit::Temporary, format_args!("worker {number} has died: {how}"))
}

async fn serve(crew: &Crew, process: &mut Process) -> Result<()> {
    if !process.is_ready {
        process.ready(|_| ()).await?;
    }
    crew.serves(process);
    Ok(())
}
