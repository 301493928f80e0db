use crate::server::Server;
use casement_sdk::{Backend, Bytes, Range, Reader as _, Result, Stat, WriteOptions, Writer as _};
use casement_swift::{AuthVersion, Config, Swift};
use std::{fs, ops::Deref};
use tempfile::TempDir;

pub(crate) const MIB: usize = 1 << 20;

/// A store on a server.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) store: Swift,
    pub(crate) config: Config,
    _secrets: TempDir,
}

impl World {
    pub(crate) async fn on(server: Server) -> Self {
        let (config, secrets) = config(&server);
        let store = Swift::connect(config.clone()).await.unwrap();
        Self { server, store, config, _secrets: secrets }
    }
}

impl Deref for World {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

/// Of a store in the container `c`, with segments of 1 MiB.
pub(crate) fn config(server: &Server) -> (Config, TempDir) {
    let secrets = tempfile::tempdir().unwrap();
    let file = secrets.path().join("key");
    fs::write(&file, "hush\n").unwrap();
    let config = Config {
        auth_url: format!("http://127.0.0.1:{}/auth/v1.0", server.port()),
        auth_version: AuthVersion::V1,
        username: Some("a:b".to_owned()),
        key_file: Some(file),
        container: "c".to_owned(),
        segment_size: MIB as u64,
        idle_timeout_seconds: 1,
        ..Config::default()
    };
    (config, secrets)
}

pub(crate) async fn write(store: &Swift, key: &str, data: &[u8]) -> Result<Stat> {
    let mut writer = store.create(key, WriteOptions { size: None, transfer: "t-1".to_owned() }).await?;
    for chunk in data.chunks(MIB / 2) {
        writer.write(Bytes::copy_from_slice(chunk)).await?;
    }
    writer.commit().await
}

pub(crate) async fn read(store: &Swift, key: &str, offset: u64, len: Option<u64>) -> Result<Vec<u8>> {
    let mut reader = store.read(key, Range { offset, len }).await?;
    let mut data = Vec::new();
    while let Some(chunk) = reader.next().await? {
        data.extend_from_slice(&chunk);
    }
    Ok(data)
}

/// Bytes that no two places have alike.
pub(crate) fn data(len: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    std::iter::repeat_with(|| random.u8(..)).take(len).collect()
}
