//! The imports that this process works at: so many at once, each to be cancelled by its image, all to be stopped.

use casement_image::ImageId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{select, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Locations that are read at once. Others wait; the images that are active already do so without their digests.
const AT_ONCE: usize = 8;

#[derive(Debug, Clone)]
pub(crate) struct Imports {
    tasks: TaskTracker,
    stopping: CancellationToken,
    slots: Arc<Semaphore>,
    /// One image has one import at most.
    running: Arc<Mutex<HashMap<String, CancellationToken>>>,
}

impl Default for Imports {
    fn default() -> Self {
        Self {
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            slots: Arc::new(Semaphore::new(AT_ONCE)),
            running: Arc::default(),
        }
    }
}

impl Imports {
    pub(super) fn begin(&self, image: &ImageId) -> Running {
        let cancelled = CancellationToken::new();
        self.lock().insert(image.as_str().to_owned(), cancelled.clone());
        Running { imports: self.clone(), image: image.as_str().to_owned(), cancelled }
    }

    pub(super) fn spawn(&self, import: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(import);
    }

    /// Ends the import of an image that is no more.
    pub(crate) fn cancel(&self, image: &ImageId) {
        if let Some(cancelled) = self.lock().get(image.as_str()) {
            cancelled.cancel();
        }
    }

    /// Has all imports stand still, wherever they are.
    pub(crate) async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Waits until nothing is under way.
    #[cfg(test)]
    pub(crate) async fn idle(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An import under way, or waiting for its turn.
pub(super) struct Running {
    imports: Imports,
    image: String,
    cancelled: CancellationToken,
}

impl Running {
    /// `None` when it was cancelled. One that is stopped is as good as done here: the catalog knows better.
    pub(super) async fn carry<T, E>(&self, import: impl Future<Output = Result<T, E>>) -> Option<Result<T, E>>
    where
        T: Default,
    {
        let in_turn = async {
            let _slot = self.imports.slots.acquire().await;
            import.await
        };
        select! {
            end = in_turn => Some(end),
            () = self.cancelled.cancelled() => None,
            () = self.imports.stopping.cancelled() => Some(Ok(T::default())),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.imports.lock().remove(&self.image);
    }
}
