//! A service with a real catalog and a store in memory, whose steps can be made to fail or to stand still.
#![allow(clippy::unwrap_used)]

mod world;

pub(crate) use world::{Fault, Step, World};

use crate::{BodyStream, Parts, Result, Service, Settings, UploadRequest};
use bytes::Bytes;
use casement_catalog::Catalog;
use casement_identity::Identity;
use casement_image::{Caller, ImageId, Quotas, Status, UriFilter, list::ListSettings};
use casement_policy::Rules;
use casement_sdk::{Backend, host::Plugin};
use casement_stores::{
    DigestThreads, Multihash, Stores,
    config::{Limits, StoreOptions},
    host::LoadedPlugin,
};
use futures_util::stream;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;
use world::Memory;

pub(crate) const DATA: &str = "0123456789";

/// One process after the other, on one catalog and one medium.
pub(crate) struct Bench {
    dir: TempDir,
    pub(crate) world: Arc<World>,
    pub(crate) service: Service,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let world = World::named(name_of(&dir));
        let service = service(&dir, &["fast"]).await;
        Self { dir, world, service }
    }

    /// The process dies where it stands. The next one has these stores, and has recovered.
    pub(crate) async fn crash(&mut self, stores: &[&str]) {
        self.world.crash();
        self.service.close().await;
        self.service = service(&self.dir, stores).await;
        self.service.recover().await.unwrap();
    }

    /// Another process of the same service, whose leases last.
    pub(crate) async fn beside(&self) -> Service {
        let catalog = Catalog::open_beside(&options(&self.dir)).await.unwrap();
        let mut parts = parts(&self.dir, catalog, &["fast"]).await;
        parts.settings.lease = Duration::from_secs(60);
        Service::new(parts)
    }

    /// The same process with another configuration.
    pub(crate) async fn reconfigured(&self, change: impl FnOnce(&mut Settings)) -> Service {
        let mut parts = parts(&self.dir, self.service.catalog().clone(), &["fast"]).await;
        change(&mut parts.settings);
        self.service.reconfigured(parts)
    }

    /// The process dies where it stands, beside another one that lives and is told of it.
    pub(crate) async fn crash_beside(&mut self, other: Service) {
        self.world.crash();
        self.service.close().await;
        let dead = std::mem::replace(&mut self.service, other);
        self.service.take_over(&dead.0.node).await.unwrap();
    }

    pub(crate) async fn queued(&self) -> String {
        let body = json!({"disk_format": "raw", "container_format": "bare"});
        self.service.create_image(&caller(), &body).await.unwrap().id.to_string()
    }

    pub(crate) async fn upload(&self, id: &str) -> Result<()> {
        self.upload_body(id, body()).await
    }

    pub(crate) async fn upload_through(&self, service: &Service, id: &str) -> Result<()> {
        service.upload(&caller(), id, UploadRequest::default(), body()).await
    }

    pub(crate) async fn upload_to(&self, store: &str, id: &str) -> Result<()> {
        let request = UploadRequest { store: Some(store.to_owned()), size: None };
        self.service.upload(&caller(), id, request, body()).await
    }

    pub(crate) async fn upload_body(&self, id: &str, body: BodyStream) -> Result<()> {
        self.service.upload(&caller(), id, UploadRequest::default(), body).await
    }

    /// An upload that goes on by itself.
    pub(crate) fn begin_upload(&self, id: &str) -> tokio::task::JoinHandle<Result<()>> {
        let (service, id) = (self.service.clone(), id.to_owned());
        tokio::spawn(async move { service.upload(&caller(), &id, UploadRequest::default(), body()).await })
    }

    pub(crate) async fn delete(&self, id: &str) -> Result<()> {
        self.service.delete_image(&caller(), id, None).await
    }

    /// `None` when it is deleted.
    pub(crate) async fn status(&self, id: &str) -> Option<Status> {
        let id = ImageId::parse(id).unwrap();
        self.service.catalog().find_image(&id, None).await.unwrap().map(|found| found.image.status)
    }

    /// Behind the catalog's back.
    pub(crate) async fn sql(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.raw().await).await.unwrap();
    }

    pub(crate) async fn transfers(&self) -> i64 {
        sqlx::query_scalar("SELECT COUNT(*) FROM casement_transfers").fetch_one(&mut self.raw().await).await.unwrap()
    }

    async fn raw(&self) -> SqliteConnection {
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(self.dir.path().join("c.db")))
            .await
            .unwrap()
    }

    /// Holds that nothing is under way, and that the medium has the data of these images and no byte more.
    pub(crate) async fn assert_settled(&self, active: &[&str], case: &str) {
        assert_eq!(self.transfers().await, 0, "{case}");
        assert_eq!(self.world.staged(), Vec::<String>::new(), "{case}");
        assert_eq!(self.world.objects(), active, "{case}");
    }

    /// Holds that the image is queued, that nothing is left of it, and that it takes data now.
    pub(crate) async fn assert_taken_back(&self, id: &str, case: &str) {
        assert_eq!(self.status(id).await, Some(Status::Queued), "{case}");
        self.assert_settled(&[], case).await;
        self.upload(id).await.unwrap();
        self.assert_settled(&[id], case).await;
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        World::forget(&name_of(&self.dir));
    }
}

fn body() -> BodyStream {
    Box::pin(stream::iter(DATA.as_bytes().chunks(4).map(|chunk| Ok(Bytes::from(chunk)))))
}

fn name_of(dir: &TempDir) -> String {
    dir.path().display().to_string()
}

pub(crate) fn caller() -> Caller {
    Caller { project_id: Some("p".into()), roles: ["admin".to_owned()].into(), is_admin: true, ..Caller::default() }
}

fn options(dir: &TempDir) -> casement_catalog::Options {
    casement_catalog::Options { path: dir.path().join("c.db"), readers: 1 }
}

async fn service(dir: &TempDir, stores: &[&str]) -> Service {
    let catalog = Catalog::open(&options(dir)).await.unwrap();
    Service::new(parts(dir, catalog, stores).await)
}

async fn parts(dir: &TempDir, catalog: Catalog, stores: &[&str]) -> Parts {
    let memory = LoadedPlugin::linked_in(Plugin::from_static::<Memory>().unwrap());
    let stores = stores.iter().map(|id| StoreOptions {
        id: (*id).to_owned(),
        plugin: Memory::NAME.to_owned(),
        description: None,
        default: false,
        required: false,
        read_only: false,
        client_locations: true,
        weight: 0,
        limits: Limits { tries: 1, breaker_failures: u32::MAX, ..Limits::default() },
        config: json!({"world": name_of(dir)}).as_object().unwrap().clone(),
        base_dir: dir.path().to_owned(),
    });
    Parts {
        catalog,
        identity: Identity::none(None, None, None),
        limits: None,
        rules: Rules::defaults(),
        protections: None,
        stores: Stores::open_on(vec![memory], stores.collect()).await.unwrap(),
        digests: DigestThreads::start().unwrap(),
        settings: Settings {
            list: ListSettings::default(),
            quotas: Quotas::default(),
            size_cap: 1 << 20,
            schemas: casement_image::schema::Schemas::default(),
            storage_quota: None,
            strict_size_limit: false,
            formats: casement_inspect::Settings::default(),
            multihash: Multihash::Sha256,
            legacy_md5: true,
            show_direct_url: false,
            show_multiple_locations: true,
            uri_filter: UriFilter::default(),
            do_secure_hash: true,
            location_tries: 2,
            // Has run out as soon as it is given.
            lease: Duration::ZERO,
        },
    }
}
