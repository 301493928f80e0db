use super::{Kept, fresh};
use crate::{Answer, Builder, Client};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

/// How a Swift is logged in to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// At Swift itself.
    TempAuth,
    Keystone,
}

/// A container of Swift, and the one beside it that holds the segments of what is too large for one object.
#[derive(Debug, Clone)]
pub struct Container {
    peer: Value,
    login: Login,
    name: String,
    /// The way that a store takes to the server, where it is another.
    way: Option<String>,
    account: OnceLock<Client>,
}

impl Container {
    /// A new one on the server that CASEMENT_PEERS tells of.
    #[track_caller]
    pub fn create(peer: &Value, login: Login) -> Self {
        let container = Self::named(peer, login, &fresh());
        container.account().act("PUT", &format!("/{}", container.name)).expect(201);
        container
    }

    /// One that may or may not be there.
    pub fn named(peer: &Value, login: Login, name: &str) -> Self {
        Self { peer: peer.clone(), login, name: name.to_owned(), way: None, account: OnceLock::new() }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    #[track_caller]
    pub(super) fn account(&self) -> &Client {
        self.account.get_or_init(|| match self.login {
            Login::TempAuth => temp_auth(&self.peer),
            Login::Keystone => keystone(&self.peer),
        })
    }

    /// The URL of the account.
    #[track_caller]
    pub fn url(&self) -> &str {
        self.account().base()
    }

    /// Stores in it take this way to the account; with tempauth, to where they log in.
    #[must_use]
    pub fn by_way_of(self, url: String) -> Self {
        Self { way: Some(url), ..self }
    }

    fn told(&self, key: &str) -> &str {
        self.peer[key].as_str().unwrap()
    }

    /// What is secret of a store in it.
    pub fn secret(&self) -> &str {
        match self.login {
            Login::TempAuth => self.told("key"),
            Login::Keystone => self.told("password"),
        }
    }

    /// The keys of a store in it, whose secret stands in a file.
    pub fn keys(&self, secret_file: &str) -> String {
        let way = self.way.as_deref();
        let login = match self.login {
            Login::TempAuth => vec![
                ("auth_version", "1"),
                ("auth_url", way.unwrap_or(self.told("auth_url"))),
                ("username", self.told("user")),
            ],
            Login::Keystone => [
                ("auth_url", "auth_url"),
                ("username", "username"),
                ("project_name", "project"),
                ("user_domain_name", "user_domain"),
                ("project_domain_name", "project_domain"),
                ("region", "region"),
            ]
            .map(|(key, told)| (key, self.told(told)))
            .into_iter()
            .chain(way.map(|way| ("endpoint", way)))
            .collect(),
        };
        let login: String = login.iter().map(|(key, value)| format!("{key} = \"{value}\"\n")).collect();
        format!("container = \"{}\"\nkey_file = '{secret_file}'\n{login}", self.name)
    }

    /// One more store, which keeps its data here.
    #[must_use]
    pub fn store(&self, builder: Builder, id: &str, lines: &str) -> Builder {
        self.store_keeping(builder, id, self.clone(), lines)
    }

    pub(super) fn store_keeping(&self, builder: Builder, id: &str, kept: impl Kept + 'static, lines: &str) -> Builder {
        let file = builder.path(&builder.folder().join("swift.secret"));
        let keys = format!("plugin = \"swift\"\n{}{lines}", self.keys(&file));
        let builder = builder.file("swift.secret", self.secret()).plugin("path = \"casement_swift\"");
        builder.keeping(id, kept, &keys)
    }

    /// Lets it hold no more than so many bytes.
    #[track_caller]
    pub fn limit(&self, container: &str, bytes: u64) {
        let request = self.account().request("POST", &format!("/{container}"));
        request.header("X-Container-Meta-Quota-Bytes", &bytes.to_string()).body(b"").expect(204);
    }

    fn segments(&self) -> String {
        format!("{}_segments", self.name)
    }

    /// The names in a container; none where there is no such container.
    #[track_caller]
    fn list(&self, container: &str) -> Vec<String> {
        let answer = self.account().get(&format!("/{container}?format=json"));
        if answer.status == 404 {
            return Vec::new();
        }
        let names = answer.expect(200).json();
        names.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
    }

    #[track_caller]
    fn object(&self, method: &str, name: &str) -> Answer {
        self.account().request(method, &format!("/{}/{name}", self.name)).accept(None).send()
    }
}

impl Kept for Container {
    fn objects(&self) -> BTreeMap<String, u64> {
        // The list tells of a large object how long its list of segments is. And who is gone by now was not there.
        let size = |name: &String| self.object("HEAD", name).header("Content-Length")?.parse().ok();
        self.list(&self.name).into_iter().filter_map(|name| size(&name).map(|size| (name, size))).collect()
    }

    fn staged(&self) -> Vec<String> {
        let staged = self.list(&self.segments());
        let mut owned = BTreeSet::new();
        for name in self.list(&self.name) {
            let manifest = self.account().get(&format!("/{}/{name}?multipart-manifest=get&format=json", self.name));
            if manifest.header("X-Static-Large-Object").is_some() {
                let parts = manifest.json();
                owned.extend(parts.as_array().unwrap().iter().map(|part| part["name"].as_str().unwrap().to_owned()));
            }
        }
        let prefix = format!("/{}/", self.segments());
        staged.into_iter().filter(|name| !owned.contains(&format!("{prefix}{name}"))).collect()
    }

    fn get(&self, name: &str) -> Option<Vec<u8>> {
        let answer = self.object("GET", name);
        (answer.status != 404).then(|| answer.expect(200).body)
    }

    fn put(&self, name: &str, data: &[u8]) {
        self.account().request("PUT", &format!("/{}/{name}", self.name)).body(data).expect(201);
    }

    fn remove(&self, name: &str) {
        self.object("DELETE", name).expect(204);
    }
}

fn temp_auth(peer: &Value) -> Client {
    let text = |key: &str| peer[key].as_str().unwrap();
    let client = Client::new(text("auth_url").to_owned(), None);
    let request = client.request("GET", "").header("X-Auth-User", text("user")).header("X-Auth-Key", text("key"));
    let answer = request.send().expect(200);
    Client::new(answer.header("X-Storage-Url").unwrap().to_owned(), answer.header("X-Auth-Token"))
}

fn keystone(peer: &Value) -> Client {
    let domain = |key: &str| json!({"name": peer[key]});
    let user = json!({"name": peer["username"], "domain": domain("user_domain"), "password": peer["password"]});
    let project = json!({"name": peer["project"], "domain": domain("project_domain")});
    let identity = json!({"methods": ["password"], "password": {"user": user}});
    let body = json!({"auth": {"identity": identity, "scope": {"project": project}}});
    let answer =
        Client::new(peer["auth_url"].as_str().unwrap().to_owned(), None).post("/auth/tokens", &body).expect(201);
    let token = answer.json();
    let find = |list: &Value, key: &str, wanted: &str| {
        list.as_array()
            .unwrap()
            .iter()
            .find(|one| one[key] == wanted)
            .unwrap_or_else(|| panic!("no {wanted}: {list}"))
            .clone()
    };
    let service = find(&token["token"]["catalog"], "type", "object-store");
    let endpoint = find(&service["endpoints"], "interface", "public");
    Client::new(endpoint["url"].as_str().unwrap().to_owned(), answer.header("X-Subject-Token"))
}
