//! Tasks, for administrators to look at.

use crate::{Error, Kind, Result, Service, Side, access::refuse_read_only};
use casement_catalog::Kind as Catalog;
use casement_image::{Caller, TaskQuery, task};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

const ACCESS: &str = "tasks_api_access";

impl Service {
    /// The whole document: tasks, first, next, schema.
    ///
    /// # Errors
    /// See `GET /v2/tasks`.
    pub async fn list_tasks(&self, caller: &Caller, query: &[(String, String)]) -> Result<Value> {
        self.authorize_general(ACCESS, caller)?;
        let wanted = TaskQuery::parse(query, &self.settings().list)?;
        self.expire_tasks(caller).await?;
        let tasks = self.catalog().list_tasks(&wanted, only_own(caller)).await.map_err(|error| match error.kind {
            Catalog::MarkerUnknown => Error::new(Kind::Invalid, Side::Client, error.message),
            _ => error.into(),
        })?;
        let full = !tasks.is_empty() && tasks.len() == wanted.limit as usize;
        let next = tasks.last().filter(|_| full).map(|task| task.id.as_str());
        Ok(task::list_view(&tasks, query, next))
    }

    /// # Errors
    /// See `GET /v2/tasks/{id}`.
    pub async fn show_task(&self, caller: &Caller, id: &str) -> Result<Map<String, Value>> {
        self.authorize_general(ACCESS, caller)?;
        let missing = || Error::not_found(format!("Could not find task {id}"));
        let found = self.catalog().find_task(id).await?.ok_or_else(missing)?;
        match only_own(caller) {
            Some(project) if project != found.owner => {
                Err(Error::forbidden(format!("Forbidding request, task {id} is not visible")))
            }
            _ => Ok(found.view()),
        }
    }

    /// Tasks are not deleted by clients.
    ///
    /// # Errors
    /// When the caller may not even look at tasks.
    pub fn may_see_tasks(&self, caller: &Caller) -> Result<()> {
        self.authorize_general(ACCESS, caller)
    }

    /// Tasks are made by the calls that need them.
    ///
    /// # Errors
    /// Always: see `POST /v2/tasks`.
    pub async fn create_task(&self, caller: &Caller, body: &Value) -> Result<Map<String, Value>> {
        refuse_read_only(caller)?;
        let uri = task::wanted_import(body)?;
        let refused = |message: String| Error::new(Kind::Invalid, Side::Client, message);
        if !self.passes_filter(uri).await {
            return Err(refused(format!("URI for legacy import task does not pass filtering: {uri}")));
        }
        let message =
            "Tasks of type import are not offered here: create an image and give it its data, or its locations.";
        Err(refused(message.to_owned()))
    }

    /// All tasks that had to do with an image, as far as the caller may see them.
    ///
    /// # Errors
    /// See `GET /v2/images/{id}/tasks`.
    pub async fn image_tasks(&self, caller: &Caller, id: &str) -> Result<Value> {
        let missing = || "The resource could not be found.".to_owned();
        let found = self.find(caller, id, missing).await?;
        self.expire_tasks(caller).await?;
        let tasks = self.catalog().tasks_of_image(&found.image.id, OffsetDateTime::now_utc()).await?;
        let only = only_own(caller);
        let visible = tasks.iter().filter(|task| only.is_none_or(|project| task.owner == project));
        Ok(json!({ "tasks": visible.map(casement_image::Task::row).collect::<Vec<_>>() }))
    }

    /// A look at tasks removes those of the caller's project that were to be seen long enough.
    async fn expire_tasks(&self, caller: &Caller) -> Result<()> {
        if let Some(project) = &caller.project_id {
            self.catalog().expire_tasks(project, OffsetDateTime::now_utc()).await?;
        }
        Ok(())
    }
}

/// The project whose tasks a caller may see; `None` sees all.
fn only_own(caller: &Caller) -> Option<&str> {
    if caller.is_admin { None } else { Some(caller.project_id.as_deref().unwrap_or_default()) }
}
