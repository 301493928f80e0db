//! Where the servers are, a store on one of them, and a plain client to see what it leaves there.

use casement_sdk::{Backend, Bytes, Range, Reader as _, Result, Stat, WriteOptions, Writer as _};
use casement_swift::{AuthVersion, Config, Swift};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{env, fs, fs::OpenOptions, io::Write, ops::Deref, path::PathBuf};
use tempfile::TempDir;

pub(crate) const MIB: usize = 1 << 20;

#[derive(Debug, Clone, Deserialize)]
struct Peers {
    swift: Option<Tempauth>,
    swift_keystone: Option<Keystone>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Tempauth {
    pub(crate) auth_url: String,
    pub(crate) user: String,
    pub(crate) reseller: String,
    pub(crate) key: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Keystone {
    pub(crate) auth_url: String,
    pub(crate) username: String,
    pub(crate) reseller: String,
    pub(crate) password: String,
    pub(crate) project: String,
    pub(crate) user_domain: String,
    pub(crate) project_domain: String,
    pub(crate) region: String,
}

/// Which server a test is to run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Auth {
    Tempauth,
    Keystone,
}

fn peers() -> Option<Peers> {
    let path = env::var_os("CASEMENT_PEERS").map(PathBuf::from)?;
    Some(serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
}

/// As the black-box suites say it, so that whoever counts there counts here too.
fn skip(reason: &str) {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let line = format!("SKIP {test}: {reason}\n");
    eprint!("{line}");
    if let Some(path) = env::var_os("CASEMENT_SKIPS") {
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(line.as_bytes()).unwrap();
    }
}

/// A container of the test's own, and how to reach it.
pub(crate) struct Lab {
    pub(crate) config: Config,
    raw: Raw,
    _secrets: TempDir,
}

impl Lab {
    /// `None` where there is no such server.
    pub(crate) async fn new(auth: Auth) -> Option<Self> {
        Self::of(auth, false).await
    }

    /// The same as somebody who may use the accounts of all projects, each image in that of its owner.
    pub(crate) async fn multi_tenant(auth: Auth) -> Option<Self> {
        let lab = Self::of(auth, true).await?;
        Some(Self { config: Config { multi_tenant: true, ..lab.config }, ..lab })
    }

    async fn of(auth: Auth, is_reseller: bool) -> Option<Self> {
        let Some(peers) = peers() else {
            skip("CASEMENT_PEERS names no servers");
            return None;
        };
        let secrets = tempfile::tempdir().unwrap();
        let key_file = secrets.path().join("key");
        let container = format!("casement-test-{:016x}", fastrand::u64(..));
        let base = Config {
            container,
            create_container: true,
            segment_size: MIB as u64,
            key_file: Some(key_file.clone()),
            ..Config::default()
        };
        let (config, key) = match auth {
            Auth::Tempauth => {
                let Some(Tempauth { auth_url, user, reseller, key }) = peers.swift else {
                    skip("CASEMENT_PEERS names no Swift with tempauth");
                    return None;
                };
                let username = Some(if is_reseller { reseller } else { user });
                let config = Config { auth_url, auth_version: AuthVersion::V1, username, ..base };
                (config, key)
            }
            Auth::Keystone => {
                let Some(peer) = peers.swift_keystone else {
                    skip("CASEMENT_PEERS names no Swift with Keystone");
                    return None;
                };
                let config = Config {
                    auth_url: peer.auth_url,
                    username: Some(if is_reseller { peer.reseller } else { peer.username }),
                    user_domain_name: Some(peer.user_domain),
                    project_name: Some(peer.project),
                    project_domain_name: Some(peer.project_domain),
                    region: Some(peer.region),
                    ..base
                };
                (config, peer.password)
            }
        };
        fs::write(&key_file, &key).unwrap();
        let raw = Raw::log_in(&config, &key).await;
        Some(Self { config, raw, _secrets: secrets })
    }

    pub(crate) async fn store(&self) -> Swift {
        Swift::connect(self.config.clone()).await.unwrap()
    }

    /// Names of everything in the container of segments.
    pub(crate) async fn segments(&self) -> Vec<String> {
        self.names(&format!("{}_segments", self.config.container)).await
    }
}

impl Lab {
    /// The id and the secret of an application credential of the user's.
    pub(crate) async fn application_credential(&self) -> (String, String) {
        let (auth_url, token) = (&self.config.auth_url, &self.raw.token);
        let ask = async |request: RequestBuilder| {
            let answer = request.header("x-auth-token", token).send().await.unwrap().error_for_status().unwrap();
            serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap()
        };
        let client = &self.raw.client;
        let me = client.get(format!("{auth_url}/auth/tokens")).header("x-subject-token", token);
        let user = ask(me).await["token"]["user"]["id"].as_str().unwrap().to_owned();
        let body = json!({"application_credential": {"name": self.config.container}});
        let url = format!("{auth_url}/users/{user}/application_credentials");
        let made = client.post(url).header("content-type", "application/json").body(body.to_string());
        let made = ask(made).await;
        let text = |key: &str| made["application_credential"][key].as_str().unwrap().to_owned();
        (text("id"), text("secret"))
    }
}

impl Deref for Lab {
    type Target = Raw;

    fn deref(&self) -> &Raw {
        &self.raw
    }
}

/// Swift without the store in between.
#[derive(Clone)]
pub(crate) struct Raw {
    client: Client,
    account: String,
    token: String,
}

impl Raw {
    async fn log_in(config: &Config, key: &str) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = Client::builder().no_proxy().build().unwrap();
        let text = |response: &Response, name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let user = config.username.clone().unwrap();
        if config.auth_version == AuthVersion::V1 {
            let request = client.get(&config.auth_url).header("x-auth-user", user).header("x-auth-key", key);
            let answer = request.send().await.unwrap().error_for_status().unwrap();
            return Self { account: text(&answer, "x-storage-url"), token: text(&answer, "x-auth-token"), client };
        }
        let domain = |name: &Option<String>| json!({"name": name});
        let body = json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": user, "domain": domain(&config.user_domain_name), "password": key}}},
            "scope": {"project": {"name": config.project_name, "domain": domain(&config.project_domain_name)}}}});
        let url = format!("{}/auth/tokens", config.auth_url);
        let request = client.post(url).header("content-type", "application/json").body(body.to_string());
        let answer = request.send().await.unwrap().error_for_status().unwrap();
        let token = text(&answer, "x-subject-token");
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let services = body["token"]["catalog"].as_array().unwrap();
        let swift = services.iter().find(|service| service["type"] == "object-store").unwrap();
        let account = swift["endpoints"][0]["url"].as_str().unwrap().to_owned();
        Self { account, token, client }
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// Where Swift is, without the account.
    pub(crate) fn host(&self) -> String {
        self.account.split("/v1/").next().unwrap().to_owned()
    }

    /// The same in the account of a project.
    pub(crate) fn of_project(&self, project: &str) -> Self {
        let (prefix, _) = self.account.rsplit_once('_').unwrap();
        Self { account: format!("{prefix}_{project}"), ..self.clone() }
    }

    /// The names of all containers that begin so.
    pub(crate) async fn containers(&self, prefix: &str) -> Vec<String> {
        self.names(&format!("?prefix={prefix}")).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}/{path}", self.account)).header("x-auth-token", &self.token)
    }

    pub(crate) async fn put(&self, path: &str, body: impl Into<Vec<u8>>) {
        let body = body.into();
        let request = self.request(Method::PUT, path).header("content-length", body.len());
        request.body(body).send().await.unwrap().error_for_status().unwrap();
    }

    pub(crate) async fn exists(&self, path: &str) -> bool {
        self.request(Method::HEAD, path).send().await.unwrap().status().is_success()
    }

    /// The names of all objects in a container.
    pub(crate) async fn names(&self, container: &str) -> Vec<String> {
        let answer = self.request(Method::GET, container).send().await.unwrap();
        if !answer.status().is_success() {
            return Vec::new();
        }
        answer.text().await.unwrap().lines().map(str::to_owned).collect()
    }
}

/// Bytes that no two places have alike.
pub(crate) fn data(len: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(len as u64);
    std::iter::repeat_with(|| random.u8(..)).take(len).collect()
}

pub(crate) async fn write(store: &Swift, key: &str, transfer: &str, size: Option<u64>, data: &[u8]) -> Result<Stat> {
    let options = WriteOptions { size, transfer: transfer.to_owned() };
    let mut writer = store.create(key, options).await?;
    for chunk in data.chunks(300_000) {
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
