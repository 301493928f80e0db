#![allow(clippy::unwrap_used)]

use super::*;
use futures_util::{FutureExt, future::join_all, poll};
use sqlx::{
    ConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use std::{path::PathBuf, pin::pin};
use tempfile::TempDir;

struct Scene {
    writer: Writer,
    file: PathBuf,
    _folder: TempDir,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.db");
        let mut conn = connect(&file).await;
        sqlx::query("CREATE TABLE t (n INTEGER UNIQUE)").execute(&mut conn).await.unwrap();
        Self { writer: Writer::new(conn, None), file, _folder: folder }
    }

    /// The writer of one of several processes.
    async fn beside(&self) -> Writer {
        Writer::new(connect(&self.file).await, Some(Queue::open(&self.file).unwrap()))
    }

    async fn insert(&self, n: i64) -> Result<Write> {
        let mut write = self.writer.begin().await?;
        sqlx::query("INSERT INTO t VALUES (?)").bind(n).execute(&mut *write).await?;
        Ok(write)
    }

    /// What another connection sees.
    async fn rows(&self) -> Vec<i64> {
        let mut conn = connect(&self.file).await;
        sqlx::query_scalar("SELECT n FROM t ORDER BY n").fetch_all(&mut conn).await.unwrap()
    }

    /// Whether a foreign program could write.
    async fn is_free(&self) -> bool {
        let mut conn = connect(&self.file).await;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut conn).await.is_ok()
    }

    /// Two writes in one group: the first waits for its commit behind the second, which is at work.
    async fn first_waits_for_second(&self) -> (impl Future<Output = Result<()>>, Write) {
        let first = self.insert(1).await.unwrap();
        let mut second = Box::pin(self.writer.begin());
        assert!(poll!(&mut second).is_pending(), "it is not its turn");
        let committing = tokio::spawn(first.commit()).map(|joined| joined.unwrap());
        let mut second = second.await.unwrap();
        sqlx::query("INSERT INTO t VALUES (2)").execute(&mut *second).await.unwrap();
        (committing, second)
    }
}

async fn connect(file: &PathBuf) -> Conn {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    options.journal_mode(SqliteJournalMode::Wal).busy_timeout(std::time::Duration::ZERO).connect().await.unwrap()
}

#[tokio::test]
async fn writes_that_wait_for_each_other_become_durable_together_and_none_before_it_is_said() {
    let scene = Scene::new().await;
    let (first, second) = scene.first_waits_for_second().await;
    let mut first = pin!(first);
    assert!(poll!(&mut first).is_pending());
    assert!(scene.rows().await.is_empty());
    let (group, one_commit) = (second.group.clone(), second.commit());
    let (first, second) = tokio::join!(first, one_commit);
    first.and(second).unwrap();
    assert_eq!(group.done.load(Ordering::Relaxed), 2);
    assert_eq!(scene.rows().await, [1, 2]);
    assert!(scene.is_free().await);
}

#[tokio::test]
async fn a_write_that_is_dropped_takes_nobody_else_along() {
    let scene = Scene::new().await;
    let (first, second) = scene.first_waits_for_second().await;
    drop(second);
    first.await.unwrap();
    assert_eq!(scene.rows().await, [1]);
    assert!(scene.is_free().await);
}

#[tokio::test]
async fn a_write_that_is_dropped_alone_does_not_keep_the_database_from_others() {
    let scene = Scene::new().await;
    drop(scene.insert(1).await.unwrap());
    // What it has left is tidied up in a turn of its own.
    drop(scene.writer.turn().await.unwrap());
    assert!(scene.is_free().await);
    assert!(scene.rows().await.is_empty());
}

#[tokio::test]
async fn a_write_that_is_refused_takes_nobody_else_along() {
    let scene = Scene::new().await;
    let (first, second) = scene.first_waits_for_second().await;
    let committing = tokio::spawn(second.commit());
    scene.insert(2).await.unwrap_err();
    first.await.unwrap();
    committing.await.unwrap().unwrap();
    assert_eq!(scene.rows().await, [1, 2]);
}

