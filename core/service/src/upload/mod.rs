//! One upload, from `queued` to `active` or back to `queued`: see the way of one upload in
//! docs/ARCHITECTURE.md. What came is judged in [`judge`], before anything is published in [`publish`].

pub(crate) mod judge;
mod meter;
mod publish;
#[cfg(test)]
mod tests;

use crate::{
    BodyError, BodyStream, Error, Kind, Result, Service, Side, UploadRequest, access::no_image_with_id,
    figures::Flight, recover::Claim,
};
use casement_catalog::{Begin, Bounds, NewTransfer, Residue, Wanted};
use casement_image::{Caller, Image, Location, ObjectKey, Status};
use casement_request::for_this_request;
use casement_stores::{
    StagedWrite, Store, WriteOptions,
    ingest::{Ingest, IngestError, Ingested},
};
use futures_util::{FutureExt, TryStreamExt};
use serde_json::{Map, Value};
use std::{panic::AssertUnwindSafe, sync::Arc};
use time::OffsetDateTime;

/// An upload that has moved its image to `saving`.
pub(crate) struct Upload {
    /// The transfer's id in the catalog, and the name of the stage.
    id: String,
    image: Arc<Image>,
    store: Arc<Store>,
    /// Its name in the store.
    key: String,
    request: UploadRequest,
    /// What the image's owner may have.
    bounds: Bounds,
    claim: Claim,
}

impl Service {
    /// Takes an image's data. It goes on to its end, good or bad, even when this future is dropped: an upload
    /// always leaves the image `active` or `queued`.
    ///
    /// # Errors
    /// See `PUT /v2/images/{id}/file`. A refusal before the first byte leaves the body unread.
    pub async fn upload(&self, caller: &Caller, id: &str, request: UploadRequest, body: BodyStream) -> Result<()> {
        let (service, caller, id) = (self.clone(), caller.clone(), id.to_owned());
        let whole = async move {
            let upload = service.begin(&caller, &id, request).await?;
            let mut flight = Flight::upload();
            let received = flight.bytes();
            let body = Box::pin(body.inspect_ok(move |chunk| received.increment(chunk.len() as u64)));
            let end = AssertUnwindSafe(service.carry_out(&upload, body)).catch_unwind().await;
            let end = end.unwrap_or_else(|_panic| Err(ended_unexpectedly()));
            match &end {
                Ok(()) => flight.complete(),
                Err(_) => service.let_go(upload),
            }
            end
        };
        let whole = self.0.uploads.spawn(for_this_request(whole));
        whole.await.unwrap_or_else(|_died| Err(ended_unexpectedly()))
    }

