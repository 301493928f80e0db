use std::{
    env,
    io::{self, Write},
    os::fd::AsFd,
    sync::{PoisonError, RwLock},
};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::{MakeWriter, writer::BoxMakeWriter};

/// Standard error. systemd's journal is told the priority of each line; else it would take all for the same.
pub(crate) fn stderr() -> BoxMakeWriter {
    if is_journal() { BoxMakeWriter::new(Journal) } else { BoxMakeWriter::new(|| Plain) }
}

/// The variable names the journal's socket by its device and its inode (systemd.exec(5)). It is inherited by those too
/// whose standard error has become something else.
fn is_journal() -> bool {
    let found = rustix::fs::fstat(io::stderr()).map(|file| format!("{}:{}", file.st_dev, file.st_ino));
    found.is_ok_and(|found| env::var("JOURNAL_STREAM").is_ok_and(|named| named == found))
}

struct Journal;

impl<'a> MakeWriter<'a> for Journal {
    type Writer = Prefixed;

    fn make_writer(&'a self) -> Prefixed {
        Prefixed("<6>")
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Prefixed {
        Prefixed(prefix(*event.level()))
    }
}

/// As sd-daemon(3) has them.
fn prefix(level: Level) -> &'static str {
    match level {
        Level::ERROR => "<3>",
        Level::WARN => "<4>",
        Level::INFO => "<6>",
        Level::DEBUG | Level::TRACE => "<7>",
    }
}

/// Takes whole events. One of several lines is as many for the journal.
struct Prefixed(&'static str);

impl Write for Prefixed {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let mut lines = Vec::with_capacity(event.len() + self.0.len());
        for line in event.split_inclusive(|byte| *byte == b'\n') {
            lines.extend_from_slice(self.0.as_bytes());
            lines.extend_from_slice(line);
        }
        put(io::stderr(), &lines)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes whole events.
struct Plain;

impl Write for Plain {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        put(io::stderr(), event)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What goes into a pipe as a whole, whoever else writes into it (POSIX, write()).
const PIPE_BUF: usize = 512;

/// Without the lock of `io::stderr`, at which requests would wait for each other's lines. Only beside what is long there
/// must be nothing else.
fn put(place: impl AsFd, mut lines: &[u8]) -> io::Result<()> {
    static LINES: RwLock<()> = RwLock::new(());
    let (_among_others, _alone);
    if lines.len() <= PIPE_BUF {
        _among_others = LINES.read().unwrap_or_else(PoisonError::into_inner);
    } else {
        _alone = LINES.write().unwrap_or_else(PoisonError::into_inner);
    }
    while !lines.is_empty() {
        match rustix::io::write(&place, lines) {
            Ok(written) => lines = &lines[written..],
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::{io::Read, thread};

    fn line(letter: char, len: usize) -> String {
        format!("{}\n", letter.to_string().repeat(len))
    }

    #[test]
    fn lines_of_several_threads_stay_whole_also_those_longer_than_a_pipe() {
        let (mut reader, writer) = io::pipe().unwrap();
        let (long, short) = (line('l', 200_000), line('s', 100));
        let mut text = String::new();
        thread::scope(|scope| {
            let writer = writer;
            for (line, times) in [(&long, 20), (&short, 20_000), (&short, 20_000)] {
                let writer = writer.try_clone().unwrap();
                scope.spawn(move || (0..times).for_each(|_| put(&writer, line.as_bytes()).unwrap()));
            }
            drop(writer);
            reader.read_to_string(&mut text).unwrap();
        });
        assert_eq!(text.len(), 20 * long.len() + 40_000 * short.len());
        for line in text.split_inclusive('\n') {
            assert!(line == long || line == short, "{} bytes of another line", line.len());
        }
    }
}
