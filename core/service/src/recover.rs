//! Recovery: whatever died in between is brought to one of its two ends. A transfer row in the catalog says
//! how far something had come; the store says what it holds.
//!
//! Runs at the start, before the port answers, and then for ever: for leases that ran out, and for what this
//! process itself could not bring to its end when it should have.

use crate::{Error, Result, Service, figures};
use casement_catalog::{Residue, Transfer, TransferState};
use casement_image::ImageId;
use casement_request::for_this_request;
use casement_stores::{Kind as StoreKind, Store};
use futures_util::{FutureExt, StreamExt, stream};
use std::{
    collections::HashSet,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use time::OffsetDateTime;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

#[cfg(test)]
mod tests;

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
    /// It goes on in the background.
    TakenUp,
}

/// The transfers that this process is working at: uploads, and settlings. A transfer of this process that is not in
/// hand was dropped on its way, by an error or with its request, and is to be settled.
#[derive(Debug, Clone, Default)]
pub(crate) struct InHand(Arc<Mutex<HashSet<String>>>);

impl InHand {
    /// `None` while somebody else has it: an upload and a settling, or two settlings, must not overlap. The slower one
    /// could delete what came after.
    pub(crate) fn claim(&self, id: &str) -> Option<Claim> {
        self.lock().insert(id.to_owned()).then(|| Claim { in_hand: self.clone(), id: id.to_owned() })
    }

    fn has(&self, id: &str) -> bool {
        self.lock().contains(id)
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has one transfer in hand as long as it lives.
#[derive(Debug)]
pub(crate) struct Claim {
    in_hand: InHand,
    id: String,
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.in_hand.lock().remove(&self.id);
    }
}

impl Service {
    /// Settles what a process that is no more has left. To be called before the first request: with a catalog
    /// of our own, every other owner is dead.
    ///
    /// # Errors
    /// When the catalog can't be read. What a store does not answer for is tried again later.
    pub async fn recover(&self) -> Result<()> {
        figures::waiting(self.settle_orphans(true).await?);
        let lost = "The service was stopped while it worked at this task.";
        for task in self.catalog().fail_lost_tasks(lost, OffsetDateTime::now_utc()).await? {
            tracing::info!(task, "a task that nobody works at any more has failed");
        }
        for image in self.catalog().stranded_images().await? {
            self.requeue(&image).await?;
        }
        self.sweep_stages(Duration::ZERO).await;
        Ok(())
    }

    /// Settles at once what a process of this service has left that is no more; else its leases would have to run out.
    ///
    /// # Errors
    /// When the catalog can't be read. What a store does not answer for is tried again later.
    pub async fn take_over(&self, node: &str) -> Result<()> {
        let left = self.catalog().transfers_of(node).await?;
        self.settle_all(left).await;
        Ok(())
    }

