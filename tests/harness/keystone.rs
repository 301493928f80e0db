use crate::{Answer, Client};
use serde_json::{Value, json};
use std::{env, fs, path::Path, sync::OnceLock};

/// The real Keystone that `cargo xtask test` starts for a suite, filled by tests/keystone/populate.py:
///
/// | project | users |
/// | --- | --- |
/// | `admin` | `admin` |
/// | `demo` | `demo` (member), `demo_reader`, `demo_manager`, `demo_admin`, each with that role |
/// | `alt` | `alt` (member), `alt_reader` |
/// | `service` | `glance`: admin and service; a gateway's own user, with the system role `reader` for limits; and `swift` |
///
/// All are in the domain `default`. `admin` has the role of that name for the system too. The catalog has the services
/// `glance` (`image`) and `glance_remote` (`image_remote`), whose endpoints lead nowhere until [`Keystone::point`] is
/// called, and limits are registered for the first; and `swift` (`object-store`).
///
/// The file that CASEMENT_KEYSTONE names tells of it.
#[derive(Debug)]
pub struct Keystone {
    auth_url: String,
    region: String,
    password: String,
    admin: OnceLock<Client>,
}

impl Keystone {
    /// Nothing where none could be started.
    pub fn get() -> Option<&'static Self> {
        static KEYSTONE: OnceLock<Option<Keystone>> = OnceLock::new();
        KEYSTONE.get_or_init(|| env::var_os("CASEMENT_KEYSTONE").map(|file| Self::read(file.as_ref()))).as_ref()
    }

    fn read(file: &Path) -> Self {
        let text = fs::read(file).unwrap_or_else(|error| panic!("CASEMENT_KEYSTONE: {}: {error}", file.display()));
        let value: Value = serde_json::from_slice(&text).unwrap();
        let text = |key: &str| value[key].as_str().unwrap().to_owned();
        Self { auth_url: text("auth_url"), region: text("region"), password: text("password"), admin: OnceLock::new() }
    }

    /// With the version at its end: `http://127.0.0.1:5000/v3`.
    pub fn auth_url(&self) -> &str {
        &self.auth_url
    }

    pub fn region(&self) -> &str {
        &self.region
    }

    /// Of every user.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// A token for a project of the domain `default`.
    #[track_caller]
    pub fn token(&self, user: &str, project: &str) -> String {
        self.scoped(user, &json!({"project": {"name": project, "domain": {"id": "default"}}}))
    }

    /// A token for the system.
    #[track_caller]
    pub fn system_token(&self, user: &str) -> String {
        self.scoped(user, &json!({"system": {"all": true}}))
    }

    #[track_caller]
    fn scoped(&self, user: &str, scope: &Value) -> String {
        let user = json!({"name": user, "domain": {"id": "default"}, "password": self.password});
        let identity = json!({"methods": ["password"], "password": {"user": user}});
        let body = json!({"auth": {"identity": identity, "scope": scope}});
        self.issue(&body).header("X-Subject-Token").unwrap().to_owned()
    }

    /// A token by any method and for any scope.
    #[track_caller]
    pub fn issue(&self, request: &Value) -> Answer {
        Client::new(self.auth_url.clone(), None).post("/auth/tokens", request).expect(201)
    }

    /// Somebody who talks to Keystone itself: paths begin behind `/v3`.
    pub fn bearer(&self, token: &str) -> Client {
        Client::new(self.auth_url.clone(), Some(token))
    }

    /// The administrator of this Keystone.
    #[track_caller]
    pub fn admin(&self) -> &Client {
        self.admin.get_or_init(|| self.bearer(&self.system_token("admin")))
    }

    /// The id of the one entity of a collection with this name: `("projects", "demo")`.
    #[track_caller]
    pub fn id(&self, collection: &str, name: &str) -> String {
        let found = self.admin().get(&format!("/{collection}?name={name}")).expect(200).json();
        found[collection][0]["id"].as_str().unwrap_or_else(|| panic!("no {name} in {collection}: {found}")).to_owned()
    }

    /// Lets the catalog say that the service (`glance`, `glance_remote`) is at `url`.
    #[track_caller]
    pub fn point(&self, service: &str, url: &str) {
        let (admin, service) = (self.admin(), self.id("services", service));
        let found = admin.get(&format!("/endpoints?service_id={service}")).expect(200).json();
        for endpoint in found["endpoints"].as_array().unwrap() {
            let path = format!("/endpoints/{}", endpoint["id"].as_str().unwrap());
            let change = json!({"endpoint": {"url": url}});
            admin.request("PATCH", &path).header("Content-Type", "application/json").json(&change).expect(200);
        }
    }
}
