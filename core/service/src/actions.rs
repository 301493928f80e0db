//! Taking an image out of circulation and back.

use crate::{Error, Result, Service, access::no_image_with_id};
use casement_image::{Caller, Status};
use time::OffsetDateTime;

impl Service {
    /// # Errors
    /// See `POST /v2/images/{id}/actions/deactivate`.
    pub async fn deactivate_image(&self, caller: &Caller, id: &str) -> Result<()> {
        self.switch(caller, id, "deactivate", Status::Active, Status::Deactivated).await
    }

    /// # Errors
    /// See `POST /v2/images/{id}/actions/reactivate`.
    pub async fn reactivate_image(&self, caller: &Caller, id: &str) -> Result<()> {
        self.switch(caller, id, "reactivate", Status::Deactivated, Status::Active).await
    }

    async fn switch(&self, caller: &Caller, id: &str, action: &str, from: Status, to: Status) -> Result<()> {
        let found = self.find_for(action, caller, id, no_image_with_id(id)).await?;
        let status = found.image.status;
        if status == to {
            return Ok(());
        }
        let moved = status == from
            && self.catalog().change_status(&found.image.id, from, to, OffsetDateTime::now_utc()).await?;
        if moved {
            return Ok(());
        }
        Err(Error::forbidden(format!("Not allowed to {action} image in status '{status}'")))
    }
}
