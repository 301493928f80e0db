//! The store on a node of the tests' own, opened and used as a gateway does.
#![allow(clippy::unwrap_used)]

mod cluster;
mod finding;
mod node;
mod pauses;
mod standing;

use crate::{Csv, System};
use casement_sdk::{
    Blocking, Error, Range, WriteOptions,
    host::{Backend, HostServices, Level, Plugin},
};
use node::{Node, Volume};
use serde_json::Value;
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, Once, PoisonError},
};

/// The node that is opened next. Tests take turns.
static NODE: Mutex<Option<Node>> = Mutex::new(None);
static TURN: Mutex<()> = Mutex::new(());
/// What was logged in this turn, a line each. A plugin that is linked has its log from whoever it is linked into.
static LOG: Mutex<String> = Mutex::new(String::new());

#[derive(Debug)]
struct Tested;

impl System for Tested {
    type Api = Node;
    type Cluster = Node;

    fn api() -> Node {
        NODE.lock().unwrap().clone().unwrap()
    }

    fn cluster() -> Node {
        Self::api()
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
    fn log(&self, _: Level, _: &str, _: &str) {}

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

/// A node, its gateway, and the turn of the test that has them.
struct Scene {
    node: Node,
    gateway: Arc<Gateway>,
    _turn: MutexGuard<'static, ()>,
}

impl Scene {
    fn new() -> Self {
        static SET_UP: Once = Once::new();
        SET_UP.call_once(|| {
            let lines = tracing_subscriber::fmt().without_time().with_ansi(false).with_writer(|| Log);
            lines.init();
        });
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        LOG.lock().unwrap().clear();
        let node = Node::default();
        *NODE.lock().unwrap() = Some(node.clone());
        Self { node, gateway: Arc::default(), _turn: turn }
    }

    /// One with two volumes that nothing is wrong with.
    fn with_two_volumes() -> Self {
        let scene = Self::new();
        scene.node.volume("Volume1", Volume::healthy(11)).volume("Volume2", Volume::healthy(12));
        scene
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
