//! Recovery: whatever died in between is brought to one of its two ends. A transfer row in the catalog says
//! how far something had come; the store says what it holds.
//!
//! Runs at the start, before the port answers, and then for ever: for leases that ran out, and for what this
//! process itself could not bring to its end when it should have.

use crate::{Error, Result, Service};
use casement_catalog::{Residue, Transfer, TransferState};
use casement_image::ImageId;
use casement_stores::{Kind as StoreKind, Store};
use futures_util::{StreamExt, stream};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use time::OffsetDateTime;
use tokio::time::{MissedTickBehavior, interval};

/// Transfers settled side by side.
const SIDE_BY_SIDE: usize = 8;
/// Staged data without a transfer is removed when nothing was written to it for this long.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

/// How a transfer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// The image is `active`.
    Active,
    /// Nothing of it is left.
    TakenBack,
}

/// Transfers of this process that are to be settled again, and those that are being settled just now.
#[derive(Debug, Default)]
pub(crate) struct Unsettled {
    later: Mutex<HashSet<String>>,
    busy: Mutex<HashSet<String>>,
}

fn lock(set: &Mutex<HashSet<String>>) -> MutexGuard<'_, HashSet<String>> {
    set.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Two settlings of one transfer must not overlap: the slower one could delete what came after.
struct Claim<'a> {
    busy: &'a Mutex<HashSet<String>>,
    id: &'a str,
}

impl<'a> Claim<'a> {
    fn of(unsettled: &'a Unsettled, id: &'a str) -> Option<Self> {
        lock(&unsettled.busy).insert(id.to_owned()).then_some(Self { busy: &unsettled.busy, id })
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        lock(self.busy).remove(self.id);
    }
}

impl Service {
    /// Settles what a process that is no more has left. To be called before the first request: with a catalog
    /// of our own, every other owner is dead.
    ///
    /// # Errors
    /// When the catalog can't be read. What a store does not answer for is tried again later.
    pub async fn recover(&self) -> Result<()> {
        self.settle_orphans(true).await?;
        for image in self.catalog().saving_without_transfer().await? {
            self.requeue(&image).await?;
        }
        self.sweep_stages(Duration::ZERO).await;
        Ok(())
    }

