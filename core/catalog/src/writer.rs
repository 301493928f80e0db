//! The one connection that writes. Whoever waits for their turn shares a commit, and with it the wait for the disk.
//!
//! A [`Write`] is a savepoint in a transaction of the database. When it is done it goes to the end of the line again, to
//! commit: those who waited before it have done their parts by then, and whoever comes back first commits for all. So
//! nobody waits for others to come, and as many as come during a flush share the next one. Where several processes write, a
//! transaction waits for its turn among them too.

use crate::{
    Error, Kind, Result,
    queue::{Front, Queue},
    remembered::Commits,
    sqlite::{Conn, closed},
};
use sqlx::Connection;
use std::{
    mem,
    ops::{Deref, DerefMut},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    runtime::Handle,
    sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard},
};

#[cfg(test)]
mod tests;

/// Cheap to clone; every clone is the same line.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    line: Arc<Mutex<Option<Connected>>>,
    commits: Commits,
}

#[derive(Debug)]
struct Connected {
    conn: Conn,
    /// Where other processes write too.
    queue: Option<Queue>,
    /// Held as long as there may be a transaction.
    front: Option<Front>,
    /// Those in the transaction that is open.
    group: Option<Arc<Group>>,
    /// What a write that was dropped has left.
    abandoned: Option<Abandoned>,
}

#[derive(Debug, Clone, Copy)]
struct Abandoned {
    has_savepoint: bool,
}

/// Writes that become durable together, or not at all.
#[derive(Debug, Default)]
struct Group {
    done: AtomicUsize,
    end: OnceLock<Result<(), (Kind, String)>>,
}

type Turn = OwnedMappedMutexGuard<Option<Connected>, Connected>;

/// A transaction that writes. It is undone unless it is committed.
#[derive(Debug)]
pub(crate) struct Write {
    turn: Turn,
    writer: Writer,
    group: Arc<Group>,
    has_savepoint: bool,
    is_done: bool,
}

impl Writer {
    pub(crate) fn new(conn: Conn, queue: Option<Queue>) -> Self {
        let connected = Connected { conn, queue, front: None, group: None, abandoned: None };
        Self { line: Arc::new(Mutex::new(Some(connected))), commits: Commits::default() }
    }

    pub(crate) fn commits(&self) -> Commits {
        self.commits.clone()
    }

    /// Waits for its turn, and begins.
    pub(crate) async fn begin(&self) -> Result<Write> {
        let turn = self.turn().await?;
        // From here on, whoever stops to wait leaves things in order.
        let (writer, group) = (self.clone(), Arc::default());
        let mut write = Write { turn, writer, group, has_savepoint: false, is_done: false };
        write.group = write.turn.open().await?;
        write.turn.run("SAVEPOINT one").await?;
        write.has_savepoint = true;
        Ok(write)
    }

    async fn turn(&self) -> Result<Turn> {
        let guard = self.line.clone().lock_owned().await;
        let mut turn = OwnedMutexGuard::try_map(guard, Option::as_mut).map_err(|_| closed())?;
        if turn.abandoned.is_none() {
            return Ok(turn);
        }
        // Half of it would leave the database held, if whoever waits here goes away too.
        let tidied = tokio::spawn(async move {
            turn.tidy_up().await;
            turn
        });
        tidied.await.map_err(|error| Error::new(Kind::Internal, "undoing a transaction has panicked").because(error))
    }

    pub(crate) async fn close(&self) {
        let Some(connected) = self.line.lock().await.take() else { return };
        if let Err(error) = connected.conn.close().await {
            tracing::warn!(%error, "the database was not closed well");
        }
    }
}

impl Connected {
    async fn run(&mut self, statement: &'static str) -> Result<(), sqlx::Error> {
        sqlx::query(statement).execute(&mut self.conn).await.map(drop)
    }

