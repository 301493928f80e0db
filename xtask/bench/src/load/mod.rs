//! The load: requests over many connections, made by one thread, so that a server keeps the other cores.
//!
//! What is sent is in memory before the clock starts, and what is received is thrown away.

mod connection;
mod job;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::platform::{Content, discard};
    use std::{io::Write, iter};
    use tempfile::NamedTempFile;
    use tokio::{
        io::AsyncReadExt,
        net::{TcpListener, TcpStream},
    };

    const LEN: usize = 3 << 20;

    fn file() -> (NamedTempFile, Vec<u8>) {
        let mut file = NamedTempFile::new().unwrap();
        let bytes: Vec<_> = iter::repeat_with(|| fastrand::u8(..)).take(LEN + 1).collect();
        file.write_all(&bytes).unwrap();
        (file, bytes)
    }

    async fn connected() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), async {
            listener.accept().await.unwrap().0
        });
        (client.unwrap(), accepted)
    }

    #[tokio::test]
    async fn the_beginning_of_a_file_arrives_as_it_is() {
        let (file, bytes) = file();
        let content = Content::open(file.path(), LEN as u64).unwrap();
        let (client, mut server) = connected().await;
        let send = async move { content.send(&client).await.unwrap() };
        let mut received = Vec::new();
        let (_, read) = tokio::join!(send, server.read_to_end(&mut received));
        assert_eq!(read.unwrap(), LEN);
        assert!(received == bytes[..LEN]);
    }

    #[tokio::test]
    async fn what_is_thrown_away_is_counted() {
        let (file, _) = file();
        let content = Content::open(file.path(), LEN as u64).unwrap();
        let (client, server) = connected().await;
        let send = async move { content.send(&client).await.unwrap() };
        let discard = async {
            let (mut buffer, mut counted) = (vec![0; 64 << 10], 0);
            loop {
                match discard(&server, &mut buffer).await.unwrap() {
                    0 => return counted,
                    some => counted += some,
                }
            }
        };
        assert_eq!(tokio::join!(send, discard).1, LEN as u64);
    }

    #[test]
    fn a_file_that_is_too_short_is_refused() {
        let (file, bytes) = file();
        assert!(Content::open(file.path(), bytes.len() as u64 + 1).is_err());
    }
}
