//! The order in which the processes of a service write. SQLite has whoever finds the database busy look again after a while,
//! and after a longer while the next time: who is unlucky waits for seconds. The system hands its locks on as they are let go.

use crate::{
    Error, Kind, Result,
    lock::open_beside,
    sqlite::{PATIENCE, closed},
};
use std::{
    fs::File,
    io,
    path::Path,
    sync::{Arc, mpsc},
    thread,
};
use tokio::{sync::oneshot, time::timeout};

/// A place in it. There are two locks, of who writes and of who is next, so that a process that has written and wants to
/// write again comes after the one that is next, however much faster it is.
#[derive(Debug)]
pub(crate) struct Queue(mpsc::Sender<Asked>);

type Asked = oneshot::Sender<io::Result<Front>>;

/// This process is the one that writes, until this is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Front {
    writes: Arc<File>,
    /// Tells the thread, after the lock.
    _left: mpsc::Sender<()>,
}

impl Queue {
    pub(crate) fn open(database: &Path) -> Result<Self> {
        let (next, writes) = (open_beside(database, ".next")?, Arc::new(open_beside(database, ".writer")?));
        let (asked, requests) = mpsc::channel();
        // What waits for a lock of a file can't be told to stop, so there is one thread, and not one for each who waits.
        thread::Builder::new().name("casement-queue".to_owned()).spawn(move || wait(&next, &writes, &requests))?;
        Ok(Self(asked))
    }

    /// Waits until all that came before have written.
    pub(crate) async fn front(&self) -> Result<Front> {
        let (asked, answer) = oneshot::channel();
        self.0.send(asked).map_err(|_| closed())?;
        match timeout(PATIENCE, answer).await {
            Ok(answer) => Ok(answer.map_err(|_| closed())??),
            Err(_) => Err(Error::new(
                Kind::Busy,
                format!("other processes of the service have kept the database for {} s", PATIENCE.as_secs()),
            )),
        }
    }
}

fn wait(next: &File, writes: &Arc<File>, requests: &mpsc::Receiver<Asked>) {
    for asked in requests {
        if asked.is_closed() {
            continue;
        }
        let (left, end) = mpsc::channel();
        let locked = next.lock().and_then(|()| writes.lock());
        next.unlock().ok();
        // It is let go of at once where nobody waits any more.
        if asked.send(locked.map(|()| Front { writes: writes.clone(), _left: left })).is_ok() {
            end.recv().ok();
        }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.writes.unlock().ok();
    }
}

#[cfg(test)]
mod tests;
