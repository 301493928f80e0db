//! How much a store may have of the gateway at once.

use crate::{Error, Kind, Result};
use std::sync::Arc;
use tokio::{
    runtime,
    sync::{OwnedSemaphorePermit, Semaphore},
};

/// The places for operations of one store, and the threads they are submitted on.
///
/// An operation keeps its place until the plugin has answered it, also when nobody waits any longer. A store whose
/// plugin never answers, or blocks for ever, comes to a standstill for itself once its places are taken; it does not
/// take thread after thread from the others.
#[derive(Debug, Clone)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    all: u32,
    /// Functions of the plugin may block, and so run on these threads.
    pool: Option<runtime::Handle>,
}

/// One place, until dropped.
pub(super) type Place = OwnedSemaphorePermit;

impl Places {
    pub(super) fn new(free: Arc<Semaphore>, all: u32, pool: Option<runtime::Handle>) -> Self {
        Self { free, all, pool }
    }

    /// Waits for a free place.
    pub(super) async fn take(&self) -> Result<Place> {
        self.free.clone().acquire_owned().await.map_err(|_| shutting_down())
    }

    /// Waits until every place is free at once. Who asks for one meanwhile waits behind.
    pub(super) async fn all_free(&self) -> Result<()> {
        self.free.acquire_many(self.all).await.map(drop).map_err(|_| shutting_down())
    }

    /// Runs a function of the plugin's where it may block, if it may.
    pub(super) async fn run<T: Send + 'static>(&self, f: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        match &self.pool {
            None => Ok(f()),
            Some(pool) => pool.spawn_blocking(f).await.map_err(|_| shutting_down()),
        }
    }

    /// As [`Places::run`], for what nobody waits for. A pool that is shutting down drops `last` here and now.
    pub(super) fn drop_there(&self, last: impl Send + 'static) {
        if let Some(pool) = &self.pool {
            pool.spawn_blocking(move || drop(last));
        }
    }
}

fn shutting_down() -> Error {
    Error::new(Kind::Cancelled, "the gateway is shutting down")
}
