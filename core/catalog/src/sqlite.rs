//! What is particular to SQLite: how its file is opened and shared, and what its error codes mean.

use crate::{
    Error, Kind, Lock, Options, Result,
    queue::Queue,
    remembered::Commits,
    schema,
    writer::{Write, Writer},
};
use metrics::{Histogram, histogram};
use sqlx::{
    ConnectOptions, Connection, Pool, QueryBuilder, Sqlite, SqliteConnection, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};
use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

pub(crate) type Db = Sqlite;
pub(crate) type Row = SqliteRow;
pub(crate) type Conn = SqliteConnection;
pub(crate) type Tx = Transaction<'static, Db>;
pub(crate) type Sql = QueryBuilder<Db>;

/// KiB that each reader may have, negative as SQLite wants them. A list by a property goes through some 500 pages of a large
/// catalog, which is as much as a reader has otherwise: one more, and each list reads them all from the file again.
const CACHE: &str = "-4000";

/// How long to wait for whoever else holds the file: another process of the service, or a foreign program (a backup, a shell).
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// One connection that writes, several that read, and the lock that keeps other services out.
#[derive(Debug)]
pub(crate) struct Database {
    writer: Writer,
    readers: Pool<Db>,
    lock: Mutex<Option<Lock>>,
    waits: Waits,
}

/// How long transactions wait for their turn.
#[derive(Debug)]
struct Waits {
    writer: Histogram,
    readers: Histogram,
}

impl Default for Waits {
    fn default() -> Self {
        let waits = |connection| histogram!("casement_catalog_wait_seconds", "connection" => connection);
        Self { writer: waits("writer"), readers: waits("reader") }
    }
}

impl Database {
    /// Without a lock somebody else has it, for this process and others.
    pub(crate) async fn open(options: &Options, lock: Option<Lock>) -> Result<Self> {
        let path = absolute(&options.path)?;
        let queue = if lock.is_some() { None } else { Some(Queue::open(&path)?) };
        let connect = SqliteConnectOptions::new()
            .filename(&path)
            .busy_timeout(PATIENCE)
            // Glance leaves them off, so its databases may hold rows that would not pass.
            .foreign_keys(false);
        let writing = connect
            .clone()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // More than FULL only where a file system has no WAL: then the directory is flushed as well.
            .synchronous(SqliteSynchronous::Extra);
        let pool = SqlitePoolOptions::new()
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            // SQLite undoes a transaction by itself when the disk is full or fails. sqlx, whose own undoing then finds
            // nothing, believes for ever that it is open, and would begin no other one on this connection.
            .before_acquire(|conn, _| Box::pin(async { Ok(!conn.is_in_transaction()) }));

        let opened = async {
            let writer = Writer::new(writing.connect().await?, queue);
            let mut tx = writer.begin().await?;
            schema::prepare(&mut tx).await?;
            tx.commit().await?;
            let reading = connect.pragma("query_only", "ON").pragma("cache_size", CACHE);
            let readers = pool.max_connections(options.readers.max(1)).connect_with(reading).await?;
            Ok::<_, Error>((writer, readers))
        };
        let (writer, readers) = opened.await.map_err(|error| Error {
            message: format!("the database {} can't be opened: {}", path.display(), error.message),
            ..error
        })?;
        Ok(Self { writer, readers, lock: Mutex::new(lock), waits: Waits::default() })
    }

    pub(crate) async fn close(&self) {
        // The writer last: it folds the write-ahead log into the file.
        self.readers.close().await;
        self.writer.close().await;
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Begins a transaction that writes. It is undone unless it is committed.
    pub(crate) async fn write(&self) -> Result<Write> {
        timed(&self.waits.writer, self.writer.begin()).await
    }

    /// Begins a transaction that sees one state of the database in all its queries.
    pub(crate) async fn snapshot(&self) -> Result<Tx> {
        timed(&self.waits.readers, async { Ok(self.readers.begin().await?) }).await
    }

    pub(crate) fn commits(&self) -> Commits {
        self.writer.commits()
    }

    /// For a single query that reads.
    pub(crate) fn reader(&self) -> &Pool<Db> {
        &self.readers
    }

    /// Reads, and does not wait for the writer: a database that is busy is well.
    pub(crate) async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT version FROM casement_schema").fetch_one(&self.readers).await?;
        Ok(())
    }
}

async fn timed<T>(wait: &Histogram, begin: impl Future<Output = Result<T>>) -> Result<T> {
    let asked = Instant::now();
    let begun = begin.await;
    wait.record(asked.elapsed());
    begun
}

