use super::{Kept, fresh};
use crate::{Answer, Builder, Client};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, time::SystemTime};
use time::{OffsetDateTime, macros::format_description};

/// A bucket of an S3 server, by requests that are signed here.
#[derive(Debug, Clone)]
pub struct Bucket {
    endpoint: String,
    region: String,
    access_key: String,
    secret_key: String,
    name: String,
    /// The way that a store takes to the server.
    way: String,
}

impl Bucket {
    /// A new one on the server that CASEMENT_PEERS tells of.
    #[track_caller]
    pub fn create(peer: &Value) -> Self {
        let bucket = Self::named(peer, &fresh());
        bucket.request("PUT", "", &[], b"").expect(200);
        bucket
    }

    /// One that may or may not be there.
    pub fn named(peer: &Value, name: &str) -> Self {
        let text = |key: &str| peer[key].as_str().unwrap().to_owned();
        Self {
            way: text("endpoint"),
            endpoint: text("endpoint"),
            region: text("region"),
            access_key: text("access_key"),
            secret_key: text("secret_key"),
            name: name.to_owned(),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Stores in it take this way to the server.
    #[must_use]
    pub fn by_way_of(self, url: String) -> Self {
        Self { way: url, ..self }
    }

    /// What is secret of a store in it.
    pub fn secret(&self) -> &str {
        &self.secret_key
    }

    /// The keys of a store in it, whose secret stands in a file.
    pub fn keys(&self, secret_file: &str) -> String {
        let Self { way, region, access_key, name, .. } = self;
        format!(
            "host = \"{way}\"\nregion_name = \"{region}\"\nbucket = \"{name}\"\n\
             access_key = \"{access_key}\"\nsecret_key_file = '{secret_file}'\n"
        )
    }

    /// One more store, which keeps its data here.
    #[must_use]
    pub fn store(&self, builder: Builder, id: &str, lines: &str) -> Builder {
        let file = builder.path(&builder.folder().join("s3.secret"));
        let keys = format!("plugin = \"s3\"\n{}{lines}", self.keys(&file));
        let builder = builder.file("s3.secret", self.secret()).plugin("path = \"casement_s3\"");
        builder.keeping(id, self.clone(), &keys)
    }

    /// Keys and ids of the multipart uploads that nobody has completed or aborted.
    pub fn uploads(&self) -> Vec<(String, String)> {
        let text = self.request("GET", "", &[("uploads", "")], b"").expect(200).text();
        let of = |name| elements(&text, name).into_iter().filter(|upload| upload.contains("<UploadId>"));
        let one = |upload: &str, name| elements(upload, name).first().copied().unwrap().to_owned();
        of("Upload").map(|upload| (one(upload, "Key"), one(upload, "UploadId"))).collect()
    }

    #[track_caller]
    pub fn request(&self, method: &str, key: &str, query: &[(&str, &str)], body: &[u8]) -> Answer {
        let host = self.endpoint.trim_start_matches("http://");
        let path = format!("/{}/{}", self.name, encode(key));
        let mut query: Vec<_> = query.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect();
        query.sort();
        let query = query.join("&");
        let now = OffsetDateTime::from(SystemTime::now());
        let time = now.format(format_description!("[year][month][day]T[hour][minute][second]Z")).unwrap();
        let day = &time[..8];
        let names = "host;x-amz-content-sha256;x-amz-date";
        let canonical = format!(
            "{method}\n{path}\n{query}\nhost:{host}\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:{time}\n\n{names}\nUNSIGNED-PAYLOAD"
        );
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let digest = hex::encode(Sha256::digest(&canonical));
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}");
        let secret = format!("AWS4{}", self.secret_key).into_bytes();
        let key =
            [day, &self.region, "s3", "aws4_request"].iter().fold(secret, |key, part| hmac(&key, part.as_bytes()));
        let signature = hex::encode(hmac(&key, to_sign.as_bytes()));
        let credential = format!("{}/{scope}", self.access_key);
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}");
        let client = Client::new(self.endpoint.clone(), None);
        let request = client.request(method, &format!("{path}?{query}")).accept(None);
        let request = request.header("Authorization", &authorization).header("x-amz-date", &time);
        let request = request.header("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
        if method == "PUT" { request.body(body) } else { request.send() }
    }
}

impl Kept for Bucket {
    fn objects(&self) -> BTreeMap<String, u64> {
        let text = self.request("GET", "", &[("list-type", "2")], b"").expect(200).text();
        assert!(!text.contains("<IsTruncated>true"), "a test has made more objects than are listed at once");
        let one = |entry: &str, name| elements(entry, name).first().copied().unwrap().to_owned();
        elements(&text, "Contents")
            .iter()
            .map(|entry| (one(entry, "Key"), one(entry, "Size").parse().unwrap()))
            .collect()
    }

    fn staged(&self) -> Vec<String> {
        self.uploads().into_iter().map(|(key, id)| format!("{key} ({id})")).collect()
    }

    fn get(&self, name: &str) -> Option<Vec<u8>> {
        let answer = self.request("GET", name, &[], b"");
        (answer.status != 404).then(|| answer.expect(200).body)
    }

    fn put(&self, name: &str, data: &[u8]) {
        self.request("PUT", name, &[], data).expect(200);
    }

    fn remove(&self, name: &str) {
        self.request("DELETE", name, &[], b"").expect(204);
    }
}

/// The contents of the elements of a name that do not lie in one another.
fn elements<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).filter_map(|rest| rest.split_once(&close)).map(|(content, _)| content).collect()
}

/// As it stands in a URL and in what is signed.
fn encode(text: &str) -> String {
    const OTHERS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, OTHERS).to_string()
}

/// RFC 2104.
fn hmac(key: &[u8], data: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 64;
    let mut block = [0; BLOCK];
    let key = if key.len() > BLOCK { Sha256::digest(key).to_vec() } else { key.to_vec() };
    block[..key.len()].copy_from_slice(&key);
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(data).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().to_vec()
}
