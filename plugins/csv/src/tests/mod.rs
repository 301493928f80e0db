//! The store on a node of the tests' own, opened and used as a gateway does.
#![allow(clippy::unwrap_used)]

mod cluster;
mod finding;
mod pauses;
mod standing;

use crate::{Csv, System};
use casement_sdk::{
    Blocking, Error, Range, WriteOptions,
    host::{Backend, HostServices, Level, LogLine, Plugin},
};
use casement_share::win32::{
    Api, Code,
    constants::{FILE_ATTRIBUTE_REPARSE_POINT, REPARSE_TAG_NAME_SURROGATE},
    fake::{Fake, FakeVolume},
};
use cluster::FakeCluster;
use serde_json::Value;
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, Once, PoisonError},
};

/// The node that is opened next. Tests take turns.
static NODE: Mutex<Option<(Fake, FakeCluster)>> = Mutex::new(None);
static TURN: Mutex<()> = Mutex::new(());
/// What was logged in this turn, a line each. A plugin that is linked has its log from whoever it is linked into.
static LOG: Mutex<String> = Mutex::new(String::new());

#[derive(Debug)]
struct Tested;

impl System for Tested {
    type Api = Fake;
    type Cluster = FakeCluster;

    fn api() -> Fake {
        NODE.lock().unwrap().clone().unwrap().0
    }

    fn cluster() -> FakeCluster {
        NODE.lock().unwrap().clone().unwrap().1
    }
}

struct Log;

impl io::Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap().push_str(&String::from_utf8_lossy(text));
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How many lines of a level have this text.
fn logged(level: &str, text: &str) -> usize {
    let log = LOG.lock().unwrap();
    log.lines().filter(|line| line.trim_start().starts_with(level) && line.contains(text)).count()
}

/// The figures that a store tells the gateway.
#[derive(Debug, Default)]
struct Gateway {
    metrics: Mutex<Vec<(String, f64)>>,
}

impl Gateway {
    /// The last value of a metric.
    fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.lock().unwrap().iter().rev().find(|(told, _)| told == name).map(|(_, value)| *value)
    }
}

impl HostServices for Gateway {
    fn log(&self, _: &LogLine<'_>) {}

    fn log_enabled(&self, _: Level) -> bool {
        false
    }

    fn concurrency(&self) -> usize {
        16
    }

    fn counter_add(&self, name: &str, delta: u64) {
        self.metrics.lock().unwrap().push((name.to_owned(), delta as f64));
    }

    fn gauge_set(&self, name: &str, value: f64) {
        self.metrics.lock().unwrap().push((name.to_owned(), value));
    }

    fn histogram_observe(&self, _: &str, _: f64) {}
}

const IS_CSV_FILE: u32 = 0x0009_0248;
const CSV_CONTROL: u32 = 0x0009_02D4;

/// `\\?\C:\ClusterStorage\Volume1`
fn mount(volume: &str) -> String {
    format!(r"\\?\C:\ClusterStorage\{volume}")
}

/// A volume that this node, number 1, reaches directly, and another node owns.
fn csv(volume: &str, serial: u64) -> FakeVolume {
    let controls = vec![(IS_CSV_FILE, Ok(Vec::new())), (CSV_CONTROL, access(2, 1, true, true))];
    FakeVolume { file_system: "CSVFS", free: 1 << 30, controls, ..FakeVolume::ntfs(&mount(volume), serial) }
}

/// The same with ReFS below it.
fn csv_on_refs(volume: &str, serial: u64) -> FakeVolume {
    let FakeVolume { flags, can, .. } = FakeVolume::refs("", 0);
    FakeVolume { flags, can, ..csv(volume, serial) }
}

/// A CSV_QUERY_VOLUME_REDIRECT_STATE.
fn access(owner: u32, here: u32, disk: bool, direct: bool) -> Result<Vec<u8>, Code> {
    let flags = [disk.into(), direct.into(), 0, 0];
    Ok([owner.to_le_bytes(), here.to_le_bytes(), flags, 3_u32.to_le_bytes()].concat())
}

/// A node of a cluster, its gateway, and the turn of the test that has them.
struct Scene {
    windows: Fake,
    cluster: FakeCluster,
    gateway: Arc<Gateway>,
    _turn: MutexGuard<'static, ()>,
}

impl Scene {
    fn new() -> Self {
        static SET_UP: Once = Once::new();
        SET_UP.call_once(|| tracing_subscriber::fmt().without_time().with_ansi(false).with_writer(|| Log).init());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        LOG.lock().unwrap().clear();
        let (windows, cluster) = (Fake::default(), FakeCluster::default());
        windows.add(FakeVolume::ntfs(r"\\?\C:\", 1));
        windows.create_directory(r"\\?\C:\ClusterStorage").unwrap();
        *NODE.lock().unwrap() = Some((windows.clone(), cluster.clone()));
        Self { windows, cluster, gateway: Arc::default(), _turn: turn }
    }

    /// With volumes that each have the folder of images.
    fn with(volumes: impl IntoIterator<Item = FakeVolume>) -> Self {
        let scene = Self::new();
        volumes.into_iter().for_each(|volume| scene.mount(volume));
        scene
    }

    fn with_two_volumes() -> Self {
        Self::with([csv("Volume1", 11), csv("Volume2", 12)])
    }

    fn mount(&self, volume: FakeVolume) {
        let mount = volume.mount.clone();
        self.windows.add(volume);
        self.windows.mark(&mount, FILE_ATTRIBUTE_REPARSE_POINT, REPARSE_TAG_NAME_SURROGATE);
        self.folder(&format!(r"{mount}\images"));
    }

    fn folder(&self, path: &str) {
        self.windows.create_directory(path).unwrap();
    }

    /// Changes how this node reaches a volume.
    fn reach(&self, volume: &str, access: Result<Vec<u8>, Code>) {
        self.windows.change(&mount(volume), |volume| volume.controls[1].1 = access);
    }

    fn set_free(&self, volume: &str, free: u64) {
        self.windows.change(&mount(volume), |volume| volume.free = free);
    }

    /// Lets calls on a path fail, each once.
    fn fail(&self, call: &'static str, path: &str, code: Code, times: usize) {
        (0..times).for_each(|_| self.windows.fail(call, path, 0, code));
    }

    /// Whether an image is on a volume.
    fn has(&self, volume: &str, image: &str) -> bool {
        self.windows.data(&format!(r"{}\images\{image}", mount(volume))).is_some()
    }

    async fn open(&self, config: Value) -> Result<Backend, Error> {
        let plugin = Plugin::from_static::<Blocking<casement_share::Store<Csv<Tested>>>>().unwrap();
        plugin.open(self.gateway.clone(), &config.to_string()).await
    }

    async fn refusal(&self, config: Value) -> Error {
        self.open(config).await.expect_err("should have been refused")
    }
}

async fn put(store: &Backend, key: &str, data: &[u8]) -> Result<(), Error> {
    let options = WriteOptions { size: Some(data.len() as u64), transfer: format!("put-{key}") };
    let mut writer = store.create(key, options).await?;
    writer.write(data.to_vec().into()).await?;
    writer.commit().await.map(drop)
}

async fn get(store: &Backend, key: &str) -> Result<Vec<u8>, Error> {
    let mut reader = store.read(key, Range::default()).await?;
    let mut data = Vec::new();
    while let Some(chunk) = reader.next().await? {
        data.extend_from_slice(&chunk);
    }
    Ok(data)
}
