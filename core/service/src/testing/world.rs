//! A store in memory, whose steps can be made to fail or to stand still.
#![allow(clippy::unwrap_used)]

use super::DATA;
use bytes::Bytes;
use casement_sdk::{
    Backend, Capabilities, Error, Host, Kind, NoListing, Range, Reader, Staged, Stat, WriteOptions, Writer,
};
use std::{
    collections::{BTreeMap, HashMap},
    future::pending,
    sync::{Arc, LazyLock, Mutex, MutexGuard},
};
use tokio::sync::watch;

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
    /// Which process uses it.
    process: u32,
}

static WORLDS: LazyLock<Mutex<HashMap<String, Arc<World>>>> = LazyLock::new(Mutex::default);

impl World {
    /// A new medium that stores find by this name.
    pub(crate) fn named(name: String) -> Arc<Self> {
        let world = Arc::<Self>::default();
        WORLDS.lock().unwrap().insert(name, Arc::clone(&world));
        world
    }

    pub(crate) fn forget(name: &str) {
        WORLDS.lock().unwrap().remove(name);
    }

    /// What the process that uses it has begun happens no more.
    pub(crate) fn crash(&self) {
        self.held().process += 1;
        self.heal();
    }

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

    pub(crate) fn put(&self, key: &str, data: impl Into<Vec<u8>>) {
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
pub(crate) struct Config {
    world: String,
}

pub(crate) struct Memory(View);

pub(crate) struct Write {
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

pub(crate) struct Rest(Option<Bytes>);

impl Reader for Rest {
    async fn next(&mut self) -> casement_sdk::Result<Option<Bytes>> {
        Ok(self.0.take())
    }
}
