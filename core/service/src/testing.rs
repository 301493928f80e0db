//! A service with a real catalog and a store in memory, whose steps can be made to fail or to stand still.
#![allow(clippy::unwrap_used)]

use crate::{BodyStream, Parts, Result, Service, Settings, UploadRequest};
use bytes::Bytes;
use casement_catalog::Catalog;
use casement_identity::Identity;
use casement_image::{Caller, ImageId, Quotas, Status, list::ListSettings};
use casement_policy::Rules;
use casement_sdk::{
    Backend, Capabilities, Error, Host, Kind, NoListing, Range, Reader, Staged, Stat, WriteOptions, Writer,
    host::Plugin,
};
use casement_stores::{
    DigestThreads, Multihash, Stores,
    config::{Limits, PluginOptions, StoreOptions},
    host::{LoadedPlugin, PluginState},
};
use futures_util::stream;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    collections::{BTreeMap, HashMap},
    future::pending,
    sync::{Arc, LazyLock, Mutex, MutexGuard},
    time::Duration,
};
use tempfile::TempDir;
use tokio::sync::watch;

pub(crate) const DATA: &str = "0123456789";

/// What a store is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Stat,
    Create,
    Write,
    Commit,
    Read,
    Discard,
    Delete,
}

/// What comes of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not done, and that is the answer.
    Refused,
    /// It is done, and the answer is that it failed.
    DoneAndRefused,
    /// It stands still until the fault is taken away, and is then done.
    Held,
    /// It is done, and the answer stands still.
    DoneAndHeld,
}

/// A medium, which outlives the processes that use it.
#[derive(Default)]
pub(crate) struct World {
    held: Mutex<Held>,
    faults: watch::Sender<Vec<(Step, Fault)>>,
    reached: watch::Sender<bool>,
}

#[derive(Default)]
struct Held {
    objects: BTreeMap<String, Vec<u8>>,
    staged: BTreeMap<String, Vec<u8>>,
    /// Which process uses it. What an earlier one had begun happens no more.
    process: u32,
}

static WORLDS: LazyLock<Mutex<HashMap<String, Arc<World>>>> = LazyLock::new(Mutex::default);

impl World {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap()
    }

    pub(crate) fn fault(&self, step: Step, fault: Fault) {
        self.reached.send_replace(false);
        self.faults.send_modify(|faults| {
            faults.retain(|(at, _)| *at != step);
            faults.push((step, fault));
        });
    }

    pub(crate) fn heal(&self) {
        self.faults.send_replace(Vec::new());
    }

    /// Waits until the step that is to stand still does.
    pub(crate) async fn reached(&self) {
        self.reached.subscribe().wait_for(|reached| *reached).await.unwrap();
    }

    pub(crate) fn objects(&self) -> Vec<String> {
        self.held().objects.keys().cloned().collect()
    }

    pub(crate) fn staged(&self) -> Vec<String> {
        self.held().staged.keys().cloned().collect()
    }

    pub(crate) fn stage(&self, token: &str) {
        self.held().staged.insert(token.to_owned(), DATA.into());
    }

    pub(crate) fn put(&self, key: &str, data: &str) {
        self.held().objects.insert(key.to_owned(), data.into());
    }
}

/// The medium as one process sees it.
#[derive(Clone)]
struct View {
    world: Arc<World>,
    process: u32,
}

impl View {
    async fn step<T>(
        &self,
        step: Step,
        effect: impl FnOnce(&mut Held) -> casement_sdk::Result<T>,
    ) -> casement_sdk::Result<T> {
        let fault = self.world.faults.borrow().iter().find(|(at, _)| *at == step).map(|(_, fault)| *fault);
        let away = || Error::new(Kind::Unavailable, "away");
        match fault {
            None => effect(&mut self.world.held()),
            Some(Fault::Refused) => Err(away()),
            Some(Fault::DoneAndRefused) => {
                effect(&mut self.world.held()).ok();
                Err(away())
            }
            Some(Fault::Held) => {
                self.stand_still().await;
                effect(&mut self.world.held())
            }
            Some(Fault::DoneAndHeld) => {
                let answer = effect(&mut self.world.held());
                self.stand_still().await;
                answer
            }
        }
    }

    fn is_alive(&self) -> bool {
        self.world.held().process == self.process
    }

    async fn stand_still(&self) {
        self.world.reached.send_replace(true);
        self.world.faults.subscribe().wait_for(Vec::is_empty).await.unwrap();
        if !self.is_alive() {
            pending().await
        }
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    world: String,
}

struct Memory(View);

struct Write {
    view: View,
    key: String,
    stage: String,
}

impl Backend for Memory {
    const NAME: &'static str = "memory";
    const NON_BLOCKING: bool = true;
    const CAPABILITIES: Capabilities = Capabilities { stage_tokens: true, ..Capabilities::DEFAULT };
    type Config = Config;
    type Writer = Write;
    type Reader = Rest;
    type Lister = NoListing;

    async fn open(config: Config, _host: Host) -> casement_sdk::Result<Self> {
        let world = Arc::clone(&WORLDS.lock().unwrap()[&config.world]);
        let process = world.held().process;
        Ok(Self(View { world, process }))
    }

    async fn stat(&self, key: &str) -> casement_sdk::Result<Stat> {
        let size = |held: &mut Held| held.objects.get(key).map(|data| Stat::of_size(data.len() as u64));
        self.0.step(Step::Stat, |held| size(held).ok_or_else(|| Error::not_found(key))).await
    }

