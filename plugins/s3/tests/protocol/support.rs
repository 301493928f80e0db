//! Stores on a scripted server, and data.

use crate::server::Server;
use casement_s3::{Config, S3};
use casement_sdk::{Backend, Bytes, Kind, Range, Reader, Result, Stat, WriteOptions, Writer};
use serde_json::{Value, json};
use std::{
    env,
    process::{Command, Output},
    sync::LazyLock,
};

pub(crate) const PART: usize = 5 << 20;
pub(crate) const SECRET: &str = "hush-hush";

static SECRETS: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), SECRET).unwrap();
    std::fs::write(folder.path().join("token"), "session-token").unwrap();
    folder
});

/// A file with a secret: `secret`, `token`.
pub(crate) fn secret_file(name: &str) -> String {
    SECRETS.path().join(name).to_str().unwrap().to_owned()
}

impl Server {
    pub(crate) fn config(&self, keys: Value) -> Config {
        let mut all = json!({
            "host": format!("http://127.0.0.1:{}", self.port),
            "bucket": "images",
            "access_key": "casement",
            "secret_key_file": secret_file("secret"),
            "large_object_chunk_size": 5,
            "request_timeout_seconds": 2,
            "part_timeout_seconds": 2,
            "idle_timeout_seconds": 1,
        });
        all.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    pub(crate) async fn store(&self) -> S3 {
        self.store_with(json!({})).await
    }

    pub(crate) async fn store_with(&self, keys: Value) -> S3 {
        S3::new(self.config(keys)).await.unwrap()
    }
}

pub(crate) fn data(len: usize) -> Bytes {
    (0u32..).flat_map(u32::to_le_bytes).take(len).collect::<Vec<_>>().into()
}

pub(crate) async fn write(store: &S3, key: &str, len: usize) -> Result<Stat> {
    write_options(store, key, len, Some(len as u64)).await
}

pub(crate) async fn write_options(store: &S3, key: &str, len: usize, size: Option<u64>) -> Result<Stat> {
    let mut writer = store.create(key, WriteOptions { size, transfer: "t".to_owned() }).await?;
    let data = data(len);
    for chunk in data.chunks(1 << 20) {
        writer.write(data.slice_ref(chunk)).await?;
    }
    writer.commit().await
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

pub(crate) fn kind<T>(result: Result<T>) -> Option<Kind> {
    result.err().map(|error| error.kind())
}

/// Has a test run itself as a process of its own, with an environment that it must not make for the others. `None` in that
/// process.
pub(crate) fn in_a_process_of_its_own(test: &str, environment: &[(&str, &str)]) -> Option<Output> {
    const CHILD: &str = "CASEMENT_TEST_CHILD";
    if env::var_os(CHILD).is_some() {
        return None;
    }
    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env_remove("AWS_PROFILE")
        .env(CHILD, "1")
        .envs(environment.iter().copied())
        .output();
    Some(child.unwrap())
}

pub(crate) fn assert_passed(child: &Output) {
    let told = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && told.contains("1 passed"), "{told}{}", String::from_utf8_lossy(&child.stderr));
}
