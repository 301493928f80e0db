//! What a project may have in all, and how a refusal is worded.

use crate::{Error, Kind, Result, Service, Side};
use casement_catalog::{Bounds, Exceeded};

impl Service {
    /// What the owner of images may have. Images without an owner are nobody's, and count for nobody.
    pub(crate) async fn bounds(&self, owner: Option<&str>) -> Result<Bounds> {
        Ok(match owner {
            Some(_) => Bounds { bytes: self.settings().storage_quota, ..Bounds::default() },
            None => Bounds::default(),
        })
    }

    /// `size` is what is known of the data that was to come.
    pub(crate) fn over_limit(&self, exceeded: &Exceeded, size: Option<u64>) -> Error {
        // Python's spelling of "nobody knows", as clients know it.
        let size = size.map_or("None".to_owned(), |size| size.to_string());
        let remaining = exceeded.limit.saturating_sub(exceeded.usage);
        let message = format!(
            "Image exceeds the storage quota: The size of the data {size} will exceed the limit. {remaining} bytes remaining."
        );
        Error::new(Kind::LimitExceeded, Side::Client, message)
    }
}