/// An absolute path is never taken for a URI or for `:memory:`.
pub(crate) fn absolute(database: &Path) -> Result<PathBuf> {
    let path = std::path::absolute(database)
        .map_err(|error| unreachable_file(database, "its path is not valid").because(error))?;
    if !path.parent().is_some_and(Path::is_dir) {
        return Err(unreachable_file(&path, "its directory does not exist; make it first"));
    }
    Ok(path)
}

pub(crate) fn unreachable_file(path: &Path, reason: &str) -> Error {
    Error::new(Kind::Unavailable, format!("the database file {} can't be used: {reason}", path.display()))
}

/// Whether there is such a table.
pub(crate) async fn has_table(conn: &mut Conn, name: &str) -> Result<bool> {
    let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?")
        .bind(name)
        .fetch_optional(conn)
        .await?;
    Ok(found.is_some())
}

pub(crate) fn closed() -> Error {
    sqlx::Error::PoolClosed.into()
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        sqlx::Error::Io(error).into()
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let (kind, message) = match &error {
            sqlx::Error::Database(of_sqlite) => classify(of_sqlite.code().as_deref().unwrap_or_default()),
            sqlx::Error::PoolTimedOut => (Kind::Busy, "the database is overloaded"),
            sqlx::Error::PoolClosed => (Kind::Unavailable, "the database is closed"),
            sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => (Kind::Unavailable, "the database can't be reached"),
            _ => (Kind::Internal, "the database answered something unexpected"),
        };
        Self::new(kind, format!("{message}: {error}")).because(error)
    }
}

/// The primary code is in the low byte; see <https://www.sqlite.org/rescode.html>.
fn classify(code: &str) -> (Kind, &'static str) {
    match code.parse::<u32>().map(|code| code & 0xff) {
        Ok(5 | 6) => (Kind::Busy, "a foreign program holds the database; wait for its end, or stop it"),
        Ok(3 | 8) => {
            (Kind::Unavailable, "the database may not be written; look at the permissions of its file and directory")
        }
        Ok(13) => (Kind::Unavailable, "the disk that holds the database is full; make room"),
        Ok(7 | 10 | 14) => (Kind::Unavailable, "the database can't be read or written; look at its disk"),
        Ok(11) => (Kind::Internal, "the database is damaged; restore it from a backup"),
        Ok(26) => (Kind::Incompatible, "the file is not an SQLite database"),
        _ => (Kind::Internal, "the database refused a query"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn a_commit_waits_for_the_disk_and_a_reader_can_not_write() {
        let dir = tempfile::tempdir().unwrap();
        let db = Database::open(&Options { path: dir.path().join("c.db"), readers: 1 }, None).await.unwrap();
        let mut tx = db.write().await.unwrap();
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *tx).await.unwrap();
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *tx).await.unwrap();
        assert_eq!((mode.as_str(), synchronous), ("wal", 3));
        sqlx::query("DELETE FROM images").execute(db.reader()).await.unwrap_err();
    }

    /// As `.cargo/config.toml` has SQLite compiled.
    #[tokio::test]
    async fn readers_share_no_lock_for_their_pages_or_for_counting_memory() {
        let dir = tempfile::tempdir().unwrap();
        let db = Database::open(&Options { path: dir.path().join("c.db"), readers: 1 }, None).await.unwrap();
        let options: Vec<String> = sqlx::query_scalar("PRAGMA compile_options").fetch_all(db.reader()).await.unwrap();
        assert!(!options.contains(&"ENABLE_MEMORY_MANAGEMENT".to_owned()), "{options:?}");
        assert!(options.contains(&"DEFAULT_MEMSTATUS=0".to_owned()), "{options:?}");
    }

    #[tokio::test]
    async fn a_snapshot_that_sqlite_has_undone_by_itself_is_not_the_last_one() {
        let dir = tempfile::tempdir().unwrap();
        let db = Database::open(&Options { path: dir.path().join("c.db"), readers: 1 }, None).await.unwrap();
        let mut tx = db.snapshot().await.unwrap();
        sqlx::query("ROLLBACK").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap_err();
        db.snapshot().await.unwrap().commit().await.unwrap();
    }

    #[test]
    fn a_code_of_sqlite_is_told_by_its_low_byte() {
        // SQLITE_BUSY_SNAPSHOT, SQLITE_IOERR_FSYNC, SQLITE_CONSTRAINT_UNIQUE
        let kinds = ["517", "1034", "2067"].map(|code| classify(code).0);
        assert_eq!(kinds, [Kind::Busy, Kind::Unavailable, Kind::Internal]);
    }
}
