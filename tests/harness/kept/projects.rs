use super::{Container, Kept, Login, fresh};
use crate::{Answer, Builder, Client};
use serde_json::Value;
use std::collections::BTreeMap;

/// The containers of a Swift that images have for themselves, in the accounts of the projects that own them.
#[derive(Debug, Clone)]
pub struct Projects {
    /// In the store's own account: what names of containers begin with, and beside it the marks of what is staged.
    own: Container,
    projects: Vec<&'static str>,
}

impl Projects {
    /// On the server that CASEMENT_PEERS tells of, as somebody who may use the accounts of all projects.
    pub fn create(peer: &Value, login: Login, projects: &[&'static str]) -> Self {
        let mut reseller = peer.clone();
        for key in ["user", "username"] {
            reseller[key] = peer["reseller"].clone();
        }
        Self { own: Container::named(&reseller, login, &fresh()), projects: projects.to_vec() }
    }

    pub fn own(&self) -> &Container {
        &self.own
    }

    /// One more store, which keeps its data here.
    #[must_use]
    pub fn store(&self, builder: Builder, id: &str, lines: &str) -> Builder {
        self.own.store_keeping(builder, id, self.clone(), &format!("multi_tenant = true\n{lines}"))
    }

    /// The URL of a project's account.
    #[track_caller]
    pub fn url(&self, project: &str) -> String {
        let (prefix, _) = self.own.url().rsplit_once('_').unwrap();
        format!("{prefix}_{project}")
    }

    #[track_caller]
    fn account(&self, project: &str) -> Client {
        self.own.account().at(self.url(project))
    }

    /// The containers of this store in the account of a project.
    #[track_caller]
    pub fn containers(&self, project: &str) -> Vec<String> {
        names(&self.account(project).get(&format!("?format=json&prefix={}_", self.own.name())))
    }

    /// Where an image would lie, with the project it would be the one of.
    fn places(&self, name: &str) -> impl Iterator<Item = (Client, String)> {
        let path = format!("/{}_{name}/{name}", self.own.name());
        self.projects.iter().map(move |project| (self.account(project), path.clone()))
    }

    fn find(&self, method: &str, name: &str) -> Option<Answer> {
        let ask = |(account, path): (Client, String)| account.request(method, &path).accept(None).send();
        self.places(name).map(ask).find(|answer| answer.status != 404)
    }
}

#[track_caller]
fn names(answer: &Answer) -> Vec<String> {
    if answer.status == 404 {
        return Vec::new();
    }
    assert_eq!(answer.status, 200, "{answer:?}");
    let list = answer.json().as_array().cloned().unwrap_or_default();
    list.iter().filter_map(|entry| entry["name"].as_str().map(str::to_owned)).collect()
}

impl Kept for Projects {
    fn objects(&self) -> BTreeMap<String, u64> {
        let mut found = BTreeMap::new();
        for project in &self.projects {
            let account = self.account(project);
            for container in self.containers(project).iter().filter(|name| !name.ends_with("_segments")) {
                for name in names(&account.get(&format!("/{container}?format=json"))) {
                    let head = account.request("HEAD", &format!("/{container}/{name}")).accept(None).send();
                    found.extend(
                        head.header("Content-Length").and_then(|size| size.parse().ok()).map(|size| (name, size)),
                    );
                }
            }
        }
        found
    }

    /// Marks, and containers of images that are not there.
    fn staged(&self) -> Vec<String> {
        let there = self.objects();
        let prefix = format!("{}_", self.own.name());
        let is_left = |name: &String| {
            let image = name.trim_start_matches(&prefix).trim_end_matches("_segments");
            !there.contains_key(image)
        };
        let left = self.projects.iter().flat_map(|project| self.containers(project)).filter(is_left);
        left.chain(self.own.staged()).collect()
    }

    fn get(&self, name: &str) -> Option<Vec<u8>> {
        self.find("GET", name).map(|answer| answer.expect(200).body)
    }

    fn put(&self, name: &str, data: &[u8]) {
        let (account, path) = self.places(name).next().unwrap();
        account.act("PUT", path.rsplit_once('/').unwrap().0).expect(201);
        account.request("PUT", &path).body(data).expect(201);
    }

    fn remove(&self, name: &str) {
        self.find("DELETE", name).unwrap().expect(204);
    }
}
