//! Unified limits: what a project may have, as Keystone says.
//!
//! Keystone is asked for a project's own limits each time, because an operator who raises one expects the next request
//! to pass, as it does with oslo.limit. What it said last is kept for the time when it can't be asked.

use super::session::Session;
use crate::{Error, Result};
use futures_util::try_join;
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How to read limits, and how long what was read may stand in for an answer.
#[derive(Debug, Clone)]
pub struct LimitSettings {
    /// The type that this service has in Keystone's list of services.
    pub service_type: String,
    /// Limits of other regions don't count. Not set: there is only one region.
    pub region: Option<String>,
    /// While Keystone is away.
    pub keep: Duration,
}

/// What one project may have. `None` is without bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectLimits {
    /// MiB.
    pub image_size_total: Option<u64>,
    /// MiB.
    pub image_stage_total: Option<u64>,
    pub image_count_total: Option<u64>,
    pub image_count_uploading: Option<u64>,
}

#[derive(Debug)]
pub struct Limits {
    session: Session,
    settings: LimitSettings,
    service: Mutex<Option<Arc<str>>>,
    known: Mutex<HashMap<String, Known>>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    limits: ProjectLimits,
    at: Instant,
}

/// Projects whose limits are kept in mind.
const ENTRIES: usize = 10_000;

impl Limits {
    pub fn new(session: Session, settings: LimitSettings) -> Self {
        Self { session, settings, service: Mutex::default(), known: Mutex::default() }
    }

    /// What `project` may have.
    ///
    /// # Errors
    /// [`Kind::Unavailable`](crate::Kind) when Keystone does not tell, and has not told lately.
    pub async fn of(&self, project: &str) -> Result<ProjectLimits> {
        match self.ask(project).await {
            Ok(limits) => {
                self.keep(project, limits);
                Ok(limits)
            }
            Err(error) => {
                let known = self.kept(project).ok_or_else(|| error.clone())?;
                tracing::warn!(project, %error, "limits taken from what Keystone said last");
                Ok(known)
            }
        }
    }

    async fn ask(&self, project: &str) -> Result<ProjectLimits> {
        let service = self.service().await?;
        let of_service = [("service_id", &*service)];
        let of_project = [("service_id", &*service), ("project_id", project)];
        let (registered, own) =
            try_join!(self.list("registered_limits", &of_service), self.list("limits", &of_project))?;
        let limit = |name: &str| {
            let limit = self.find(&own, name, "resource_limit").or(self.find(&registered, name, "default_limit"));
            // What is not registered nobody may have; and -1 stands for no limit.
            u64::try_from(limit.unwrap_or(0)).ok()
        };
        Ok(ProjectLimits {
            image_size_total: limit("image_size_total"),
            image_stage_total: limit("image_stage_total"),
            image_count_total: limit("image_count_total"),
            image_count_uploading: limit("image_count_uploading"),
        })
    }

    /// A limit of the region goes before one of all regions.
    fn find(&self, limits: &[Value], name: &str, value: &str) -> Option<i64> {
        let named = limits.iter().filter(|limit| limit["resource_name"] == name);
        let (mut here, mut anywhere) = (None, None);
        for limit in named {
            match (limit["region_id"].as_str(), &self.settings.region) {
                (None, _) => anywhere = anywhere.or(limit[value].as_i64()),
                (Some(region), Some(own)) if region != own => {}
                (Some(_), _) => here = here.or(limit[value].as_i64()),
            }
        }
        here.or(anywhere)
    }

    /// This service's id, which Keystone's limits are filed under.
    async fn service(&self) -> Result<Arc<str>> {
        if let Some(service) = self.service.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Ok(service);
        }
        let kind = self.settings.service_type.as_str();
        let services = self.list("services", &[("type", kind)]).await?;
        let [service] = services.as_slice() else {
            return Err(Error::unavailable(format!(
                "Keystone lists {} services of the type `{kind}`, and limits are kept for exactly one",
                services.len()
            )));
        };
        let id: Arc<str> = service["id"].as_str().unwrap_or_default().into();
        self.warn_of_another_model().await?;
        *self.service.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&id));
        Ok(id)
    }

    /// Keystone itself holds children to their parents; a project's own limits are what counts here.
    async fn warn_of_another_model(&self) -> Result<()> {
        let answer = self.session.get("limits/model", &[]).await?.json()?;
        let model = answer["model"]["name"].as_str().unwrap_or_default();
        if model != "flat" {
            tracing::warn!(model, "Keystone's limits are not flat: what a project's children have is not added up");
        }
        Ok(())
    }

    async fn list(&self, what: &str, query: &[(&str, &str)]) -> Result<Vec<Value>> {
        let answer = self.session.get(what, query).await?;
        if answer.status != 200 {
            return Err(Error::unavailable(format!(
                "Keystone answers {} when it is asked for {what}: the service user needs the role `reader` on the system",
                answer.status
            )));
        }
        match answer.json()?.get_mut(what).map(Value::take) {
            Some(Value::Array(list)) => Ok(list),
            _ => Err(Error::unavailable(format!("Keystone's answer holds no {what}"))),
        }
    }

    fn kept(&self, project: &str) -> Option<ProjectLimits> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(project).filter(|known| known.at.elapsed() < self.settings.keep).map(|known| known.limits)
    }

    fn keep(&self, project: &str, limits: ProjectLimits) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let at = Instant::now();
        if known.len() >= ENTRIES && !known.contains_key(project) {
            known.retain(|_, known| known.at.elapsed() < self.settings.keep);
            if known.len() >= ENTRIES {
                return;
            }
        }
        known.insert(project.to_owned(), Known { limits, at });
    }
}

#[cfg(test)]
mod tests;
