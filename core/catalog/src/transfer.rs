//! Transfers: what is under way between an image and a store, so that whatever dies in between can be settled.

use casement_image::{ImageId, Location, Status};
use time::OffsetDateTime;

/// How far a transfer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransferState {
    /// Data is being written under a token; nothing is published.
    Staged,
    /// The data is whole and judged; it may or may not be published.
    Committing,
    /// Staged data is to be discarded.
    Discarding,
    /// A published object is to be deleted.
    Deleting,
}

/// A transfer that is to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTransfer {
    /// Any text that no other transfer has, of at most 36 characters.
    pub id: String,
    pub image_id: ImageId,
    pub store: String,
    /// The object's name in the store.
    pub key: String,
    /// The gateway that looks after it.
    pub node: String,
    /// After this, and unless prolonged, another gateway may adopt it.
    pub lease_until: OffsetDateTime,
}

/// A transfer as the catalog holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Transfer {
    pub id: String,
    pub image_id: ImageId,
    pub store: String,
    pub key: String,
    /// The store's name for the staged data; empty until it is known.
    pub token: String,
    pub state: TransferState,
    pub node: String,
    pub lease_until: OffsetDateTime,
    /// Known from `Committing` on.
    pub outcome: Option<Outcome>,
}

/// What an upload brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub size: u64,
    pub checksum: Option<String>,
    pub os_hash_algo: Option<String>,
    pub os_hash_value: Option<String>,
    pub virtual_size: Option<u64>,
    pub location: Location,
}

/// How the beginning of an upload went.
#[derive(Debug, Clone, PartialEq)]
pub enum Begin {
    Started,
    /// The image is not `queued`.
    WrongStatus(Status),
    /// There is no such image, or no longer.
    Gone,
    /// The store still holds an object of this image that is to be deleted; nothing was changed. Settle these first.
    Outstanding(Vec<Transfer>),
}

/// What an upload that failed left in its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Residue {
    None,
    /// Staged data under the transfer's token.
    Stage,
    /// An object under its final name.
    Object,
}