    /// Keeps this process's leases alive and settles what others, or it, left behind. Never ends.
    pub async fn maintain(&self) {
        let mut ticks = interval(self.settings().lease / 3);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.maintain_once().await {
                tracing::error!(%error, "maintenance failed; it will be tried again");
            }
        }
    }

    async fn maintain_once(&self) -> Result<()> {
        self.catalog().renew_leases(&self.0.node, self.lease_until()).await?;
        let later: Vec<String> = lock(&self.0.unsettled.later).drain().collect();
        for id in later {
            self.settle_or_later(&id).await;
        }
        self.settle_orphans(false).await?;
        self.sweep_stages(ABANDONED_AFTER).await;
        Ok(())
    }

    async fn settle_orphans(&self, others_are_dead: bool) -> Result<()> {
        let orphans = self.catalog().orphans(&self.0.node, OffsetDateTime::now_utc(), others_are_dead).await?;
        stream::iter(orphans)
            .for_each_concurrent(SIDE_BY_SIDE, |orphan| async move {
                let (id, image, state) = (orphan.id.clone(), orphan.image_id.clone(), orphan.state);
                match self.adopt_and_settle(orphan).await {
                    Ok(end) => tracing::info!(image = image.as_str(), ?state, ?end, "transfer recovered"),
                    Err(error) => {
                        tracing::warn!(image = image.as_str(), ?state, %error, "transfer not recovered yet");
                        self.settle_later(&id);
                    }
                }
            })
            .await;
        Ok(())
    }

    async fn requeue(&self, image: &ImageId) -> Result<()> {
        if self.catalog().requeue(image, OffsetDateTime::now_utc()).await? {
            tracing::info!(image = image.as_str(), "image was left in saving; queued again");
        }
        Ok(())
    }

    /// Removes staged data that no transfer knows of: what died between the store's stage and the catalog's
    /// note of its token.
    async fn sweep_stages(&self, idle_for: Duration) {
        for store in self.parts().stores.iter() {
            if !store.capabilities().is_some_and(|can| can.stage_tokens) {
                continue;
            }
            if let Err(error) = self.sweep_stage(store, idle_for).await {
                tracing::warn!(store = store.id(), %error, "staged data not swept");
            }
        }
    }

    async fn sweep_stage(&self, store: &Store, idle_for: Duration) -> Result<()> {
        let staged = store.list_staged().await?;
        let live: HashSet<String> = self.catalog().live_tokens(store.id()).await?.into_iter().collect();
        for stage in staged {
            let idle = Duration::from_millis(stage.idle_ms.unwrap_or(0));
            if !live.contains(&stage.token) && idle >= idle_for {
                tracing::info!(store = store.id(), token = stage.token, "removing abandoned staged data");
                store.discard(&stage.token).await?;
            }
        }
        Ok(())
    }

    pub(crate) fn settle_later(&self, transfer: &str) {
        lock(&self.0.unsettled.later).insert(transfer.to_owned());
    }

    pub(crate) async fn settle_or_later(&self, transfer: &str) {
        if let Err(error) = self.settle_by_id(transfer).await {
            tracing::warn!(transfer, %error, "not settled; it will be tried again");
            self.settle_later(transfer);
        }
    }

    /// Settles in the background: whoever asks has an answer to give.
    pub(crate) fn settle_soon(&self, transfer: String) {
        let service = self.clone();
        self.0.uploads.spawn(async move { service.settle_or_later(&transfer).await });
    }

    /// Settles a transfer of this process.
    pub(crate) async fn settle_by_id(&self, id: &str) -> Result<Settled> {
        let Some(_claim) = Claim::of(&self.0.unsettled, id) else {
            return Err(Error::shortly("The data of an earlier upload is being removed; try again."));
        };
        match self.catalog().transfer(id).await? {
            Some(transfer) => self.settle(transfer).await,
            None => Ok(Settled::TakenBack),
        }
    }

    /// Settles a transfer that may be another's.
    pub(crate) async fn adopt_and_settle(&self, transfer: Transfer) -> Result<Settled> {
        let ours =
            transfer.node == self.0.node || self.catalog().adopt(&transfer, &self.0.node, self.lease_until()).await?;
        if !ours {
            return Err(Error::shortly("The data of an earlier upload is being removed elsewhere; try again."));
        }
        self.settle_by_id(&transfer.id).await
    }

    async fn settle(&self, transfer: Transfer) -> Result<Settled> {
        let store = self.parts().stores.get(&transfer.store);
        match transfer.state {
            TransferState::Staged => {
                let discarded = discard(store, &transfer).await;
                let residue = if discarded.is_ok() { Residue::None } else { Residue::Stage };
                // The image need not wait for its store.
                self.catalog().release_upload(&transfer.id, residue, OffsetDateTime::now_utc()).await?;
                discarded
            }
            TransferState::Discarding => {
                discard(store, &transfer).await?;
                Ok(self.ended(&transfer).await?)
            }
            TransferState::Deleting => self.remove_object(store, &transfer).await,
            TransferState::Committing => self.settle_commit(store, transfer).await,
        }
    }

    /// The stage goes first: after that a commit that is still under way somewhere can't publish any more, and
    /// what the store then says is final.
    async fn settle_commit(&self, store: Option<&Arc<Store>>, transfer: Transfer) -> Result<Settled> {
        discard(store, &transfer).await?;
        let published = in_service(store, &transfer)?.stat_named(&transfer.key).await;
        let promised = transfer.outcome.as_ref().map(|outcome| outcome.size);
        let now = OffsetDateTime::now_utc();
        match published {
            Ok(found) if Some(found.size) == promised => {
                if self.catalog().finish_upload(&transfer.id, now).await? {
                    return Ok(Settled::Active);
                }
            }
            Ok(_) => {
                self.catalog().release_upload(&transfer.id, Residue::Object, now).await?;
            }
            Err(error) if error.kind == StoreKind::NotFound => {
                self.catalog().release_upload(&transfer.id, Residue::None, now).await?;
                return Ok(Settled::TakenBack);
            }
            Err(error) => return Err(error.into()),
        }
        self.remove_object(store, &transfer).await
    }

    async fn remove_object(&self, store: Option<&Arc<Store>>, transfer: &Transfer) -> Result<Settled> {
        discard(store, transfer).await?;
        in_service(store, transfer)?.delete(&transfer.key).await?;
        self.ended(transfer).await
    }

    async fn ended(&self, transfer: &Transfer) -> Result<Settled> {
        self.catalog().end_transfer(&transfer.id).await?;
        Ok(Settled::TakenBack)
    }
}

fn in_service<'a>(store: Option<&'a Arc<Store>>, transfer: &Transfer) -> Result<&'a Arc<Store>> {
    store.ok_or_else(|| Error::shortly(format!("store `{}` is not configured", transfer.store)))
}

/// Removes the stage of a transfer. Before its token was noted, the stage can only have the transfer's own name.
async fn discard(store: Option<&Arc<Store>>, transfer: &Transfer) -> Result<Settled> {
    let store = in_service(store, transfer)?;
    let token = if transfer.token.is_empty() { &transfer.id } else { &transfer.token };
    match store.discard(token).await {
        Ok(()) => Ok(Settled::TakenBack),
        // A backend without stages that survive a crash has nothing to discard.
        Err(error) if error.kind == StoreKind::Unsupported => Ok(Settled::TakenBack),
        Err(error) => Err(error.into()),
    }
}