    async fn create(&self, key: &str, options: WriteOptions) -> casement_sdk::Result<Write> {
        let write = Write { view: self.0.clone(), key: key.to_owned(), stage: options.transfer };
        let stage = write.stage.clone();
        let begin = |held: &mut Held| Ok(held.staged.insert(stage, Vec::new()));
        self.0.step(Step::Create, begin).await?;
        Ok(write)
    }

    async fn read(&self, key: &str, _range: Range) -> casement_sdk::Result<Rest> {
        let open = |held: &mut Held| held.objects.get(key).map(|data| Rest(Some(data.clone().into())));
        self.0.step(Step::Read, |held| open(held).ok_or_else(|| Error::not_found(key))).await
    }

    async fn delete(&self, key: &str) -> casement_sdk::Result<()> {
        let remove = |held: &mut Held| held.objects.remove(key).map(drop).ok_or_else(|| Error::not_found(key));
        self.0.step(Step::Delete, remove).await
    }

    async fn discard(&self, token: &str) -> casement_sdk::Result<()> {
        let remove = |held: &mut Held| held.staged.remove(token).map(drop).ok_or_else(|| Error::not_found(token));
        self.0.step(Step::Discard, remove).await
    }

    async fn list_staged(&self) -> casement_sdk::Result<Vec<Staged>> {
        Ok(self.0.world.staged().into_iter().map(|token| Staged { token, idle_ms: None }).collect())
    }
}

impl Writer for Write {
    fn token(&self) -> &str {
        &self.stage
    }

    async fn write(&mut self, chunk: Bytes) -> casement_sdk::Result<()> {
        let discarded = || Error::new(Kind::Cancelled, "discarded");
        let append = |held: &mut Held| {
            held.staged.get_mut(&self.stage).map(|data| data.extend_from_slice(&chunk)).ok_or_else(discarded)
        };
        self.view.step(Step::Write, append).await
    }

    async fn commit(self) -> casement_sdk::Result<Stat> {
        // Goes on when nobody waits for it any more, as on a thread that is blocked in the system.
        tokio::spawn(self.publish()).await.unwrap()
    }
}

impl Write {
    async fn publish(self) -> casement_sdk::Result<Stat> {
        let publish = |held: &mut Held| {
            if held.objects.contains_key(&self.key) {
                return Err(Error::new(Kind::Exists, "taken"));
            }
            let data = held.staged.remove(&self.stage).ok_or_else(|| Error::new(Kind::Cancelled, "discarded"))?;
            let stat = Stat::of_size(data.len() as u64);
            held.objects.insert(self.key.clone(), data);
            Ok(stat)
        };
        self.view.step(Step::Commit, publish).await
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        if self.view.is_alive() {
            self.view.world.held().staged.remove(&self.stage);
        }
    }
}

struct Rest(Option<Bytes>);

impl Reader for Rest {
    async fn next(&mut self) -> casement_sdk::Result<Option<Bytes>> {
        Ok(self.0.take())
    }
}

/// One process after the other, on one catalog and one medium.
pub(crate) struct Bench {
    dir: TempDir,
    pub(crate) world: Arc<World>,
    pub(crate) service: Service,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let world = Arc::<World>::default();
        WORLDS.lock().unwrap().insert(name_of(&dir), Arc::clone(&world));
        let service = service(&dir, &["fast"]).await;
        Self { dir, world, service }
    }

    /// The process dies where it stands. The next one has these stores, and has recovered.
    pub(crate) async fn crash(&mut self, stores: &[&str]) {
        self.world.held().process += 1;
        self.world.heal();
        self.service.close().await;
        self.service = service(&self.dir, stores).await;
        self.service.recover().await.unwrap();
    }

    pub(crate) async fn queued(&self) -> String {
        let body = json!({"disk_format": "raw", "container_format": "bare"});
        let image = self.service.create_image(&caller(), &body).await.unwrap();
        image["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn upload(&self, id: &str) -> Result<()> {
        self.upload_body(id, body()).await
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
        self.service.delete_image(&caller(), id).await
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
        WORLDS.lock().unwrap().remove(&name_of(&self.dir));
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

async fn service(dir: &TempDir, stores: &[&str]) -> Service {
    let catalog = casement_catalog::Options { path: dir.path().join("c.db"), readers: 1 };
    let memory = LoadedPlugin {
        options: PluginOptions::default(),
        path: None,
        plugin: Some(Plugin::from_static::<Memory>().unwrap()),
        state: PluginState::Loaded,
    };
    let stores = stores.iter().map(|id| StoreOptions {
        id: (*id).to_owned(),
        plugin: Memory::NAME.to_owned(),
        description: None,
        default: false,
        required: false,
        read_only: false,
        weight: 0,
        limits: Limits { tries: 1, breaker_failures: u32::MAX, ..Limits::default() },
        config: json!({"world": name_of(dir)}).as_object().unwrap().clone(),
        base_dir: dir.path().to_owned(),
    });
    Service::new(Parts {
        catalog: Catalog::open(&catalog).await.unwrap(),
        identity: Identity::none(None, None, None),
        rules: Rules::defaults(),
        stores: Stores::open_on(vec![memory], stores.collect(), 1).await.unwrap(),
        digests: DigestThreads::start().unwrap(),
        settings: Settings {
            list: ListSettings::default(),
            quotas: Quotas::default(),
            size_cap: 1 << 20,
            multihash: Multihash::Sha256,
            show_direct_url: false,
            show_multiple_locations: false,
            // Has run out as soon as it is given.
            lease: Duration::ZERO,
        },
    })
}
