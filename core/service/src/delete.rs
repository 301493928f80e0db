//! Deleting an image and its data.

use crate::{Error, Kind, Precondition, Result, Service, Side};
use casement_catalog::NewTransfer;
use casement_image::{Caller, ImageId, Status};
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
            let objects = self.objects_at(&image.id, &image.locations).await;
            if self.catalog().delete_image(&image, &objects, OffsetDateTime::now_utc()).await? {
                self.0.imports.cancel(&image.id);
                for object in objects {
                    self.settle_or_later(&object.id).await;
                }
                return Ok(());
            }
        }
        Err(Error::new(Kind::Conflict, Side::Client, format!("Image {id} is changing; try again.")))
    }

    /// A transfer of this process that will remove an object.
    pub(crate) fn removal(&self, image: &ImageId, store: String, key: String) -> NewTransfer {
        NewTransfer {
            id: uuid::Uuid::new_v4().to_string(),
            image_id: image.clone(),
            store,
            key,
            node: self.0.node.clone(),
            lease_until: self.lease_until(),
        }
    }
}
