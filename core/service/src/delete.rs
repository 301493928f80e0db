//! Deleting an image and its data.

use crate::{Error, Kind, Precondition, Result, Service, Side};
use casement_catalog::NewTransfer;
use casement_image::{Caller, Image, ObjectKey, Status};
use time::OffsetDateTime;

/// How often a delete is tried anew because the image's status changed in between.
const TRIES: u32 = 5;

impl Service {
    /// Deletes the record at once; the data follows before the answer if the store is quick, later if not.
    /// Either way the catalog remembers what is left to remove.
    ///
    /// # Errors
    /// See `DELETE /v2/images/{id}`.
    pub async fn delete_image(&self, caller: &Caller, id: &str, precondition: Option<&Precondition>) -> Result<()> {
        let missing = || format!("Failed to find image {id} to delete");
        for _ in 0..TRIES {
            let found = self.find_for("delete_image", caller, id, missing).await?;
            let image = found.image;
            Precondition::check(precondition, &image)?;
            if image.protected {
                return Err(Error::forbidden(format!("Image {id} is protected and cannot be deleted.")));
            }
            image.check_transition(Status::Deleted)?;
            let objects = self.objects_of(&image).await;
            if self.catalog().delete_image(&image, &objects, OffsetDateTime::now_utc()).await? {
                for object in objects {
                    self.settle_or_later(&object.id).await;
                }
                return Ok(());
            }
        }
        Err(Error::new(Kind::Conflict, Side::Client, format!("Image {id} is changing; try again.")))
    }

    /// What of the image lies in stores, as transfers that will remove it.
    async fn objects_of(&self, image: &Image) -> Vec<NewTransfer> {
        let mut objects = Vec::with_capacity(image.locations.len());
        for location in &image.locations {
            let (store, key) = match self.locate(location).await {
                Some((store, key)) => (store.id().to_owned(), key),
                // The store can't be asked now: what Casement and Glance write is named after the image.
                None => match location.store() {
                    Some(store) => (store.to_owned(), ObjectKey::of(&image.id).as_str().to_owned()),
                    None => {
                        tracing::error!(image = image.id.as_str(), "no store knows this image's location; data stays");
                        continue;
                    }
                },
            };
            objects.push(NewTransfer {
                id: uuid::Uuid::new_v4().to_string(),
                image_id: image.id.clone(),
                store,
                key,
                node: self.0.node.clone(),
                lease_until: self.lease_until(),
            });
        }
        objects
    }
}
