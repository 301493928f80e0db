//! What a project may have in all, by the operator's word or by Keystone's, and how a refusal is worded.

use crate::{Error, Kind, Result, Service, Side};
use casement_catalog::{Bounds, Exceeded, Resource};
use casement_image::{Caller, Image};

const MIB: u64 = 1 << 20;

/// One line of what a project has and may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceUsage {
    /// As Keystone's limits are called.
    pub name: &'static str,
    /// `None` is without bound.
    pub limit: Option<u64>,
    pub usage: u64,
}

impl Service {
    /// What the owner of images may have. Images without an owner are nobody's, and count for nobody.
    pub(crate) async fn bounds(&self, owner: Option<&str>) -> Result<Bounds> {
        let Some(owner) = owner else { return Ok(Bounds::default()) };
        let Some(limits) = &self.parts().limits else {
            return Ok(Bounds { bytes: self.settings().storage_quota, ..Bounds::default() });
        };
        let limits = limits.of(owner).await?;
        Ok(Bounds {
            bytes: limits.image_size_total.map(|mib| mib.saturating_mul(MIB)),
            images: limits.image_count_total,
            uploading: limits.image_count_uploading,
            lone_overrun: !self.settings().strict_size_limit,
        })
    }

    /// What a change of an image is bound by: only one of its locations changes what its owner has.
    pub(crate) async fn bounds_of_change(&self, before: &Image, after: &Image) -> Result<Bounds> {
        if before.locations == after.locations {
            return Ok(Bounds::default());
        }
        self.bounds(after.owner.as_deref()).await
    }

    /// What the caller's project has of what Keystone limits; nothing where Keystone limits nothing.
    ///
    /// # Errors
    /// When Keystone or the catalog does not answer.
    pub async fn usage(&self, caller: &Caller) -> Result<Vec<ResourceUsage>> {
        let (Some(limits), Some(project)) = (&self.parts().limits, &caller.project_id) else {
            return Ok(Vec::new());
        };
        let limits = limits.of(project).await?;
        let usage = self.catalog().usage(project).await?;
        Ok([
            ("image_size_total", limits.image_size_total, usage.bytes / MIB),
            ("image_stage_total", limits.image_stage_total, usage.staged / MIB),
            ("image_count_total", limits.image_count_total, usage.images),
            ("image_count_uploading", limits.image_count_uploading, usage.uploading),
        ]
        .map(|(name, limit, usage)| ResourceUsage { name, limit, usage })
        .into())
    }

    /// `size` is what is known of the data that was to come.
    pub(crate) fn over_limit(&self, exceeded: &Exceeded, owner: Option<&str>, size: Option<u64>) -> Error {
        let message = match &self.parts().limits {
            Some(_) => over_unified_limit(exceeded, owner.unwrap_or_default()),
            None => over_storage_quota(exceeded, size),
        };
        Error::new(Kind::LimitExceeded, Side::Client, message)
    }
}

fn over_storage_quota(exceeded: &Exceeded, size: Option<u64>) -> String {
    // Python's spelling of "nobody knows", as clients know it.
    let size = size.map_or("None".to_owned(), |size| size.to_string());
    let remaining = exceeded.limit.saturating_sub(exceeded.usage);
    format!(
        "Image exceeds the storage quota: The size of the data {size} will exceed the limit. {remaining} bytes remaining."
    )
}

/// In the words of oslo.limit, in those of Glance.
fn over_unified_limit(exceeded: &Exceeded, project: &str) -> String {
    let (name, unit) = match exceeded.resource {
        Resource::Bytes => ("image_size_total", MIB),
        Resource::Images => ("image_count_total", 1),
        Resource::Uploading => ("image_count_uploading", 1),
    };
    let [limit, usage, delta] = [exceeded.limit, exceeded.usage, exceeded.delta].map(|count| count.div_ceil(unit));
    format!(
        "The request returned a 413 Request Entity Too Large. This generally means that rate limiting or a quota \
         threshold was breached.\n\nThe response body:\nProject {project} is over a limit for [Resource {name} is over \
         limit of {limit} due to current usage {usage} and delta {delta}]"
    )
}
