use std::{
    fmt,
    io::{BufRead, BufReader, Read},
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

    /// The first line that contains `text`; `None` when the log ends or the time is up before it comes.
    pub fn wait_for(&self, text: &str, deadline: Duration) -> Option<String> {
        let (lines, changed) = &*self.0;
        let find = |lines: &Lines| lines.lines.iter().find(|line| line.contains(text)).cloned();
        let (lines, _) = changed
            .wait_timeout_while(lines.lock().unwrap(), deadline, |lines| !lines.ended && find(lines).is_none())
            .unwrap();
        find(&lines)
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
