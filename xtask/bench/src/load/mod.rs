//! The load: requests over many connections, made by one thread, so that a server keeps the other cores.
//!
//! What is sent is in memory before the clock starts, and what is received is thrown away.

mod connection;
mod job;
mod tally;

use crate::Result;
use connection::Connection;
use job::{Job, Prepared};
use std::{
    cell::{Cell, RefCell},
    io::Read,
    rc::Rc,
    time::Duration,
};
use tally::{Outcome, Tally};
use tokio::{
    runtime::Builder,
    task::LocalSet,
    time::{Instant, timeout},
};

pub(crate) fn run(job: impl Read) -> Result<Outcome> {
    let job: Job = serde_json::from_reader(job).map_err(|err| format!("this is no job: {err}"))?;
    let work = Rc::new(Work { requests: job.prepare()?, job, next: Cell::new(0), tally: RefCell::default() });
    let runtime = Builder::new_current_thread().enable_all().build().map_err(|err| err.to_string())?;
    let start = Instant::now();
    LocalSet::new().block_on(&runtime, async {
        let clients: Vec<_> = (0..work.job.clients).map(|_| tokio::task::spawn_local(client(work.clone()))).collect();
        for client in clients {
            client.await.map_err(|err| format!("a client ended: {err}"))?;
        }
        Ok::<_, String>(())
    })?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(work.tally.take().outcome(seconds))
}

/// What the clients share.
struct Work {
    job: Job,
    requests: Vec<Prepared>,
    next: Cell<usize>,
    tally: RefCell<Tally>,
}

impl Work {
    /// Each of the requests once, or again and again.
    fn next(&self) -> Option<&Prepared> {
        let number = self.next.get();
        self.next.set(number + 1);
        match self.job.seconds {
            Some(_) => self.requests.get(number % self.requests.len()),
            None => self.requests.get(number),
        }
    }
}

async fn client(work: Rc<Work>) {
    let mut connection = Connection::new(&work.job.address, work.job.pace);
    let end = work.job.seconds.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds));
    while end.is_none_or(|end| Instant::now() < end) {
        let Some(request) = work.next() else { break };
        let start = Instant::now();
        let patience = match (end, work.job.pace) {
            // A slow transfer goes on until the end.
            (Some(end), Some(_)) => end - start,
            _ => Duration::from_secs_f64(work.job.patience),
        };
        let done = timeout(patience, connection.exchange(request)).await;
        let received = connection.received();
        let mut tally = work.tally.borrow_mut();
        match done {
            Ok(Ok(())) => tally.answered(start.elapsed(), received),
            Ok(Err(text)) => {
                tally.failed(text);
                connection.close();
            }
            Err(_) if work.job.pace.is_some() && received > 0 => tally.answered(start.elapsed(), received),
            Err(_) => {
                tally.failed(format!("no answer within {} s", patience.as_secs()));
                connection.close();
            }
        }
    }
}
