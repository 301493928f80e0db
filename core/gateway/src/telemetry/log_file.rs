//! A log file that is put aside when it is large enough. This process is its only writer.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use time::{Duration, OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

/// The time at which a file was put aside, as its name has it: in the order of names, the oldest is the first.
const MOMENT: &[BorrowedFormatItem<'_>] =
    format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:9]Z");

/// Never fails a write: no request ends because of a log. What cannot be written is counted, and complained of once.
pub(super) struct LogFile {
    path: PathBuf,
    file: Option<File>,
    len: u64,
    max_size: u64,
    /// When it is put aside: beyond `max_size` where that has failed before.
    limit: u64,
    keep: usize,
    /// Half a line is at its end.
    is_torn: bool,
    lost: u64,
    complain: Box<dyn Fn(&str) + Send>,
}

impl LogFile {
    pub(super) fn open(
        path: PathBuf,
        max_size: u64,
        keep: usize,
        complain: impl Fn(&str) + Send + 'static,
    ) -> io::Result<Self> {
        let complain = Box::new(complain);
        let mut log =
            Self { path, file: None, len: 0, max_size, limit: max_size, keep, is_torn: false, lost: 0, complain };
        log.opened()?;
        Ok(log)
    }

    fn opened(&mut self) -> io::Result<&mut File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => {
                let file = OpenOptions::new().append(true).create(true).open(&self.path)?;
                self.len = file.metadata()?.len();
                file
            }
        };
        Ok(self.file.insert(file))
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let is_torn = self.is_torn;
        let file = self.opened()?;
        let start: &[u8] = if is_torn { b"\n" } else { b"" };
        let written = write_counted(file, &[start, line].concat());
        self.len += written.len;
        self.is_torn = if written.len == 0 { is_torn } else { written.result.is_err() };
        written.result
    }

    /// Puts the file aside and begins a new one. Where that fails the old one goes on, and is tried again when it has grown
    /// as much again.
    fn rotate(&mut self) {
        // Windows renames no file that is open, unless all who have it open agree.
        self.file = None;
        match put_aside(&self.path) {
            Ok(()) => self.limit = self.max_size,
            Err(error) => {
                self.limit = self.len.saturating_add(self.max_size);
                (self.complain)(&format!("the log file {} cannot be put aside: {error}", self.path.display()));
            }
        }
        self.len = 0;
        remove_oldest(&self.path, self.keep);
    }

    fn lose(&mut self, error: &io::Error) {
        self.lost += 1;
        metrics::counter!("casement_log_lost_lines_total").increment(1);
        if self.lost == 1 {
            let path = self.path.display();
            (self.complain)(&format!("the log file {path} cannot be written: {error}; lines are lost until it can"));
        }
    }

    fn recover(&mut self) {
        if self.lost > 0 {
            let (path, lost) = (self.path.display(), self.lost);
            (self.complain)(&format!("the log file {path} is written again; lines that were lost: {lost}"));
            self.lost = 0;
        }
    }
}

impl Write for LogFile {
    /// One line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.len > 0 && self.len.saturating_add(line.len() as u64) > self.limit {
            self.rotate();
        }
        match self.append(line) {
            Ok(()) => self.recover(),
            Err(error) => self.lose(&error),
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The file, for several that write lines to it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<LogFile>>);

impl Shared {
    pub(super) fn new(file: LogFile) -> Self {
        Self(Arc::new(Mutex::new(file)))
    }
}

impl Write for Shared {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How much was written, whether all of it or not.
struct Written {
    len: u64,
    result: io::Result<()>,
}

fn write_counted(file: &mut File, bytes: &[u8]) -> Written {
    let mut len = 0;
    while len < bytes.len() {
        match file.write(&bytes[len..]) {
            Ok(0) => return Written { len: len as u64, result: Err(io::ErrorKind::WriteZero.into()) },
            Ok(more) => len += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Written { len: len as u64, result: Err(error) },
        }
    }
    Written { len: len as u64, result: Ok(()) }
}

fn put_aside(path: &Path) -> io::Result<()> {
    let aside = name_aside(path)?;
    fs::rename(path, &aside).or_else(|_| {
        // On Windows, who reads the file and does not share its deletion holds its name; not what is in it.
        copy_and_empty(path, &aside).inspect_err(|_| _ = fs::remove_file(&aside))
    })
}

fn copy_and_empty(path: &Path, aside: &Path) -> io::Result<()> {
    fs::copy(path, aside)?;
    OpenOptions::new().write(true).truncate(true).open(path).map(drop)
}

/// `casement.log` becomes `casement-20261126T091500.000000000Z.log`.
fn name_aside(path: &Path) -> io::Result<PathBuf> {
    let mut moment = OffsetDateTime::now_utc();
    loop {
        let text = moment.format(MOMENT).map_err(io::Error::other)?;
        let aside = path.with_file_name(format!("{}{text}{}", prefix(path), suffix(path)));
        if !aside.try_exists()? {
            return Ok(aside);
        }
        // The clock has not moved since the last time.
        moment += Duration::NANOSECOND;
    }
}

/// What cannot be removed now is in the way the next time.
fn remove_oldest(path: &Path, keep: usize) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut aside: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_aside(path, name))
        .collect();
    aside.sort_unstable();
    for name in &aside[..aside.len().saturating_sub(keep)] {
        fs::remove_file(folder.join(name)).ok();
    }
}

fn is_aside(path: &Path, name: &str) -> bool {
    let moment = name.strip_prefix(&prefix(path)).and_then(|rest| rest.strip_suffix(&suffix(path)));
    moment.is_some_and(|text| time::PrimitiveDateTime::parse(text, MOMENT).is_ok())
}

fn prefix(path: &Path) -> String {
    format!("{}-", path.file_stem().unwrap_or_default().to_string_lossy())
}

fn suffix(path: &Path) -> String {
    path.extension().map(|extension| format!(".{}", extension.to_string_lossy())).unwrap_or_default()
}

#[cfg(test)]
mod tests;