    /// Everything that can be refused before the first byte.
    async fn begin(&self, caller: &Caller, id: &str, request: UploadRequest) -> Result<Upload> {
        let store = self.store_for(&request)?;
        let found = self.find_for("upload_image", caller, id, no_image_with_id(id)).await?;
        let image = found.image;
        image.check_transition(Status::Saving)?;
        self.refuse_too_large(&request)?;
        let id = uuid::Uuid::new_v4().to_string();
        // In hand before the catalog has it, so that maintenance never takes it for dropped.
        let claim = self.claim(&id).ok_or_else(ended_unexpectedly)?;
        let bounds = self.bounds(image.owner.as_deref()).await?;
        let key = store.place(&ObjectKey::of(&image.id), image.owner.as_deref()).await?;
        let upload = Upload { id, key, image, store, request, bounds, claim };
        match self.open_transfer(&upload).await {
            Ok(()) => Ok(upload),
            // It may have been opened all the same, and only the answer was lost.
            Err(error) if error.is_retryable() => {
                self.let_go(upload);
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes an upload out of hand, and has what is left of it settled.
    fn let_go(&self, upload: Upload) {
        let Upload { id, claim, .. } = upload;
        drop(claim);
        self.settle_soon(id);
    }

    fn store_for(&self, request: &UploadRequest) -> Result<Arc<Store>> {
        let stores = &self.parts().stores;
        let store = match &request.store {
            Some(id) => stores.get(id).ok_or_else(|| {
                Error::new(Kind::Invalid, Side::Client, format!("Store for identifier {id} not found"))
            })?,
            None => stores.default_store().ok_or_else(|| {
                Error::new(
                    Kind::Gone,
                    Side::Gateway,
                    "No default store is configured; name one with X-Image-Meta-Store.",
                )
            })?,
        };
        if let Some(reason) = store.unavailable() {
            let message = format!("Store {} can't serve now: {reason}", store.id());
            return Err(Error::new(Kind::Unavailable, Side::Store, message));
        }
        if store.is_read_only() {
            let message = "Error in store configuration. Adding images to store is disabled.";
            return Err(Error::new(Kind::Gone, Side::Gateway, message));
        }
        Ok(Arc::clone(store))
    }

    fn refuse_too_large(&self, request: &UploadRequest) -> Result<()> {
        let cap = self.settings().size_cap;
        match request.size {
            Some(size) if size > cap => Err(judge::too_large(cap)),
            _ => Ok(()),
        }
    }

    /// Moves the image to `saving` and opens the transfer, in one step of the catalog.
    async fn open_transfer(&self, upload: &Upload) -> Result<()> {
        let new = NewTransfer {
            id: upload.id.clone(),
            image_id: upload.image.id.clone(),
            store: upload.store.id().to_owned(),
            key: upload.key.clone(),
            node: self.0.node.clone(),
            lease_until: self.lease_until(),
        };
        // One of unknown size needs some room at least.
        let wanted = upload.request.size.map_or(Wanted::AtLeast(1), Wanted::Whole);
        let mut settled = false;
        loop {
            match self.catalog().begin_upload_within(&new, wanted, &upload.bounds, OffsetDateTime::now_utc()).await? {
                Begin::Started => return Ok(()),
                Begin::OverLimit(exceeded) => {
                    return Err(self.over_limit(&exceeded, upload.image.owner.as_deref(), upload.request.size));
                }
                Begin::WrongStatus(status) => {
                    let now = Image { status, ..Image::clone(&upload.image) };
                    now.check_transition(Status::Saving)?;
                    return Err(Error::shortly(format!("Image {} is changing; try again.", now.id)));
                }
                Begin::Gone => return Err(Error::not_found(no_image_with_id(upload.image.id.as_str())())),
                Begin::Outstanding(leftovers) if !settled => {
                    for leftover in leftovers {
                        self.settle_leftover(leftover).await?;
                    }
                    settled = true;
                }
                Begin::Outstanding(_) => {
                    let message = "The data of an earlier upload is still being removed; try again.";
                    return Err(Error::shortly(message));
                }
            }
        }
    }

    /// From `saving` on: whatever happens, the image leaves `saving` here or, if the catalog can't be reached,
    /// in recovery.
    async fn carry_out(&self, upload: &Upload, body: BodyStream) -> Result<()> {
        let mut write = match self.stage(upload).await {
            Ok(write) => write,
            Err(error) => {
                self.give_up(upload, Residue::Stage).await;
                return Err(error);
            }
        };
        match self.take_in(upload, body, &mut write).await {
            Ok(outcome) => self.publish(upload, write, outcome).await,
            Err(error) => {
                let residue = match write.abort().await {
                    Ok(()) => Residue::None,
                    Err(_) => Residue::Stage,
                };
                self.give_up(upload, residue).await;
                Err(error)
            }
        }
    }

    async fn stage(&self, upload: &Upload) -> Result<StagedWrite> {
        self.remove_ownerless(upload).await?;
        let options = WriteOptions { size: upload.request.size, transfer: upload.id.clone() };
        let write = upload.store.create(&upload.key, options).await?;
        if self.catalog().set_token(&upload.id, write.token()).await? { Ok(write) } else { Err(self.gone(upload)) }
    }

    /// The image has no data, so whatever lies under its name is a leftover (of a Glance that crashed, say) and
    /// would block every upload for ever.
    async fn remove_ownerless(&self, upload: &Upload) -> Result<()> {
        match upload.store.stat(&upload.key).await {
            Ok(found) => {
                let (image, store) = (upload.image.id.as_str(), upload.store.id());
                tracing::warn!(image, store, size = found.size, "removing data that no image owns");
                Ok(upload.store.delete(&upload.key).await?)
            }
            Err(error) if error.kind == casement_stores::Kind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn take_in(
        &self,
        upload: &Upload,
        body: BodyStream,
        write: &mut StagedWrite,
    ) -> Result<casement_catalog::Outcome> {
        let image = self.image_in_saving(upload).await?;
        let ingest = Ingest {
            digests: &self.parts().digests,
            multihash: self.settings().multihash,
            legacy_md5: self.settings().legacy_md5,
            at_most: upload.request.size.unwrap_or(u64::MAX).min(self.settings().size_cap),
            inspector: judge::inspector(&image),
        };
        let (body, refusal) = self.metered(upload, body);
        let ingested = ingest
            .run(body, write)
            .await
            .map_err(|error| refusal.get().cloned().unwrap_or_else(|| self.ingest_error(upload, error)))?;
        self.judge(upload, &image, ingested).await
    }

    /// The record that the data is held against. Only from `saving` on are its formats settled: a change that came
    /// before is not in what this upload read at its beginning.
    async fn image_in_saving(&self, upload: &Upload) -> Result<Arc<Image>> {
        let found = self.catalog().find_image(&upload.image.id, None).await?;
        found.map(|found| found.image).ok_or_else(|| self.gone(upload))
    }

    fn ingest_error(&self, upload: &Upload, error: IngestError) -> Error {
        match error {
            IngestError::Store(error) => error.into(),
            IngestError::TooLong(got) => judge::too_long(&upload.request, got, self.settings().size_cap),
            IngestError::Body(BodyError::Stalled) => {
                Error::new(Kind::Stalled, Side::Client, "The image data stopped coming; upload again.")
            }
            IngestError::Body(BodyError::Cut(why)) => {
                let mut error = Error::new(Kind::Invalid, Side::Client, "The image data ended early; upload again.");
                error.cause = Some(why);
                error
            }
        }
    }

    async fn judge(&self, upload: &Upload, image: &Image, ingested: Ingested) -> Result<casement_catalog::Outcome> {
        let url = upload.store.location_of(&upload.key).await?;
        let metadata = Map::from_iter([("store".to_owned(), Value::String(upload.store.id().to_owned()))]);
        let location = Location { url, metadata };
        judge::judge(&upload.request, image, ingested, location, &self.settings().formats)
    }

    /// Takes the upload back to `queued`. What it left in the store, or what fails of this now, is settled next.
    async fn give_up(&self, upload: &Upload, residue: Residue) {
        if let Err(error) = self.catalog().release_upload(&upload.id, residue, OffsetDateTime::now_utc()).await {
            tracing::error!(image = upload.image.id.as_str(), %error, "upload not taken back yet");
        }
    }

    fn gone(&self, upload: &Upload) -> Error {
        let message = format!(
            "Image {} could not be found after upload. The image may have been deleted during the upload.",
            upload.image.id
        );
        Error::new(Kind::Gone, Side::Client, message)
    }
}

fn ended_unexpectedly() -> Error {
    Error::new(Kind::Internal, Side::Gateway, "The upload ended unexpectedly; upload again.")
}
