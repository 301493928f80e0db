//! Fetching an image's data.

use crate::{Download, DownloadRequest, Error, Kind, Result, Service, Side, access::no_image_with_id, figures::Flight};
use casement_image::{Caller, Image, Location, Status, range};
use casement_stores::{
    Store,
    serve::{Copy, Piece, PieceStream, serve, serve_pieces},
};
use futures_util::TryStreamExt;
use std::{cmp::Reverse, sync::Arc};

impl Service {
    /// Opens the image's data, or the part of it that was asked for.
    ///
    /// # Errors
    /// See `GET /v2/images/{id}/file`.
    pub async fn download(&self, caller: &Caller, id: &str, request: &DownloadRequest) -> Result<Download> {
        let missing = no_image_with_id(id);
        let found = self.look_up(caller, id, &missing).await?;
        if found.image.status == Status::Deactivated && !caller.is_admin {
            self.permit("get_image", caller, &found, &missing)?;
            return Err(Error::forbidden(
                "The requested image has been deactivated. Image data download is forbidden.",
            ));
        }
        self.permit("download_image", caller, &found, &missing)?;
        if !request.prefer.is_empty() {
            self.permit("download_from_store", caller, &found, &missing)?;
        }
        let image = found.image;
        // Of an image that is not active (any more, or yet), nobody has found the data good.
        let served = matches!(image.status, Status::Active | Status::Deactivated);
        if image.locations.is_empty() || !served {
            return Ok(Download::Empty);
        }
        let copies = self.copies(&image, &request.prefer).await?;
        let size = self.size(&image, &copies).await?;
        let part = range::resolve(request.range.as_deref(), request.content_range.as_deref(), size)?;
        let (offset, len) = part.map_or((0, size), |part| (part.offset, part.len));
        let opened = match request.takes_files {
            true => serve_pieces(copies, offset, len).await,
            false => serve(copies, offset, len).await.map(|data| Box::pin(data.map_ok(Piece::Bytes)) as PieceStream),
        };
        let data = match opened {
            Ok(data) => data,
            Err(error) => {
                // Deleted since it was looked up, the image is not there rather than broken.
                self.look_up(caller, id, missing).await?;
                return Err(error.into());
            }
        };
        let mut flight = Flight::download(len);
        let counted = data.map_err(Error::from).inspect_ok(move |piece| flight.moved(piece.len()));
        Ok(Download::Data {
            size,
            part: part.map(|part| (part.offset, part.len)),
            checksum: image.checksum.clone(),
            data: Box::pin(counted),
        })
    }

    /// The copies of an image, the best first: as the client prefers, then by weight, then as recorded.
    async fn copies(&self, image: &Image, prefer: &[String]) -> Result<Vec<Copy>> {
        if let Some(unknown) = prefer.iter().find(|id| self.parts().stores.get(id).is_none()) {
            return Err(Error::new(Kind::Invalid, Side::Client, format!("Store '{unknown}' is not configured.")));
        }
        let mut copies = Vec::with_capacity(image.locations.len());
        for location in &image.locations {
            if let Some((store, _)) = self.locate(location).await {
                copies.push(Copy { store, location: location.url.clone() });
            }
        }
        if copies.is_empty() {
            return Err(self.no_copy_can_be_read(image));
        }
        copies.sort_by_key(|copy| {
            let wanted = prefer.iter().position(|id| id == copy.store.id()).unwrap_or(prefer.len());
            (wanted, Reverse(copy.store.options().weight))
        });
        Ok(copies)
    }

    fn no_copy_can_be_read(&self, image: &Image) -> Error {
        let stores: Vec<String> = image
            .locations
            .iter()
            .map(|location| {
                let id = location.store().unwrap_or("unknown");
                let reason = self.parts().stores.get(id).and_then(|store| store.unavailable());
                format!("{id} ({})", reason.as_deref().unwrap_or("not configured, or does not know the location"))
            })
            .collect();
        let message = format!("No store with the data of image {} can serve now: {}", image.id, stores.join(", "));
        Error::new(Kind::Unavailable, Side::Store, message)
    }

    async fn size(&self, image: &Image, copies: &[Copy]) -> Result<u64> {
        match (image.size, copies.first()) {
            (Some(size), _) => Ok(size),
            // An older Glance recorded locations without a size.
            (None, Some(copy)) => {
                let key = copy.store.key_of(&copy.location).await?;
                Ok(copy.store.stat(&key).await?.size)
            }
            (None, None) => Ok(0),
        }
    }

    /// The store and the object that a recorded location means; `None` when no store in service knows it.
    pub(crate) async fn locate(&self, location: &Location) -> Option<(Arc<Store>, String)> {
        let stores = &self.parts().stores;
        let candidates: Vec<&Arc<Store>> = match location.store() {
            Some(id) => stores.get(id).into_iter().collect(),
            // A single-store Glance did not say which.
            None => stores.iter().collect(),
        };
        for store in candidates {
            if let Ok(key) = store.key_of(&location.url).await {
                return Some((Arc::clone(store), key));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{Bench, Fault, Step, caller};

    #[tokio::test]
    async fn an_image_that_is_deleted_while_it_is_opened_is_not_found() {
        let bench = Bench::new().await;
        let id = bench.queued().await;
        bench.upload(&id).await.unwrap();
        bench.world.fault(Step::Read, Fault::Held);
        let (service, image) = (bench.service.clone(), id.clone());
        let download =
            tokio::spawn(async move { service.download(&caller(), &image, &DownloadRequest::default()).await });
        bench.world.reached().await;
        bench.delete(&id).await.unwrap();
        bench.world.heal();
        assert_eq!(download.await.unwrap().unwrap_err().kind, Kind::NotFound);
    }
}
