//! Transfers: what is under way between an image and a store, so that whatever dies in between can be settled.

use crate::{
    Exceeded, Result, record,
    sqlite::{Conn, Db, Row},
    stamp::Stamp,
};
use casement_image::{ImageId, Location, Status};
use sqlx::Row as _;
use std::str::FromStr;
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
    /// A location that a client gave is being looked at; nothing is written.
    Hashing,
}

impl TransferState {
    const NAMES: [(TransferState, &'static str); 5] = [
        (TransferState::Staged, "staged"),
        (TransferState::Committing, "committing"),
        (TransferState::Discarding, "discarding"),
        (TransferState::Deleting, "deleting"),
        (TransferState::Hashing, "hashing"),
    ];

    pub fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }
}

impl FromStr for TransferState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::NAMES.iter().find(|(_, name)| *name == text).map(|(state, _)| *state).ok_or(())
    }
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

impl Transfer {
    /// The store's name for what was staged. Until a token is known, the stage can only have the transfer's own name.
    pub fn stage(&self) -> &str {
        if self.token.is_empty() { &self.id } else { &self.token }
    }
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
    /// The image's owner would have more than it may.
    OverLimit(Exceeded),
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

macro_rules! select_transfers {
    ($rest:literal) => {
        concat!(
            "SELECT id, image_id, store, object_key, token, state, node, lease_until, size, virtual_size, checksum, \
             os_hash_algo, os_hash_value, location_url, location_metadata FROM casement_transfers ",
            $rest
        )
    };
}
pub(crate) use select_transfers;

pub(crate) async fn find(executor: impl sqlx::Executor<'_, Database = Db>, id: &str) -> Result<Option<Transfer>> {
    let row = sqlx::query(select_transfers!("WHERE id = ?")).bind(id).fetch_optional(executor).await?;
    row.as_ref().map(read).transpose()
}

/// What is to be deleted of an image in a store.
pub(crate) async fn deleting(conn: &mut Conn, image: &ImageId, store: &str) -> Result<Vec<Transfer>> {
    sqlx::query(select_transfers!("WHERE image_id = ? AND store = ? AND state = 'deleting' ORDER BY id"))
        .bind(image.as_str())
        .bind(store)
        .fetch_all(conn)
        .await?
        .iter()
        .map(read)
        .collect()
}

pub(crate) async fn set_state(conn: &mut Conn, id: &str, state: TransferState) -> Result<()> {
    sqlx::query("UPDATE casement_transfers SET state = ? WHERE id = ?")
        .bind(state.as_str())
        .bind(id)
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn remove(conn: &mut Conn, id: &str) -> Result<()> {
    sqlx::query("DELETE FROM casement_transfers WHERE id = ?").bind(id).execute(conn).await?;
    Ok(())
}

pub(crate) fn read(row: &Row) -> Result<Transfer> {
    Ok(Transfer {
        id: row.try_get("id")?,
        image_id: record::image_id(row, "image_id")?,
        store: row.try_get("store")?,
        key: row.try_get("object_key")?,
        token: row.try_get("token")?,
        state: record::named(row, "state")?,
        node: row.try_get("node")?,
        lease_until: row.try_get::<Stamp, _>("lease_until")?.0,
        outcome: outcome(row)?,
    })
}

fn outcome(row: &Row) -> Result<Option<Outcome>> {
    let (Some(size), Some(url)) = (record::number(row, "size")?, row.try_get("location_url")?) else {
        return Ok(None);
    };
    Ok(Some(Outcome {
        size,
        checksum: row.try_get("checksum")?,
        os_hash_algo: row.try_get("os_hash_algo")?,
        os_hash_value: row.try_get("os_hash_value")?,
        virtual_size: record::number(row, "virtual_size")?,
        location: Location { url, metadata: record::metadata(row, "location_metadata")? },
    }))
}