    /// The group of the transaction that is open, or of a new one.
    async fn open(&mut self) -> Result<Arc<Group>> {
        if let (None, Some(queue)) = (&self.front, &self.queue) {
            self.front = Some(queue.front().await?);
        }
        let opened = self.open_in_front().await;
        if opened.is_err() {
            self.front = None;
        }
        opened
    }

    async fn open_in_front(&mut self) -> Result<Arc<Group>> {
        let begun = match self.run("BEGIN IMMEDIATE").await {
            Err(error) if is_open_already(&error) => match &self.group {
                Some(group) => return Ok(group.clone()),
                // Whoever began it went away at once.
                None => {
                    self.run("ROLLBACK").await?;
                    self.run("BEGIN IMMEDIATE").await
                }
            },
            begun => begun,
        };
        begun?;
        let group = Arc::<Group>::default();
        // SQLite undoes a transaction by itself when the disk is full or fails.
        if let Some(lost) = self.group.replace(group.clone()) {
            lost.end(Err((Kind::Unavailable, "the database undid the transaction: look at its disk".to_owned())));
        }
        Ok(group)
    }

    /// Makes the group durable, unless somebody of it has.
    async fn commit(&mut self, group: &Group, commits: &Commits) {
        if group.end.get().is_some() {
            return;
        }
        let committed = self.run("COMMIT").await.map_err(Error::from);
        if committed.is_err() {
            self.run("ROLLBACK").await.ok();
        }
        self.front = None;
        // Also of one that failed: nobody knows what became of it.
        commits.count();
        self.group = None;
        group.end(committed.map_err(|error| (error.kind, error.message)));
    }

    /// Undoes what was dropped, and the transaction where it was alone in it.
    async fn tidy_up(&mut self) {
        let Some(Abandoned { has_savepoint }) = mem::take(&mut self.abandoned) else { return };
        let undone = match has_savepoint {
            true => match self.run("ROLLBACK TO one").await {
                Ok(()) => self.run("RELEASE one").await,
                failed => failed,
            },
            false => Ok(()),
        };
        let is_alone = self.group.as_ref().is_none_or(|group| group.done.load(Ordering::Relaxed) == 0);
        if undone.is_ok() && !is_alone {
            return;
        }
        self.run("ROLLBACK").await.ok();
        self.front = None;
        if let (Some(group), Err(error)) = (self.group.take(), undone) {
            let error = Error::from(error);
            group.end(Err((error.kind, error.message)));
        }
    }
}

fn is_open_already(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.message().contains("within a transaction"))
}

impl Group {
    fn end(&self, how: Result<(), (Kind, String)>) {
        // Whoever was first has said it.
        self.end.set(how).ok();
    }

    fn answer(&self) -> Result<()> {
        match self.end.get() {
            Some(Ok(())) => Ok(()),
            Some(Err((kind, message))) => Err(Error::new(*kind, message.clone())),
            None => Err(Error::new(Kind::Internal, "a transaction has no end")),
        }
    }
}

impl Write {
    /// Comes back when it is on the disk. Once begun, it goes on though nobody waits for it.
    pub(crate) async fn commit(self) -> Result<()> {
        tokio::spawn(self.carry_through())
            .await
            .map_err(|error| Error::new(Kind::Internal, "a commit has panicked").because(error))?
    }

    async fn carry_through(mut self) -> Result<()> {
        self.turn.run("RELEASE one").await?;
        self.is_done = true;
        self.group.done.fetch_add(1, Ordering::Relaxed);
        let (writer, group) = (self.writer.clone(), self.group.clone());
        drop(self);
        writer.turn().await?.commit(&group, &writer.commits).await;
        group.answer()
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        self.turn.abandoned = Some(Abandoned { has_savepoint: self.has_savepoint });
        let writer = self.writer.clone();
        // It may hold others up, and so does not wait for the next one to come.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { writer.turn().await.map(drop) });
        }
    }
}

impl Deref for Write {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.turn.conn
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.turn.conn
    }
}
