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
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The node that is opened next. Tests take turns.
static NODE: Mutex<Option<Node>> = Mutex::new(None);
static TURN: Mutex<()> = Mutex::new(());

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

/// What a store tells the gateway.
#[derive(Debug, Default)]
struct Gateway {
    log: Mutex<Vec<(Level, String)>>,
    metrics: Mutex<Vec<(String, f64)>>,
}

impl Gateway {
    fn logged(&self, level: Level, text: &str) -> usize {
        self.log.lock().unwrap().iter().filter(|(at, line)| *at == level && line.contains(text)).count()
    }

    /// The last value of a metric.
    fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.lock().unwrap().iter().rev().find(|(told, _)| told == name).map(|(_, value)| *value)
    }
}

impl HostServices for Gateway {
    fn log(&self, level: Level, _: &str, message: &str) {
        self.log.lock().unwrap().push((level, message.to_owned()));
    }

    fn log_enabled(&self, level: Level) -> bool {
        level <= Level::INFO
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
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
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
        self.open(config).await.err().expect("should have been refused")
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
