//! What Keystone says of a token.

use crate::{Error, Result, roles};
use casement_image::Caller;
use serde::{Deserialize, Deserializer, de::Error as _};
use std::time::Duration;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

#[derive(Deserialize)]
struct Body {
    token: Token,
}

/// As in `GET /v3/auth/tokens`; what is not used here is left out.
#[derive(Deserialize)]
pub(super) struct Token {
    user: Identified,
    project: Option<Identified>,
    domain: Option<Identified>,
    system: Option<System>,
    #[serde(default)]
    roles: Vec<Named>,
    #[serde(deserialize_with = "rfc3339")]
    expires_at: OffsetDateTime,
    #[serde(deserialize_with = "rfc3339")]
    issued_at: OffsetDateTime,
    #[serde(default)]
    pub(super) catalog: Vec<super::endpoint::Service>,
}

#[derive(Deserialize)]
struct Identified {
    id: String,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct System {
    #[serde(default)]
    all: bool,
}

impl Token {
    pub(super) fn parse(body: &[u8]) -> Result<Self> {
        // serde's own words quote what they found, and that may be anything.
        let garbage = |err: serde_json::Error| format!("Keystone's answer is no token ({:?} error)", err.classify());
        let body: Body = serde_json::from_slice(body).map_err(|err| Error::unavailable(garbage(err)))?;
        Ok(body.token)
    }

    /// The roles are taken as they are: Keystone has added those that they imply.
    pub(super) fn caller(&self) -> Caller {
        let roles = self.roles.iter().map(|role| role.name.to_lowercase()).collect();
        let id = |part: &Option<Identified>| part.as_ref().map(|part| part.id.clone());
        Caller {
            project_id: id(&self.project),
            domain_id: id(&self.domain),
            system_scope: self.system.as_ref().filter(|system| system.all).map(|_| "all".to_owned()),
            ..roles::caller_with(Some(self.user.id.clone()), roles)
        }
    }

    /// From now to its end by our own clock; zero when that is over.
    pub(super) fn remaining(&self) -> Duration {
        (self.expires_at - OffsetDateTime::now_utc()).try_into().unwrap_or_default()
    }

    /// By Keystone's clock alone, from its issue to its end.
    pub(super) fn lifetime(&self) -> Duration {
        (self.expires_at - self.issued_at).try_into().unwrap_or_default()
    }
}

fn rfc3339<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OffsetDateTime, D::Error> {
    OffsetDateTime::parse(&String::deserialize(deserializer)?, &Rfc3339).map_err(D::Error::custom)
}
