//! The library of this plugin and nothing else: what `cargo xtask bench stores` measures the gateway against. As Swift's own
//! client does by default, it holds the ETag of each segment against what it sent ("swift upload", `--ignore-checksum`).
//!
//! `bare-swift put FILE OBJECT`, `bare-swift get OBJECT`; SWIFT_AUTH_URL, SWIFT_USER, SWIFT_KEY and SWIFT_CONTAINER say
//! where. There must be the containers, and that of the segments.
#![allow(clippy::unwrap_used)]

use futures_util::{StreamExt, stream};
use md5::{Digest, Md5};
use reqwest::Client;
use serde_json::json;
use std::{env, fs::File, io::Read};

/// As the plugin has them.
const SEGMENT: usize = 16 << 20;
const IN_FLIGHT: usize = 3;

struct Account {
    client: Client,
    url: String,
    token: String,
    container: String,
}

#[tokio::main]
async fn main() {
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let of = |name: &str| env::var(name).unwrap();
    let client = Client::builder().no_proxy().build().unwrap();
    let login = client.get(of("SWIFT_AUTH_URL"));
    let login = login.header("X-Auth-User", of("SWIFT_USER")).header("X-Auth-Key", of("SWIFT_KEY"));
    let login = login.send().await.unwrap().error_for_status().unwrap();
    let header = |name: &str| login.headers()[name].to_str().unwrap().to_owned();
    let (url, token) = (header("X-Storage-Url"), header("X-Auth-Token"));
    let account = Account { client, url, token, container: of("SWIFT_CONTAINER") };
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["put", file, object] => account.put(file, object).await,
        ["get", object] => account.get(object).await,
        _ => panic!("put FILE OBJECT, or get OBJECT"),
    }
}

impl Account {
    /// Gives its ETag.
    async fn put_object(&self, path: &str, body: Vec<u8>) -> String {
        let request = self.client.put(format!("{}/{path}", self.url)).header("X-Auth-Token", &self.token);
        let answer = request.body(body).send().await.unwrap().error_for_status().unwrap();
        answer.headers()["ETag"].to_str().unwrap().trim_matches('"').to_owned()
    }

    async fn put(&self, file: &str, object: &str) {
        let mut file = File::open(file).unwrap();
        let segments = (0..).map_while(|number| {
            let mut segment = Vec::with_capacity(SEGMENT);
            (&mut file).take(SEGMENT as u64).read_to_end(&mut segment).unwrap();
            (!segment.is_empty()).then_some((number, segment))
        });
        let sent = stream::iter(segments).map(|(number, segment): (u32, _)| async move {
            let path = format!("{}_segments/{object}/{number:08}", self.container);
            let (size, digest) = (segment.len(), Md5::digest(&segment));
            let etag = self.put_object(&path, segment).await;
            assert_eq!(etag, hex::encode(digest));
            json!({"etag": etag, "path": path, "size_bytes": size})
        });
        let manifest: Vec<_> = sent.buffered(IN_FLIGHT).collect().await;
        let path = format!("{}/{object}?multipart-manifest=put", self.container);
        self.put_object(&path, serde_json::to_vec(&manifest).unwrap()).await;
    }

    async fn get(&self, object: &str) {
        let request = self.client.get(format!("{}/{}/{object}", self.url, self.container));
        let request = request.header("X-Auth-Token", &self.token);
        let mut answer = request.send().await.unwrap().error_for_status().unwrap();
        let mut length = 0;
        while let Some(chunk) = answer.chunk().await.unwrap() {
            length += chunk.len();
        }
        println!("{length} bytes");
    }
}
