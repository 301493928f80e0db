//! The metadata database, in Glance's tables.
//!
//! Glance's tables are kept exactly as Glance 33 has them, so that a site can come from there and go back.
//! What Casement needs beyond them lives in `casement_*` tables.
//!
//! Who asks for what is split over files: [`Catalog`]'s calls about images are in `images.rs`, `list.rs` and
//! `locations.rs`, those of an upload in `uploads.rs`, those of a location import in `location_imports.rs`, those of
//! recovery in `recovery.rs`, what a project may have in `quota.rs`, metadata definitions in `metadefs/`. What is
//! particular to SQLite is in `sqlite.rs`; [`Onlooker`] is for who only looks at the file.

mod among;
mod change;
mod children;
mod counted;
mod error;
mod images;
mod list;
mod location_imports;
mod locations;
mod lock;
mod members;
mod metadefs;
mod onlooker;
#[cfg(test)]
mod plans;
mod queue;
mod quota;
mod record;
mod recovery;
mod remembered;
mod schema;
mod sqlite;
mod stamp;
mod tasks;
mod transfer;
mod uploads;
mod writer;

use casement_image::Image;
use counted::Counted;
use remembered::Remembered;
use std::{path::PathBuf, sync::Arc};

pub use error::{Error, Kind, Result};
pub use location_imports::{Findings, ImportEnd, Placed};
pub use lock::Lock;
pub use metadefs::{FoundNamespace, Loaded, Merge, NamespacePage, Unloaded};
pub use onlooker::{Onlooker, Version};
pub use quota::{Bounds, Exceeded, Reserved, Resource, Usage, Wanted};
pub use transfer::{Begin, NewTransfer, Outcome, Residue, Transfer, TransferState};

/// Where the database is and how much of the machine it may use.
#[derive(Debug, Clone)]
pub struct Options {
    /// The database file. Its directory must exist; the file is made when it is absent.
    pub path: PathBuf,
    /// Connections that read side by side.
    pub readers: u32,
}

/// An image that was looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Whoever asks next may get the same one.
    pub image: Arc<Image>,
    /// Whether the caller's project is a member, with whatever member status.
    pub is_member: bool,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub images: Vec<Image>,
    /// As many images as the query's limit, so there may be more.
    pub full: bool,
}

/// The metadata database. Cheap to clone; every clone is the same database.
#[derive(Debug, Clone)]
pub struct Catalog {
    db: Arc<sqlite::Database>,
    /// `None` where others write too.
    remembered: Option<Arc<Remembered>>,
    counted: Arc<Counted>,
}

impl Catalog {
    /// Opens the database, makes it when it is absent, and takes over one that Glance left.
    ///
    /// One service at a time: [`Kind::Busy`] when another one has it open.
    pub async fn open(options: &Options) -> Result<Self> {
        Self::open_under(options, Lock::take(&options.path)?).await
    }

    /// As [`Catalog::open`], under a lock that was taken before.
    pub async fn open_under(options: &Options, lock: Lock) -> Result<Self> {
        let db = sqlite::Database::open(options, Some(lock)).await?;
        let remembered = Remembered::new(db.commits());
        Ok(Self { db: Arc::new(db), remembered: Some(Arc::new(remembered)), counted: Arc::default() })
    }

    /// As [`Catalog::open`], for one of several processes of a service that holds the lock for them.
    pub async fn open_beside(options: &Options) -> Result<Self> {
        let db = Arc::new(sqlite::Database::open(options, None).await?);
        Ok(Self { db, remembered: None, counted: Arc::default() })
    }

    /// Waits for what is under way, closes all connections and lets go of the lock.
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.db.ping().await
    }
}