    /// Keeps this process's leases alive and settles what others, or it, left behind, until it is told to end.
    pub async fn maintain(&self, end: &CancellationToken) {
        let mut ticks = interval(self.settings().lease / 3);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while end.run_until_cancelled(ticks.tick()).await.is_some() {
            match AssertUnwindSafe(self.maintain_once()).catch_unwind().await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "maintenance failed; it will be tried again"),
                Err(_panic) => tracing::error!("maintenance panicked; it will be tried again"),
            }
        }
    }

    pub(crate) async fn maintain_once(&self) -> Result<()> {
        self.catalog().renew_leases(&self.0.node, self.lease_until()).await?;
        let left = self.settle_dropped().await? + self.settle_orphans(false).await?;
        figures::waiting(left);
        self.sweep_stages(ABANDONED_AFTER).await;
        Ok(())
    }

    /// Settles what this process left on its way. Answers how many could not be settled yet.
    async fn settle_dropped(&self) -> Result<usize> {
        let mut dropped = self.catalog().transfers_of(&self.0.node).await?;
        dropped.retain(|transfer| !self.0.in_hand.has(&transfer.id));
        Ok(self.settle_all(dropped).await)
    }

    /// As [`Service::settle_dropped`], for what others left.
    async fn settle_orphans(&self, others_are_dead: bool) -> Result<usize> {
        let orphans = self.catalog().orphans(&self.0.node, OffsetDateTime::now_utc(), others_are_dead).await?;
        Ok(self.settle_all(orphans).await)
    }

    async fn settle_all(&self, transfers: Vec<Transfer>) -> usize {
        stream::iter(transfers)
            .map(|transfer| async move {
                let (image, state) = (transfer.image_id.clone(), transfer.state);
                let settled = self.adopt_and_settle(transfer).await;
                match &settled {
                    Ok(end) => tracing::info!(image = image.as_str(), ?state, ?end, "transfer recovered"),
                    Err(error) => tracing::warn!(image = image.as_str(), ?state, %error, "transfer not recovered yet"),
                }
                figures::settled(settled.as_ref().ok().copied());
                usize::from(settled.is_err())
            })
            .buffer_unordered(SIDE_BY_SIDE)
            .fold(0, async |left, one| left + one)
            .await
    }

    async fn requeue(&self, image: &ImageId) -> Result<()> {
        let Some(found) = self.catalog().find_image(image, None).await? else { return Ok(()) };
        let image = found.image;
        // An import into several stores may have come to some of them.
        let objects = self.objects_at(&image.id, &image.locations).await;
        if self.catalog().requeue(&image, &objects, OffsetDateTime::now_utc()).await? {
            tracing::info!(image = image.id.as_str(), status = %image.status, "nobody went on with the image; queued again");
        }
        for object in objects {
            self.settle_or_later(&object.id).await;
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
        let live: HashSet<String> = self.catalog().live_stages(store.id()).await?.into_iter().collect();
        for stage in staged {
            let idle = Duration::from_millis(stage.idle_ms.unwrap_or(0));
            if !live.contains(&stage.token) && idle >= idle_for {
                tracing::info!(store = store.id(), token = stage.token, "removing abandoned staged data");
                store.discard(&stage.token).await?;
            }
        }
        Ok(())
    }

    /// Settles a transfer of this process now; what fails of it is left to maintenance.
    pub(crate) async fn settle_or_later(&self, transfer: &str) {
        let settled = self.settle_by_id(transfer).await;
        figures::settled(settled.as_ref().ok().copied());
        if let Err(error) = settled {
            tracing::warn!(transfer, %error, "not settled; it will be tried again");
        }
    }

    /// Settles in the background: whoever asks has an answer to give.
    pub(crate) fn settle_soon(&self, transfer: String) {
        let service = self.clone();
        let settling = async move { service.settle_or_later(&transfer).await };
        self.0.uploads.spawn(for_this_request(settling));
    }

    pub(crate) fn claim(&self, transfer: &str) -> Option<Claim> {
        self.0.in_hand.claim(transfer)
    }

    /// Settles a transfer of this process.
    async fn settle_by_id(&self, id: &str) -> Result<Settled> {
        let Some(claim) = self.claim(id) else {
            return Err(Error::shortly("The data of an earlier upload is being removed; try again."));
        };
        match self.catalog().transfer(id).await? {
            Some(transfer) => self.settle(transfer, claim).await,
            None => Ok(Settled::TakenBack),
        }
    }

    /// Settles what stands in the way of an upload. What another process that lives works at is left to it: of two that
    /// remove one object, the slower could delete what came after.
    pub(crate) async fn settle_leftover(&self, transfer: Transfer) -> Result<Settled> {
        if transfer.node != self.0.node && transfer.lease_until > OffsetDateTime::now_utc() {
            return Err(removed_elsewhere());
        }
        self.adopt_and_settle(transfer).await
    }

    /// Settles a transfer that may be another's.
    async fn adopt_and_settle(&self, transfer: Transfer) -> Result<Settled> {
        let ours =
            transfer.node == self.0.node || self.catalog().adopt(&transfer, &self.0.node, self.lease_until()).await?;
        if !ours {
            return Err(removed_elsewhere());
        }
        self.settle_by_id(&transfer.id).await
    }

    async fn settle(&self, transfer: Transfer, claim: Claim) -> Result<Settled> {
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
            TransferState::Hashing => {
                self.carry_import(transfer, claim);
                Ok(Settled::TakenUp)
            }
        }
    }

    async fn settle_commit(&self, store: Option<&Arc<Store>>, transfer: Transfer) -> Result<Settled> {
        let published = published_whole(store, &transfer).await;
        let now = OffsetDateTime::now_utc();
        if let Ok(true) = published {
            if self.catalog().finish_upload(&transfer.id, now).await? {
                return Ok(Settled::Active);
            }
        } else {
            // Also when the store can't be asked: nobody was told that the upload succeeded, and the image need not
            // wait for its store.
            self.catalog().release_upload(&transfer.id, Residue::Object, now).await?;
        }
        published?;
        self.remove_object(store, &transfer).await
    }

    async fn remove_object(&self, store: Option<&Arc<Store>>, transfer: &Transfer) -> Result<Settled> {
        discard(store, transfer).await?;
        let store = in_service(store, transfer)?;
        if self.has_an_owner(store, transfer).await? || self.is_shared(store, transfer).await? {
            tracing::warn!(image = transfer.image_id.as_str(), store = store.id(), "not removed: an image has it");
        } else {
            match store.delete(&transfer.key).await {
                // A store that only reads has nothing that is ours to remove.
                Err(error) if error.kind == StoreKind::Unsupported => {}
                removed => removed?,
            }
        }
        self.ended(transfer).await
    }

    /// Whether the object that was to be removed is what the image has by now. Two stores may lie in one place, or one
    /// may have got another name.
    async fn has_an_owner(&self, store: &Store, transfer: &Transfer) -> Result<bool> {
        let Some(found) = self.catalog().find_image(&transfer.image_id, None).await? else { return Ok(false) };
        for location in &found.image.locations {
            match store.key_of(&location.url).await {
                Ok(key) if key == transfer.key => return Ok(true),
                Err(error) if !matches!(error.kind, StoreKind::NotFound | StoreKind::Unsupported) => {
                    return Err(error.into());
                }
                _ => {}
            }
        }
        Ok(false)
    }

    /// Whether clients have given the object to another image too. One that has the image's name is nobody else's.
    async fn is_shared(&self, store: &Store, transfer: &Transfer) -> Result<bool> {
        if transfer.key == transfer.image_id.as_str() {
            return Ok(false);
        }
        match store.location_of(&transfer.key).await {
            Ok(url) => Ok(self.catalog().is_location_of_another(&url, &transfer.image_id).await?),
            Err(error) if matches!(error.kind, StoreKind::NotFound | StoreKind::Unsupported) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn ended(&self, transfer: &Transfer) -> Result<Settled> {
        self.catalog().end_transfer(&transfer.id).await?;
        Ok(Settled::TakenBack)
    }
}

fn removed_elsewhere() -> Error {
    Error::shortly("The data of an earlier upload is being removed elsewhere; try again.")
}

/// Whether the store has all that was promised. The stage goes first: after that a commit that is still under way
/// somewhere can't publish any more, and what the store then says is final.
async fn published_whole(store: Option<&Arc<Store>>, transfer: &Transfer) -> Result<bool> {
    discard(store, transfer).await?;
    let promised = transfer.outcome.as_ref().map(|outcome| outcome.size);
    match in_service(store, transfer)?.stat(&transfer.key).await {
        Ok(found) => Ok(Some(found.size) == promised),
        Err(error) if error.kind == StoreKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn in_service<'a>(store: Option<&'a Arc<Store>>, transfer: &Transfer) -> Result<&'a Arc<Store>> {
    store.ok_or_else(|| Error::shortly(format!("store `{}` is not configured", transfer.store)))
}

/// Removes the stage of a transfer.
async fn discard(store: Option<&Arc<Store>>, transfer: &Transfer) -> Result<Settled> {
    match in_service(store, transfer)?.discard(transfer.stage()).await {
        Ok(()) => Ok(Settled::TakenBack),
        // A backend without stages that survive a crash has nothing to discard.
        Err(error) if error.kind == StoreKind::Unsupported => Ok(Settled::TakenBack),
        Err(error) => Err(error.into()),
    }
}
