//! The last steps of an upload: intent, publication, record. Each can be the last one before a crash, and
//! recovery goes on from any of them.

use super::Upload;
use crate::{Error, Kind, Result, Service, Side};
use casement_catalog::{Outcome, Residue};
use casement_stores::StagedWrite;
use time::OffsetDateTime;

impl Service {
    pub(super) async fn publish(&self, upload: &Upload, write: StagedWrite, outcome: Outcome) -> Result<()> {
        match self.catalog().begin_commit(&upload.id, &self.0.node, &outcome).await {
            Ok(true) => {}
            refused => {
                let residue = if write.abort().await.is_ok() { Residue::None } else { Residue::Stage };
                self.give_up(upload, residue).await;
                return Err(refused.map_or_else(Error::from, |_| self.gone(upload)));
            }
        }
        match write.commit().await {
            Ok(published) if published.size == outcome.size => self.record(upload).await,
            Ok(published) => {
                self.give_up(upload, Residue::Object).await;
                let message = format!("The store kept {} of {} bytes; upload again.", published.size, outcome.size);
                Err(Error::new(Kind::Internal, Side::Store, message))
            }
            // It may have been published all the same, but not durably: taken back rather than believed.
            Err(error) => {
                self.give_up(upload, Residue::Object).await;
                Err(error.into())
            }
        }
    }

    async fn record(&self, upload: &Upload) -> Result<()> {
        // Deleted meanwhile: what was published has no owner, and is removed when this is settled.
        if self.catalog().finish_upload(&upload.id, OffsetDateTime::now_utc()).await? {
            Ok(())
        } else {
            Err(self.gone(upload))
        }
    }
}
