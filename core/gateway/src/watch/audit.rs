//! The audit log's file. Requests hand their entries to a thread and go on; where it can't keep up, or the disk is full,
//! entries are lost, and that is told and counted.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix::keep_off;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows::keep_off;

use crate::{
    append::try_append,
    config::Audit as Options,
    exit::{Exit, Failure, Result},
};
use casement_http::{Audit, AuditEntry, Outcome};
use metrics::counter;
use serde::Serialize;
use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};

/// Entries that may wait for the disk: a few MiB.
const WAITING: usize = 8192;

#[derive(Debug)]
pub(super) struct AuditLog {
    file: Option<(NonBlocking, WorkerGuard)>,
    /// Entries that the file did not take.
    lost: Arc<AtomicU64>,
    log: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    #[serde(flatten)]
    entry: &'a AuditEntry<'a>,
}

impl AuditLog {
    /// `None` where nobody wants one. Whether other processes write to the file too is `is_shared`.
    ///
    /// # Errors
    /// When the file can't be opened.
    pub(super) fn open(options: &Options, is_shared: bool) -> Result<Option<Self>> {
        if options.file.is_none() && !options.log {
            return Ok(None);
        }
        let lost = Arc::new(AtomicU64::new(0));
        let file = options.file.as_deref().map(|path| queue(path, is_shared, lost.clone())).transpose()?;
        for outcome in [Outcome::Success, Outcome::Denied, Outcome::Failed] {
            counter!("casement_audit_entries_total", "outcome" => name_of(outcome)).increment(0);
        }
        Ok(Some(Self { file, lost, log: options.log }))
    }

    /// Brings the figure of lost entries up to date.
    pub(super) fn tell_lost(&self) {
        let dropped = self.file.as_ref().map_or(0, |(queue, _)| queue.error_counter().dropped_lines());
        let lost = self.lost.load(Ordering::Relaxed) + dropped as u64;
        counter!("casement_audit_lost_entries_total").absolute(lost);
    }
}

/// Whether the file can be written.
pub(crate) fn check(file: &Path) -> Result<()> {
    try_append(file).map_err(|error| unfit(file, &error))
}

impl Audit for AuditLog {
    fn record(&self, entry: &AuditEntry<'_>) {
        counter!("casement_audit_entries_total", "outcome" => name_of(entry.outcome)).increment(1);
        let time = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
        let mut line = match serde_json::to_string(&Line { time, entry }) {
            Ok(line) => line,
            Err(error) => return tracing::error!(%error, "an audit entry can't be written as JSON"),
        };
        if self.log {
            tracing::info!(target: "casement::audit", "{line}");
        }
        if let Some((queue, _)) = &self.file {
            line.push('\n');
            // It never waits, and counts by itself what it can't take.
            queue.clone().write_all(line.as_bytes()).ok();
        }
    }
}

fn queue(path: &Path, is_shared: bool, lost: Arc<AtomicU64>) -> Result<(NonBlocking, WorkerGuard)> {
    append(path).map_err(|error| unfit(path, &error))?;
    let queue = NonBlockingBuilder::default().buffered_lines_limit(WAITING).thread_name("casement-audit");
    Ok(queue.finish(AuditFile { path: path.to_owned(), is_shared, failing: false, lost }))
}

fn unfit(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Config, format_args!("audit.file: {}: {error}", path.display()))
}

fn name_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "success",
        Outcome::Denied => "denied",
        Outcome::Failed => "failed",
    }
}

/// The thread's end of the queue: each write is one line.
struct AuditFile {
    path: PathBuf,
    is_shared: bool,
    failing: bool,
    lost: Arc<AtomicU64>,
}

/// Opened anew for each line, so that the file can be renamed at any time, on every system.
fn append(path: &Path) -> io::Result<File> {
    File::options().create(true).append(true).open(path)
}

impl AuditFile {
    fn write_line(&self, line: &[u8]) -> io::Result<()> {
        let mut file = append(&self.path)?;
        // So that nobody else writes between the look at the length and the end of the line.
        let _alone = self.is_shared.then(|| keep_off(&file, &self.path)).transpose()?;
        let length = file.metadata()?.len();
        file.write_all(line).inspect_err(|_| {
            // Half a line would spoil the next one. What is no ordinary file can't be cut, and need not be.
            file.set_len(length).ok();
        })
    }
}

impl Write for AuditFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.write_line(line) {
            Ok(()) if self.failing => {
                let lost = self.lost.load(Ordering::Relaxed);
                tracing::warn!(file = %self.path.display(), lost, "the audit log can be written again");
                self.failing = false;
            }
            Ok(()) => {}
            Err(error) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
                if !self.failing {
                    let file = self.path.display();
                    tracing::error!(%file, %error, "the audit log can't be written: entries are lost until it can; make room");
                }
                self.failing = true;
            }
        }
        // The thread would drop an error without a word.
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::fs;

    fn audit_file(path: PathBuf) -> AuditFile {
        AuditFile { path, is_shared: true, failing: false, lost: Arc::default() }
    }

    #[test]
    fn a_renamed_file_is_followed_by_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let (path, old) = (folder.path().join("audit.jsonl"), folder.path().join("audit.jsonl.1"));
        let mut file = audit_file(path.clone());
        file.write_all(b"one\n").unwrap();
        fs::rename(&path, &old).unwrap();
        file.write_all(b"two\n").unwrap();
        assert_eq!((fs::read(&old).unwrap(), fs::read(&path).unwrap()), (b"one\n".to_vec(), b"two\n".to_vec()));
    }

    #[test]
    fn what_can_not_be_written_is_counted_and_later_lines_are_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing").join("audit.jsonl");
        let mut file = audit_file(path.clone());
        file.write_all(b"one\n").unwrap();
        assert!(file.failing);
        fs::create_dir(path.parent().unwrap()).unwrap();
        file.write_all(b"two\n").unwrap();
        assert_eq!((file.failing, file.lost.load(Ordering::Relaxed)), (false, 1));
        assert_eq!(fs::read(&path).unwrap(), b"two\n");
    }

    #[test]
    fn a_file_that_can_not_be_opened_stops_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { file: Some(folder.path().join("no/audit.jsonl")), log: false };
        let failure = AuditLog::open(&options, false).unwrap_err();
        assert!(failure.to_string().starts_with("audit.file: "), "{failure}");
    }
}
