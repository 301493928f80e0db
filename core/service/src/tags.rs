//! Tags, one at a time.

use crate::{Error, Result, Service, access::image_not_found};
use casement_image::{Caller, tags};
use std::sync::Arc;
use time::OffsetDateTime;

impl Service {
    /// Adds a tag; one that is there already is fine.
    ///
    /// # Errors
    /// See `PUT /v2/images/{id}/tags/{tag}`.
    pub async fn add_tag(&self, caller: &Caller, id: &str, tag: &str) -> Result<()> {
        tags::check(tag, &self.settings().schemas)?;
        let mut found = self.find_for("modify_image", caller, id, image_not_found(id)).await?;
        if !tags::add(Arc::make_mut(&mut found.image), tag, &self.settings().quotas)? {
            return Ok(());
        }
        if self.catalog().add_tag(&found.image.id, tag, OffsetDateTime::now_utc()).await? {
            Ok(())
        } else {
            Err(Error::not_found(image_not_found(id)()))
        }
    }

    /// Removes a tag.
    ///
    /// # Errors
    /// See `DELETE /v2/images/{id}/tags/{tag}`.
    pub async fn remove_tag(&self, caller: &Caller, id: &str, tag: &str) -> Result<()> {
        let found = self.find_for("modify_image", caller, id, image_not_found(id)).await?;
        if self.catalog().remove_tag(&found.image.id, tag, OffsetDateTime::now_utc()).await? {
            Ok(())
        } else {
            Err(Error::not_found("The resource could not be found."))
        }
    }
}
