//! Keystone's version 3: a password or an application credential for a token and a catalog.

use super::{
    Answer, LARGEST_ANSWER,
    catalog::{Lookup, Service},
    refused, stranger,
};
use crate::{
    Config,
    config::bad,
    http::{Http, with_request_id},
};
use casement_object::Part;
use casement_sdk::{Bytes, Result, Secret};
use reqwest::header::{CONTENT_TYPE, HeaderName};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Value, json};
use std::time::Duration;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use url::Url;

const WHO: &str = "Keystone";
/// Keystone's log has it as the `global_request_id`.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-openstack-request-id");
const SUBJECT_TOKEN: HeaderName = HeaderName::from_static("x-subject-token");
const DEFAULT_DOMAIN: &str = "default";

#[derive(Debug)]
pub(super) struct Login {
    /// All but the secret.
    identity: Identity,
    key: Secret,
    lookup: Lookup,
}

#[derive(Debug)]
enum Identity {
    Password { user: Value, project: Value },
    ApplicationCredential(Value),
}

impl Login {
    pub(super) fn new(config: &Config, key: Secret) -> Result<Self> {
        let lookup = Lookup::new(config)?;
        let user = || {
            named("user", &config.user_id, &config.username, &config.user_domain_id, &config.user_domain_name)?
                .map_or_else(|| bad("no user is set: write username or user_id".to_owned()), Ok)
        };
        let project = named(
            "project",
            &config.project_id,
            &config.project_name,
            &config.project_domain_id,
            &config.project_domain_name,
        )?;
        let identity = match (&config.application_credential_id, &config.application_credential_name) {
            (Some(_), Some(_)) => {
                return bad(
                    "both application_credential_id and application_credential_name are set: leave one out".into()
                );
            }
            (None, None) => match project {
                Some(project) => Identity::Password { user: user()?, project },
                None => return bad("no project is set: write project_name or project_id".to_owned()),
            },
            // It was made for one project.
            _ if project.is_some() => {
                return bad(
                    "an application credential brings its project: leave project_name and project_id out".into()
                );
            }
            (Some(id), None) => Identity::ApplicationCredential(json!({"id": id})),
            (None, Some(name)) => Identity::ApplicationCredential(json!({"name": name, "user": user()?})),
        };
        Ok(Self { identity, key, lookup })
    }

    pub(super) async fn log_in(&self, http: &Http, auth_url: &Url, endpoint: Option<&Url>) -> Result<Answer> {
        let mut url = auth_url.clone();
        url.set_path(&format!("{}/auth/tokens", auth_url.path()));
        let request = http.client().post(url).header(CONTENT_TYPE, "application/json");
        let request = with_request_id(request, REQUEST_ID);
        let mut body = Part::default();
        body.push(Bytes::from(self.body().to_string()));
        let response = http.send(request, body, Duration::ZERO).await?;
        if response.status().as_u16() != 201 {
            return Err(refused(response.status().as_u16(), WHO));
        }
        let token = response.headers().get(SUBJECT_TOKEN).cloned();
        let token = token.ok_or_else(|| stranger(WHO, "the answer holds no token"))?;
        let body = http.collect(response, LARGEST_ANSWER).await?;
        // serde's own words quote what they found, and that may be anything.
        let Described { token: described } =
            serde_json::from_slice(&body).map_err(|_| stranger(WHO, "the answer does not describe a token"))?;
        let account = endpoint.cloned().map_or_else(|| self.lookup.find(&described.catalog), Ok)?;
        // By Keystone's clock alone.
        let lifetime = (described.expires_at - described.issued_at).try_into().unwrap_or_default();
        Ok(Answer { token, account, lifetime })
    }

    /// It holds the secret.
    fn body(&self) -> Value {
        let key = self.key.expose();
        match &self.identity {
            Identity::Password { user, project } => {
                let mut user = user.clone();
                user["password"] = key.into();
                let identity = json!({"methods": ["password"], "password": {"user": user}});
                json!({"auth": {"identity": identity, "scope": {"project": project}}})
            }
            Identity::ApplicationCredential(credential) => {
                let mut credential = credential.clone();
                credential["secret"] = key.into();
                let identity = json!({"methods": ["application_credential"], "application_credential": credential});
                json!({"auth": {"identity": identity}})
            }
        }
    }
}

