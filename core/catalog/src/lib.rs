//! The metadata database, in Glance's tables.
//!
//! Glance's tables are kept exactly as Glance 33 has them, so that a site can come from there and go back.
//! What Casement needs beyond them lives in `casement_*` tables.

mod error;
mod transfer;

use casement_image::{Caller, Image, ImageId, ListQuery, Status};
use std::path::PathBuf;
use time::OffsetDateTime;

pub use error::{Error, Kind, Result};
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
    pub image: Image,
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
pub struct Catalog {}

#[allow(unused_variables)]
impl Catalog {
    /// Opens the database, makes it when it is absent, and takes over one that Glance left.
    ///
    /// One process at a time: [`Kind::Busy`] when another one has it open.
    pub async fn open(options: &Options) -> Result<Self> {
        unimplemented!()
    }

    /// Waits for what is under way, closes all connections and lets go of the lock.
    pub async fn close(&self) {
        unimplemented!()
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        unimplemented!()
    }

    /// Adds an image with all that belongs to it. [`Kind::Exists`] also for the id of a deleted image.
    pub async fn create_image(&self, image: &Image) -> Result<()> {
        unimplemented!()
    }

    /// The image, unless it is deleted. Visibility is the caller's business.
    pub async fn find_image(
        &self,
        id: &ImageId,
        caller_project: Option<&str>,
    ) -> Result<Option<Found>> {
        unimplemented!()
    }

    /// One page of the images that `caller` may see and `query` asks for.
    pub async fn list_images(&self, query: &ListQuery, caller: &Caller) -> Result<Page> {
        unimplemented!()
    }

    /// Turns `before` into `after`: base fields, properties and tags (status, locations and data stay with the transfers).
    /// Answers the new `updated_at`. [`Kind::Changed`] when the image is no longer as `before` says.
    pub async fn update_image(
        &self,
        before: &Image,
        after: &Image,
        now: OffsetDateTime,
    ) -> Result<OffsetDateTime> {
        unimplemented!()
    }

    /// Adds a tag; `false` when there is no such image. A tag that is there already is left alone.
    pub async fn add_tag(&self, id: &ImageId, tag: &str, now: OffsetDateTime) -> Result<bool> {
        unimplemented!()
    }

    /// Removes a tag; `false` when the image does not have it.
    pub async fn remove_tag(&self, id: &ImageId, tag: &str, now: OffsetDateTime) -> Result<bool> {
        unimplemented!()
    }

    /// Moves an image from one status to another; `false` when it is not in `from`.
    pub async fn change_status(
        &self,
        id: &ImageId,
        from: Status,
        to: Status,
        now: OffsetDateTime,
    ) -> Result<bool> {
        unimplemented!()
    }

    /// Deletes an image and leaves one `Deleting` transfer for each of its objects; `false` when it is no longer in the
    /// status of `before`. The transfer of an upload that is under way stays with its owner, who will learn of it.
    pub async fn delete_image(
        &self,
        before: &Image,
        objects: &[NewTransfer],
        now: OffsetDateTime,
    ) -> Result<bool> {
        unimplemented!()
    }

    /// Moves a queued image to `saving` and opens its transfer.
    pub async fn begin_upload(&self, new: &NewTransfer, now: OffsetDateTime) -> Result<Begin> {
        unimplemented!()
    }

    /// Notes the name that the store gave the staged data; `false` when the transfer is gone.
    pub async fn set_token(&self, transfer: &str, token: &str) -> Result<bool> {
        unimplemented!()
    }

    /// Notes what will be published, just before it is; `false` when the transfer is gone.
    pub async fn begin_commit(&self, transfer: &str, outcome: &Outcome) -> Result<bool> {
        unimplemented!()
    }

    /// Makes the image `active` with the outcome that [`Catalog::begin_commit`] noted, and ends the transfer.
    /// `false` when the image is no longer `saving`: then the transfer is `Deleting`.
    pub async fn finish_upload(&self, transfer: &str, now: OffsetDateTime) -> Result<bool> {
        unimplemented!()
    }

    /// Takes an upload back: the image is `queued` again, and the transfer stays for what is left in the store.
    /// `false` when the image was no longer `saving`; the transfer is treated alike.
    pub async fn release_upload(
        &self,
        transfer: &str,
        residue: Residue,
        now: OffsetDateTime,
    ) -> Result<bool> {
        unimplemented!()
    }

    /// Forgets a transfer.
    pub async fn end_transfer(&self, transfer: &str) -> Result<()> {
        unimplemented!()
    }

    pub async fn transfer(&self, transfer: &str) -> Result<Option<Transfer>> {
        unimplemented!()
    }

    /// Prolongs every lease of `node`.
    pub async fn renew_leases(&self, node: &str, until: OffsetDateTime) -> Result<()> {
        unimplemented!()
    }

    /// Transfers whose lease has run out; with `exclusive`, also every one of another node (which can't be alive).
    pub async fn orphans(
        &self,
        node: &str,
        now: OffsetDateTime,
        exclusive: bool,
    ) -> Result<Vec<Transfer>> {
        unimplemented!()
    }

    /// Takes over an orphan; `false` when another node was faster, or its owner came back.
    pub async fn adopt(
        &self,
        transfer: &Transfer,
        node: &str,
        until: OffsetDateTime,
    ) -> Result<bool> {
        unimplemented!()
    }

    /// The tokens of staged data in `store` that some transfer still needs.
    pub async fn live_tokens(&self, store: &str) -> Result<Vec<String>> {
        unimplemented!()
    }

    /// Images in `saving` that no transfer will ever bring on: a Glance died in the middle of their uploads.
    pub async fn saving_without_transfer(&self) -> Result<Vec<ImageId>> {
        unimplemented!()
    }

    /// Brings such an image back to `queued`; `false` when it has a transfer or is no longer `saving`.
    pub async fn requeue(&self, id: &ImageId, now: OffsetDateTime) -> Result<bool> {
        unimplemented!()
    }
}
