//! The catalog's promises, held against a real database file.
#![allow(clippy::unwrap_used)]

mod images;
mod list;
mod locations;
mod metadefs;
mod onlooker;
mod opening;
mod quota;
mod recovery;
mod tasks;
mod uploads;

use casement_catalog::{Catalog, NewTransfer, Options};
use casement_image::{Image, ImageId, Status, Visibility};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime, macros::datetime};

/// A catalog in a directory of its own.
struct Bench {
    dir: TempDir,
    catalog: Catalog,
}

impl Bench {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(&options(&dir)).await.unwrap();
        Self { dir, catalog }
    }

    /// Looks behind the catalog's back.
    async fn raw(&self) -> SqliteConnection {
        raw(&self.dir).await
    }

    async fn image(&self, id: &ImageId) -> Image {
        Image::clone(&self.catalog.find_image(id, None).await.unwrap().unwrap().image)
    }

    async fn status(&self, id: &ImageId) -> Status {
        self.image(id).await.status
    }

    async fn share(&self, id: &ImageId, member: &str, status: &str) {
        sqlx::query(
            "INSERT INTO image_members (image_id, member, can_share, status, created_at, deleted) VALUES (?, ?, 0, ?, ?, 0)",
        )
        .bind(id.as_str())
        .bind(member)
        .bind(status)
        .bind("2026-01-01 00:00:00.000000")
        .execute(&mut self.raw().await)
        .await
        .unwrap();
    }
}

fn path(dir: &TempDir) -> PathBuf {
    dir.path().join("casement.db")
}

fn options(dir: &TempDir) -> Options {
    Options { path: path(dir), readers: 4 }
}

async fn raw(dir: &TempDir) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path(dir)).create_if_missing(true).foreign_keys(false);
    SqliteConnection::connect_with(&options).await.unwrap()
}

fn at(seconds: i64) -> OffsetDateTime {
    datetime!(2026-03-01 12:00:00 UTC) + Duration::seconds(seconds)
}

/// A queued image of `p1` that has nothing more than it must.
fn queued() -> Image {
    Image {
        id: ImageId::random(),
        name: None,
        status: Status::Queued,
        visibility: Visibility::Shared,
        protected: false,
        os_hidden: false,
        checksum: None,
        os_hash_algo: None,
        os_hash_value: None,
        owner: Some("p1".into()),
        size: None,
        virtual_size: None,
        container_format: Some("bare".into()),
        disk_format: Some("qcow2".into()),
        min_ram: 0,
        min_disk: 0,
        created_at: at(0),
        updated_at: at(0),
        tags: BTreeSet::new(),
        properties: BTreeMap::new(),
        locations: Vec::new(),
    }
}

fn transfer_of(image: &ImageId, id: &str) -> NewTransfer {
    NewTransfer {
        id: id.into(),
        image_id: image.clone(),
        store: "fast".into(),
        key: image.as_str().into(),
        node: "n1".into(),
        lease_until: at(60),
    }
}
