//! The use cases of the Images API, one file per verb family; the only room that joins catalog, stores,
//! identity and policy. Knows nothing of HTTP.

mod access;
mod actions;
mod create;
mod delete;
mod download;
mod error;
mod figures;
mod health;
mod info;
mod list;
mod location_import;
mod locations;
mod members;
mod metadefs;
mod protections;
mod quota;
mod recover;
mod rendered;
mod request;
mod settings;
mod show;
mod stores;
mod tags;
mod tasks;
#[cfg(test)]
mod testing;
mod update;
mod upload;
mod version;

pub use casement_identity::{Asserted, Credentials};
pub use casement_inspect::{Settings as FormatSettings, VmdkType};
pub use error::{Error, Kind, Result, Side};
pub use health::StoreHealth;
pub use quota::ResourceUsage;
pub use request::{
    BodyError, BodyStream, Download, DownloadRequest, FilePart, Piece, PieceStream, StoreDetail, StoreInfo,
    UploadRequest,
};
pub use settings::Settings;
pub use version::{Precondition, Record};

use casement_catalog::Catalog;
use casement_identity::{Identity, keystone::Limits};
use casement_policy::{Protections, Rules};
use casement_stores::{DigestThreads, Stores};
use location_import::Imports;
use recover::InHand;
use rendered::Rendered;
use std::{fmt, sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio_util::task::TaskTracker;

/// What the use cases work with.
#[derive(Debug)]
pub struct Parts {
    pub catalog: Catalog,
    pub identity: Identity,
    /// What projects may have, where Keystone says it.
    pub limits: Option<Limits>,
    pub rules: Rules,
    /// Who may touch which additional properties; without, whoever may change the image.
    pub protections: Option<Protections>,
    pub stores: Stores,
    pub digests: DigestThreads,
    pub settings: Settings,
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    parts: Parts,
    /// This process, as the owner of transfers. A restart is another node.
    node: String,
    uploads: TaskTracker,
    in_hand: InHand,
    imports: Imports,
    rendered: Rendered,
}

impl Service {
    pub fn new(parts: Parts) -> Self {
        Self::of_node(parts, uuid::Uuid::new_v4().to_string())
    }

    /// For a process that was given a name, which no other has had, as the owner of its transfers.
    pub fn of_node(parts: Parts, node: String) -> Self {
        figures::introduce();
        Self(Arc::new(Inner {
            parts,
            node,
            uploads: TaskTracker::new(),
            in_hand: InHand::default(),
            imports: Imports::default(),
            rendered: Rendered::default(),
        }))
    }

    /// The same service with another configuration, on the same catalog. What runs goes on in both, and requests that have
    /// begun end by the parts that they began with.
    #[must_use]
    pub fn reconfigured(&self, parts: Parts) -> Self {
        let inner = &self.0;
        Self(Arc::new(Inner {
            parts,
            node: inner.node.clone(),
            uploads: inner.uploads.clone(),
            in_hand: inner.in_hand.clone(),
            imports: inner.imports.clone(),
            rendered: Rendered::default(),
        }))
    }

    /// Who sends this request. An error is always [`Kind::Unauthenticated`] or [`Kind::Unavailable`].
    ///
    /// # Errors
    /// When the token is missing or worthless, or nobody can say now whether it is.
    pub async fn authenticate(&self, credentials: &Credentials) -> Result<Arc<casement_image::Caller>> {
        let mut caller = self.parts().identity.authenticate(credentials).await?;
        let is_admin = self.parts().rules.is_admin(&caller);
        if caller.is_admin != is_admin {
            Arc::make_mut(&mut caller).is_admin = is_admin;
        }
        Ok(caller)
    }

    /// Waits until every upload has come to its end; those whose body stops coming end by their own deadlines. Location
    /// imports stand still; the next process takes them up.
    pub async fn drain(&self) {
        self.0.imports.stop().await;
        self.0.uploads.close();
        self.0.uploads.wait().await;
    }

    /// Ends the use of the catalog, after [`Service::drain`].
    pub async fn close(&self) {
        self.catalog().close().await;
    }

    fn parts(&self) -> &Parts {
        &self.0.parts
    }

    fn catalog(&self) -> &Catalog {
        &self.0.parts.catalog
    }

    fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }

    fn lease_until(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() + self.settings().lease
    }
}

/// The pause a client is asked for when only a moment is missing.
const SHORTLY: Duration = Duration::from_secs(1);

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("node", &self.0.node).finish_non_exhaustive()
    }
}
