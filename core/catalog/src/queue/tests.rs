//! Several processes, as far as locks know: each opens the files for itself.
#![allow(clippy::unwrap_used)]

use super::*;
use futures_util::poll;
use std::{path::PathBuf, pin::pin};
use tempfile::TempDir;
use tokio::{task::yield_now, time::Instant};

struct Scene {
    database: PathBuf,
    _folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { database: folder.path().join("c.db"), _folder: folder }
    }

    fn process(&self) -> Queue {
        Queue::open(&self.database).unwrap()
    }

    /// Waits until somebody is next.
    async fn somebody_is_next(&self) {
        // Opened for each look: Wine lets go of a lock when it is told to, and yet answers that there was a conflict.
        while open_beside(&self.database, ".next").unwrap().try_lock().is_ok() {
            yield_now().await;
        }
    }
}

#[tokio::test]
async fn one_process_at_a_time_writes() {
    let scene = Scene::new();
    let (one, other) = (scene.process(), scene.process());
    let writes = one.front().await.unwrap();
    let mut waits = pin!(other.front());
    assert!(poll!(&mut waits).is_pending());
    scene.somebody_is_next().await;
    assert!(poll!(&mut waits).is_pending());
    drop(writes);
    waits.await.unwrap();
}

#[tokio::test]
async fn who_has_written_comes_after_the_one_that_is_next() {
    let scene = Scene::new();
    let (one, other) = (scene.process(), scene.process());
    let mut writes = one.front().await.unwrap();
    for _ in 0..100 {
        let mut waits = pin!(other.front());
        assert!(poll!(&mut waits).is_pending());
        scene.somebody_is_next().await;
        let mut again = pin!(one.front());
        assert!(poll!(&mut again).is_pending());
        drop(writes);
        let others = waits.await.unwrap();
        assert!(poll!(&mut again).is_pending());
        drop(others);
        writes = again.await.unwrap();
    }
}

#[tokio::test]
async fn a_wait_that_is_given_up_holds_nobody_up() {
    let scene = Scene::new();
    let [one, other, third] = [scene.process(), scene.process(), scene.process()];
    let writes = one.front().await.unwrap();
    {
        let mut waits = pin!(other.front());
        assert!(poll!(&mut waits).is_pending());
        scene.somebody_is_next().await;
    }
    drop(writes);
    drop(third.front().await.unwrap());
    drop(other.front().await.unwrap());
    one.front().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever() {
    let scene = Scene::new();
    let queue = scene.process();
    let writer = open_beside(&scene.database, ".writer").unwrap();
    writer.lock().unwrap();
    let began = Instant::now();
    let error = queue.front().await.unwrap_err();
    assert_eq!((error.kind, began.elapsed()), (Kind::Busy, PATIENCE));
}
