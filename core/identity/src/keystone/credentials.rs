//! What this service shows to Keystone to get a token of its own.

use serde_json::{Map, Value, json};
use std::fmt;

/// Text that no log and no debug output shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A user, project or domain, by its id or by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ref {
    Id(String),
    Name(String),
}

/// A name means something only within a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InDomain {
    Id(String),
    Name { name: String, domain: Ref },
}

/// Who this service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    Password {
        user: InDomain,
        password: Secret,
        scope: Scope,
    },
    /// Brings the scope it was made for.
    ApplicationCredential {
        credential: ApplicationCredential,
        secret: Secret,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplicationCredential {
    Id(String),
    Name { name: String, user: InDomain },
}

/// What a service token is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    Project(InDomain),
    Domain(Ref),
    System,
}

impl Login {
    /// The body of `POST /v3/auth/tokens`. It holds the secret.
    pub(super) fn body(&self) -> Value {
        match self {
            Self::Password { user, password, scope } => {
                let mut user = user.body();
                user.insert("password".into(), password.0.as_str().into());
                let identity = json!({"methods": ["password"], "password": {"user": user}});
                json!({"auth": {"identity": identity, "scope": scope.body()}})
            }
            Self::ApplicationCredential { credential, secret } => {
                let mut credential = match credential {
                    ApplicationCredential::Id(id) => object("id", id.as_str()),
                    ApplicationCredential::Name { name, user } => {
                        let mut named = object("name", name.as_str());
                        named.insert("user".into(), user.body().into());
                        named
                    }
                };
                credential.insert("secret".into(), secret.0.as_str().into());
                let identity = json!({"methods": ["application_credential"], "application_credential": credential});
                json!({"auth": {"identity": identity}})
            }
        }
    }
}

impl Scope {
    fn body(&self) -> Value {
        match self {
            Self::Project(project) => json!({"project": project.body()}),
            Self::Domain(domain) => json!({"domain": domain.body()}),
            Self::System => json!({"system": {"all": true}}),
        }
    }
}

impl InDomain {
    fn body(&self) -> Map<String, Value> {
        match self {
            Self::Id(id) => object("id", id.as_str()),
            Self::Name { name, domain } => {
                let mut named = object("name", name.as_str());
                named.insert("domain".into(), domain.body().into());
                named
            }
        }
    }
}

impl Ref {
    fn body(&self) -> Map<String, Value> {
        match self {
            Self::Id(id) => object("id", id.as_str()),
            Self::Name(name) => object("name", name.as_str()),
        }
    }
}

fn object(key: &str, value: &str) -> Map<String, Value> {
    Map::from_iter([(key.to_owned(), value.into())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> InDomain {
        InDomain::Name { name: name.into(), domain: Ref::Id("default".into()) }
    }

    #[test]
    fn a_password_login_names_user_and_scope() {
        let scopes = [
            (Scope::Project(named("service")), json!({"project": {"name": "service", "domain": {"id": "default"}}})),
            (Scope::Project(InDomain::Id("p1".into())), json!({"project": {"id": "p1"}})),
            (Scope::Domain(Ref::Name("Site".into())), json!({"domain": {"name": "Site"}})),
            (Scope::System, json!({"system": {"all": true}})),
        ];
        for (scope, wanted) in scopes {
            let login = Login::Password { user: named("glance"), password: Secret::new("s3cret"), scope };
            let user = json!({"name": "glance", "domain": {"id": "default"}, "password": "s3cret"});
            let identity = json!({"methods": ["password"], "password": {"user": user}});
            assert_eq!(login.body(), json!({"auth": {"identity": identity, "scope": wanted}}));
        }
    }

    #[test]
    fn an_application_credential_has_no_scope_of_its_own() {
        let login = |credential| Login::ApplicationCredential { credential, secret: Secret::new("s3cret") }.body();
        let wanted = |credential: Value| {
            let identity = json!({"methods": ["application_credential"], "application_credential": credential});
            json!({"auth": {"identity": identity}})
        };
        let by_id = login(ApplicationCredential::Id("a1".into()));
        assert_eq!(by_id, wanted(json!({"id": "a1", "secret": "s3cret"})));
        let by_name = login(ApplicationCredential::Name { name: "images".into(), user: named("glance") });
        let user = json!({"name": "glance", "domain": {"id": "default"}});
        assert_eq!(by_name, wanted(json!({"name": "images", "user": user, "secret": "s3cret"})));
    }

    #[test]
    fn debug_output_holds_no_secret() {
        let login = Login::Password { user: named("glance"), password: Secret::new("s3cret"), scope: Scope::System };
        assert!(!format!("{login:?}").contains("s3cret"));
    }
}
