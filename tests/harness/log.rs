use crate::wait::PAUSE;
use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

#[derive(Default)]
struct Lines {
    lines: Vec<String>,
    ended: bool,
}

/// What a process wrote to its standard error, kept for waiting on a line and for showing on failure.
#[derive(Clone, Default)]
pub struct Log(Arc<(Mutex<Lines>, Condvar)>);

impl Log {
    /// Reads `source` on a thread until it ends.
    pub(crate) fn follow(source: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let writer = log.clone();
        thread::spawn(move || {
            let (lines, changed) = &*writer.0;
            let mut source = BufReader::new(source);
            let mut line = Vec::new();
            while matches!(source.read_until(b'\n', &mut line), Ok(1..)) {
                lines.lock().unwrap().lines.push(String::from_utf8_lossy(&line).trim_end().to_owned());
                changed.notify_all();
                line.clear();
            }
            lines.lock().unwrap().ended = true;
            changed.notify_all();
        });
        log
    }

    /// Reads a file that comes to be, and grows, until `process`, what its writer says elsewhere, ends. A file that takes its
    /// place is not read.
    pub(crate) fn follow_file(path: &Path, process: &Self) -> Self {
        Self::follow(Tail { path: path.into(), file: None, process: process.clone() })
    }

    /// The first line that contains `text`; `None` when the log ends or the time is up before it comes.
    pub fn wait_for(&self, text: &str, deadline: Duration) -> Option<String> {
        let (lines, changed) = &*self.0;
        let find = |lines: &Lines| lines.lines.iter().find(|line| line.contains(text)).cloned();
        let (lines, _) = changed
            .wait_timeout_while(lines.lock().unwrap(), deadline, |lines| !lines.ended && find(lines).is_none())
            .unwrap();
        find(&lines)
    }

    fn has_ended(&self) -> bool {
        self.0.0.lock().unwrap().ended
    }

    pub fn text(&self) -> String {
        self.0.0.lock().unwrap().lines.join("\n")
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

struct Tail {
    path: PathBuf,
    file: Option<File>,
    process: Log,
}

impl Read for Tail {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // Asked before the file is read: what was written before the end is read then.
            let has_ended = self.process.has_ended();
            self.file = self.file.take().or_else(|| File::open(&self.path).ok());
            let read = self.file.as_mut().map_or(Ok(0), |file| file.read(buffer))?;
            if read > 0 || has_ended {
                return Ok(read);
            }
            thread::sleep(PAUSE);
        }
    }
}
