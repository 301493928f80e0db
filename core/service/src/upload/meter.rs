//! The meter of an upload whose size nobody has told: its reservation grows in time with what comes, and where the
//! project has no more room, the body ends.

use super::Upload;
use crate::{BodyError, BodyStream, Error, Result, Service};
use bytes::Bytes;
use casement_catalog::{Bounds, Reserved, Wanted};
use futures_util::{StreamExt, stream};
use std::sync::{Arc, OnceLock};

/// Why the meter has ended the body, if it has.
pub(super) type Refusal = Arc<OnceLock<Error>>;

struct Meter {
    service: Service,
    transfer: String,
    owner: Option<String>,
    bounds: Bounds,
    received: u64,
    /// What may have come before the meter asks again.
    until: u64,
    gone: Error,
}

impl Service {
    /// The body as far as the project has room for it.
    pub(super) fn metered(&self, upload: &Upload, body: BodyStream) -> (BodyStream, Refusal) {
        let refusal = Refusal::default();
        // What was announced is reserved already, and the upload takes in no byte beyond it.
        if upload.request.size.is_some() || upload.bounds.bytes.is_none() {
            return (body, refusal);
        }
        let meter = Meter {
            service: self.clone(),
            transfer: upload.id.clone(),
            owner: upload.image.owner.clone(),
            bounds: upload.bounds,
            received: 0,
            until: 0,
            gone: self.gone(upload),
        };
        (meter.watch(body, Arc::clone(&refusal)), refusal)
    }
}

impl Meter {
    fn watch(self, body: BodyStream, refusal: Refusal) -> BodyStream {
        Box::pin(stream::unfold(Some((self, body, refusal)), async |state| {
            let (mut meter, mut body, refusal) = state?;
            let chunk = body.next().await?;
            Some(match chunk {
                Ok(chunk) => match meter.take(&chunk).await {
                    Ok(()) => (Ok(chunk), Some((meter, body, refusal))),
                    Err(error) => {
                        let cut = BodyError::Cut(error.to_string());
                        refusal.get_or_init(|| error);
                        (Err(cut), None)
                    }
                },
                broken => (broken, None),
            })
        }))
    }

    async fn take(&mut self, chunk: &Bytes) -> Result<()> {
        self.received += chunk.len() as u64;
        if self.received <= self.until {
            return Ok(());
        }
        let wanted = Wanted::AtLeast(self.received);
        match self.service.catalog().reserve(&self.transfer, wanted, &self.bounds).await? {
            Reserved::Until(until) => {
                self.until = until;
                Ok(())
            }
            Reserved::Exceeded(exceeded) => {
                Err(self.service.over_limit(&exceeded, self.owner.as_deref(), Some(self.received)))
            }
            Reserved::Gone => Err(self.gone.clone()),
        }
    }
}