/// By its id, or by its name in its domain.
fn named(
    what: &str,
    id: &Option<String>,
    name: &Option<String>,
    domain_id: &Option<String>,
    domain_name: &Option<String>,
) -> Result<Option<Value>> {
    let domain = match (domain_id, domain_name) {
        (Some(_), Some(_)) => {
            return bad(format!("both {what}_domain_id and {what}_domain_name are set: leave one out"));
        }
        (None, Some(name)) => json!({"name": name}),
        (id, None) => json!({"id": id.as_deref().unwrap_or(DEFAULT_DOMAIN)}),
    };
    match (id, name) {
        (Some(_), Some(_)) => bad(format!("the {what} is set by its id and by its name: leave one out")),
        (Some(id), None) => Ok(Some(json!({"id": id}))),
        (None, Some(name)) => Ok(Some(json!({"name": name, "domain": domain}))),
        (None, None) => Ok(None),
    }
}

/// The URL of version 3 from one with or without a version.
pub(super) fn versioned(mut url: Url) -> Url {
    if !url.path().ends_with("/v3") {
        let path = format!("{}/v3", url.path().trim_end_matches('/'));
        url.set_path(&path);
    }
    url
}

#[derive(Deserialize)]
struct Described {
    token: Token,
}

/// What is not used here is left out.
#[derive(Deserialize)]
struct Token {
    #[serde(deserialize_with = "rfc3339")]
    expires_at: OffsetDateTime,
    #[serde(deserialize_with = "rfc3339")]
    issued_at: OffsetDateTime,
    #[serde(default)]
    catalog: Vec<Service>,
}

fn rfc3339<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OffsetDateTime, D::Error> {
    OffsetDateTime::parse(&String::deserialize(deserializer)?, &Rfc3339).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn login(config: Config) -> Result<Login> {
        Login::new(&config, Secret::from("hush".to_owned()))
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn a_password_login_names_user_and_project_in_their_domains() {
        let config = Config {
            username: text("glance"),
            user_domain_name: text("Site"),
            project_name: text("service"),
            ..Config::default()
        };
        let user = json!({"name": "glance", "domain": {"name": "Site"}, "password": "hush"});
        let identity = json!({"methods": ["password"], "password": {"user": user}});
        let scope = json!({"project": {"name": "service", "domain": {"id": "default"}}});
        let login = login(config).unwrap();
        assert_eq!(login.body(), json!({"auth": {"identity": identity, "scope": scope}}));
        assert!(!format!("{login:?}").contains("hush"));
    }

    #[test]
    fn an_application_credential_has_no_scope_of_its_own() {
        let wanted = |credential: Value| {
            let identity = json!({"methods": ["application_credential"], "application_credential": credential});
            json!({"auth": {"identity": identity}})
        };
        let by_id = login(Config { application_credential_id: text("a1"), ..Config::default() }).unwrap();
        assert_eq!(by_id.body(), wanted(json!({"id": "a1", "secret": "hush"})));
        let config = Config { application_credential_name: text("images"), user_id: text("u1"), ..Config::default() };
        let by_name = login(config).unwrap();
        assert_eq!(by_name.body(), wanted(json!({"name": "images", "user": {"id": "u1"}, "secret": "hush"})));
    }

    #[test]
    fn what_is_missing_or_said_twice_is_named() {
        let refusal = |config: Config| login(config).unwrap_err().message().to_owned();
        assert!(refusal(Config { username: text("a"), ..Config::default() }).contains("project_name or project_id"));
        assert!(refusal(Config { project_id: text("a"), ..Config::default() }).contains("username or user_id"));
        let both = Config { username: text("a"), user_id: text("b"), project_id: text("c"), ..Config::default() };
        assert!(refusal(both).contains("leave one out"));
        let scoped = Config { application_credential_id: text("a"), project_id: text("b"), ..Config::default() };
        assert!(refusal(scoped).contains("brings its project"));
    }

    #[test]
    fn a_url_gets_its_version_once() {
        for (given, wanted) in [
            ("http://k:5000", "http://k:5000/v3"),
            ("http://k:5000/v3", "http://k:5000/v3"),
            ("https://k/identity", "https://k/identity/v3"),
        ] {
            assert_eq!(versioned(given.parse().unwrap()).as_str(), wanted, "{given}");
        }
    }
}