#[tokio::test]
async fn a_commit_goes_on_though_nobody_waits_for_it() {
    let scene = Scene::new().await;
    let write = scene.insert(1).await.unwrap();
    let mut commit = Box::pin(write.commit());
    assert!(poll!(&mut commit).is_pending());
    drop(commit);
    scene.insert(2).await.unwrap().commit().await.unwrap();
    assert_eq!(scene.rows().await, [1, 2]);
}

#[tokio::test]
async fn who_goes_away_at_any_step_of_a_beginning_leaves_the_line_in_order() {
    let scene = Scene::new().await;
    for steps in 0..50 {
        let mut begin = Box::pin(scene.writer.begin());
        for _ in 0..steps {
            if poll!(&mut begin).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(begin);
        scene.insert(steps).await.unwrap().commit().await.unwrap();
    }
    assert_eq!(scene.rows().await.len(), 50);
    assert!(scene.is_free().await);
}

#[tokio::test]
async fn a_transaction_that_the_database_undid_fails_those_in_it_and_no_others() {
    let scene = Scene::new().await;
    let (first, mut second) = scene.first_waits_for_second().await;
    sqlx::query("ROLLBACK").execute(&mut *second).await.unwrap();
    let third = scene.insert(3);
    let (first, second, third) = tokio::join!(first, second.commit(), third);
    second.unwrap_err();
    first.unwrap_err();
    third.unwrap().commit().await.unwrap();
    assert_eq!(scene.rows().await, [3]);
    assert!(scene.is_free().await);
}

#[tokio::test]
async fn many_writes_at_once_are_all_there() {
    let scene = Scene::new().await;
    let writes = (0..200).map(|n| {
        let scene = &scene;
        async move {
            let write = scene.insert(n).await.unwrap();
            if n % 5 != 0 {
                write.commit().await.unwrap();
            }
        }
    });
    join_all(writes).await;
    let expected: Vec<_> = (0..200).filter(|n| n % 5 != 0).collect();
    assert_eq!(scene.rows().await, expected);
    assert!(scene.is_free().await);
}

#[tokio::test]
async fn who_comes_after_the_end_is_told_so() {
    let scene = Scene::new().await;
    scene.insert(1).await.unwrap().commit().await.unwrap();
    scene.writer.close().await;
    assert_eq!(scene.writer.begin().await.unwrap_err().kind, Kind::Unavailable);
    assert_eq!(scene.rows().await, [1]);
}

#[tokio::test]
async fn whoever_finds_an_abandoned_transaction_and_goes_away_too_leaves_the_database_free() {
    let scene = Scene::new().await;
    drop(scene.insert(1).await.unwrap());
    {
        let mut next = pin!(scene.writer.begin());
        assert!(poll!(&mut next).is_pending());
    }
    drop(scene.writer.turn().await.unwrap());
    assert!(scene.is_free().await && scene.rows().await.is_empty());
}

#[tokio::test]
async fn a_transaction_waits_for_those_of_other_processes_whatever_becomes_of_them() {
    let scene = Scene::new().await;
    let (one, other) = (scene.beside().await, scene.beside().await);
    // SQLite itself would say at once that it is busy.
    let first = one.begin().await.unwrap();
    let (committed, second) = tokio::join!(first.commit(), other.begin());
    committed.unwrap();
    drop(second.unwrap());
    let third = one.begin().await.unwrap();
    let waiting = other.begin();
    drop(third);
    waiting.await.unwrap().commit().await.unwrap();
}

#[tokio::test]
async fn a_transaction_that_cannot_begin_lets_other_processes_go_first() {
    let scene = Scene::new().await;
    let (one, other) = (scene.beside().await, scene.beside().await);
    let mut foreign = connect(&scene.file).await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut foreign).await.unwrap();
    assert_eq!(one.begin().await.unwrap_err().kind, Kind::Busy);
    sqlx::query("ROLLBACK").execute(&mut foreign).await.unwrap();
    other.begin().await.unwrap().commit().await.unwrap();
    one.begin().await.unwrap().commit().await.unwrap();
}
