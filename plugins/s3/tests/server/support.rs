//! The server, stores on it, and data.

use casement_s3::{Config, S3};
use casement_sdk::{Backend, Bytes, Range, Reader, Result, Stat, WriteOptions, Writer};
use serde_json::{Value, json};
use std::{env, fs, io::Write};

pub(crate) const MIB: u64 = 1 << 20;
/// The smallest part that S3 takes.
pub(crate) const PART: u64 = 5 * MIB;
/// For tests that do not mind the objects of others.
const BUCKET: &str = "casement-s3-tests";

/// The server, or why there is none.
pub(crate) struct Server {
    peer: Value,
    _secrets: tempfile::TempDir,
    secret_file: String,
}

/// `None`, said and counted, where there is no server.
pub(crate) fn server(test: &str) -> Option<Server> {
    let Some(path) = env::var_os("CASEMENT_PEERS") else {
        skip(test, "CASEMENT_PEERS is not set: `cargo xtask test stores` starts the servers");
        return None;
    };
    let peers: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let Some(peer) = peers.get("s3") else {
        skip(test, "CASEMENT_PEERS names no s3");
        return None;
    };
    let secrets = tempfile::tempdir().unwrap();
    let file = secrets.path().join("secret");
    fs::write(&file, peer["secret_key"].as_str().unwrap()).unwrap();
    Some(Server { peer: peer.clone(), secret_file: file.to_str().unwrap().to_owned(), _secrets: secrets })
}

fn skip(test: &str, reason: &str) {
    eprintln!("SKIP {test}: {reason}");
    if let Some(path) = env::var_os("CASEMENT_SKIPS") {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(format!("SKIP {test}: {reason}\n").as_bytes()).unwrap();
    }
}

impl Server {
    pub(crate) fn secret(&self) -> &str {
        self.peer["secret_key"].as_str().unwrap()
    }

    pub(crate) fn config(&self, keys: Value) -> Config {
        let mut all = json!({
            "host": self.peer["endpoint"],
            "region_name": self.peer["region"],
            "bucket": BUCKET,
            "create_bucket_on_put": true,
            "access_key": self.peer["access_key"],
            "secret_key_file": self.secret_file,
            "large_object_chunk_size": PART / MIB,
        });
        all.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    pub(crate) async fn store(&self, keys: Value) -> S3 {
        S3::new(self.config(keys)).await.unwrap()
    }
}

/// A key of its own.
pub(crate) fn key() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Data of which each byte tells where it belongs.
pub(crate) fn data(len: u64) -> Bytes {
    let mut data = Vec::with_capacity(usize::try_from(len).unwrap() + 8);
    let mut at = 0u64;
    while (data.len() as u64) < len {
        data.extend_from_slice(&at.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
        at += 1;
    }
    data.truncate(usize::try_from(len).unwrap());
    data.into()
}

pub(crate) async fn write(store: &S3, key: &str, data: &Bytes, announced: bool) -> Result<Stat> {
    let mut writer = store.create(key, options(announced.then_some(data.len() as u64))).await?;
    for chunk in data.chunks(1 << 20) {
        writer.write(data.slice_ref(chunk)).await?;
    }
    writer.commit().await
}

pub(crate) fn options(size: Option<u64>) -> WriteOptions {
    WriteOptions { size, transfer: "transfer-1".to_owned() }
}

pub(crate) async fn read(store: &S3, key: &str, offset: u64, len: Option<u64>) -> Result<Vec<u8>> {
    let mut reader = store.read(key, Range { offset, len }).await?;
    let mut data = Vec::new();
    while let Some(chunk) = reader.next().await? {
        assert!(!chunk.is_empty());
        data.extend_from_slice(&chunk);
    }
    Ok(data)
}
