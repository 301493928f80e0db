//! A worker, as its supervisor has it.

use super::{
    crew::Shared,
    link::Link,
    protocol::{Order, Question, Start, Word},
};
use crate::{
    exit::{Exit, Failure, Result},
    telemetry::LogLines,
};
use casement_http::Callers;
use serde::de::IgnoredAny;
use std::{future, io, io::Write, process::ExitStatus, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    process::Child,
    sync::mpsc,
    time::{sleep, timeout},
};

/// How often a worker is asked whether it is there, and how long it may take to answer.
const LOOK: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(30);
/// A line of the log is cut there: a plugin may write whatever it likes.
const LONGEST_LINE: u64 = 64 << 10;

/// Dropped, it is killed.
pub(super) struct Process {
    pub(super) number: u32,
    pub(super) node: String,
    pub(super) link: Link,
    pub(super) is_ready: bool,
    words: mpsc::Receiver<Word>,
    child: Child,
}

impl Process {
    /// Whom it serves is counted among these callers.
    pub(super) fn spawn(start: &Start, shared: &Shared, callers: Callers) -> Result<Self> {
        let Shared { parent, log, .. } = shared;
        let (mut child, reader, writer) =
            parent.spawn(log.is_some()).map_err(Failure::of(Exit::Temporary, "a worker cannot be started"))?;
        if let (Some(log), Some(errors)) = (log, child.stderr.take()) {
            tokio::spawn(copy_lines(errors, log.clone()));
        }
        let (link, words) = Link::new(reader, writer, callers);
        link.tell(start);
        Ok(Self { number: start.number, node: start.node.clone(), link, is_ready: false, words, child })
    }

    /// The system's number for it.
    pub(super) fn id(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Waits until it takes connections.
    pub(super) async fn ready(&mut self, starting: impl Fn(&str)) -> Result<()> {
        loop {
            match self.words.recv().await {
                Some(Word::Starting(step)) => starting(&step),
                Some(Word::Ready) => break,
                Some(Word::Failed(failure)) => return Err(failure),
                Some(Word::Answer { .. } | Word::Admit { .. } | Word::TransferEnded(_)) => {}
                None => {
                    let text = format!("it ended before it could serve: {}", self.ended().await);
                    return Err(Failure::new(Exit::Temporary, text));
                }
            }
        }
        self.is_ready = true;
        Ok(())
    }

    /// Waits for its end, and says how that was. One that does not answer any more is ended.
    pub(super) async fn ended(&mut self) -> String {
        let link = self.link.clone();
        tokio::select! {
            status = self.child.wait() => told(status),
            () = silent(&link, self.is_ready) => self.kill("it did not answer any more, and was ended").await,
        }
    }

    /// Has it end within that time, else ends it.
    pub(super) async fn stop(&mut self, within: Duration) -> String {
        self.link.tell(&Order::Stop);
        match timeout(within, self.child.wait()).await {
            Ok(status) => told(status),
            Err(_) => self.kill("it did not end in time, and was ended").await,
        }
    }

    pub(super) async fn kill(&mut self, why: &str) -> String {
        match self.child.kill().await {
            Ok(()) => why.to_owned(),
            Err(error) => format!("{why}: {error}"),
        }
    }
}

fn told(status: io::Result<ExitStatus>) -> String {
    status.map_or_else(|error| error.to_string(), |status| status.to_string())
}

/// Comes back when the worker does not answer in time. While it starts it has no time for that.
async fn silent(link: &Link, is_ready: bool) {
    if !is_ready {
        future::pending::<()>().await;
    }
    loop {
        sleep(LOOK).await;
        if link.ask::<IgnoredAny>(Question::Health, PATIENCE).await.is_err() {
            return;
        }
    }
}

async fn copy_lines(errors: impl AsyncRead + Unpin, mut log: LogLines) {
    let mut errors = BufReader::new(errors);
    let mut line = Vec::new();
    while matches!((&mut errors).take(LONGEST_LINE).read_until(b'\n', &mut line).await, Ok(1..)) {
        if line.last() != Some(&b'\n') {
            line.push(b'\n');
        }
        // It counts by itself what it can't write.
        log.write_all(&line).ok();
        line.clear();
    }
}
