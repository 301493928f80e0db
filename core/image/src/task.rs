//! Tasks: work that goes on after its request was answered, for administrators to look at.

use crate::{
    Error, ImageId, Result, SortDir,
    list::{ListSettings, limit, links_of},
    python::repr,
    view::timestamp,
};
use serde_json::{Map, Value, json};
use std::{fmt, str::FromStr};
use time::{Duration, OffsetDateTime, UtcOffset};

/// How far a task has come. From the last two it goes nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskStatus {
    Pending,
    Processing,
    Success,
    Failure,
}

impl TaskStatus {
    const NAMES: [(TaskStatus, &'static str); 4] = [
        (TaskStatus::Pending, "pending"),
        (TaskStatus::Processing, "processing"),
        (TaskStatus::Success, "success"),
        (TaskStatus::Failure, "failure"),
    ];

    pub fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(status, _)| *status == self).map_or("", |(_, name)| name)
    }
}

impl fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TaskStatus {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::NAMES.iter().find(|(_, name)| *name == text).map(|(status, _)| *status).ok_or(())
    }
}

/// The type of the task that looks at a location which was added by `POST …/locations`.
pub const LOCATION_IMPORT: &str = "location_import";

/// How long a task that has ended can be looked at (Glance's `task_time_to_live`).
pub const TIME_TO_LIVE: Duration = Duration::hours(48);

/// One task.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    pub id: String,
    /// `location_import`, and what Glance may have left.
    pub kind: String,
    pub status: TaskStatus,
    /// A project.
    pub owner: String,
    pub expires_at: Option<OffsetDateTime>,
    pub image_id: Option<String>,
    pub request_id: Option<String>,
    pub user_id: Option<String>,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    pub input: Value,
    pub result: Value,
    pub message: Option<String>,
}

impl Task {
    /// The whole task, as `GET /v2/tasks/{id}` shows it.
    pub fn view(&self) -> Map<String, Value> {
        let mut view = self.stub();
        for (name, value) in
            [("input", self.input.clone()), ("message", self.message.clone().into()), ("result", self.result.clone())]
        {
            view.insert(name.to_owned(), value);
        }
        for (name, value) in
            [("image_id", &self.image_id), ("request_id", &self.request_id), ("user_id", &self.user_id)]
        {
            if let Some(value) = value {
                view.insert(name.to_owned(), value.as_str().into());
            }
        }
        view
    }

    /// What a list tells of it.
    pub fn stub(&self) -> Map<String, Value> {
        let mut view = Map::new();
        for (name, value) in [
            ("id", self.id.clone()),
            ("type", self.kind.clone()),
            ("status", self.status.to_string()),
            ("owner", self.owner.clone()),
            ("created_at", timestamp(self.created_at)),
            ("updated_at", timestamp(self.updated_at)),
            ("self", format!("/v2/tasks/{}", self.id)),
            ("schema", "/v2/schemas/task".to_owned()),
        ] {
            view.insert(name.to_owned(), value.into());
        }
        if let Some(expires_at) = self.expires_at {
            view.insert("expires_at".to_owned(), timestamp(expires_at).into());
        }
        view
    }

    /// As `GET /v2/images/{id}/tasks` shows it: Glance gives the row as it is, times without a zone.
    pub fn row(&self) -> Value {
        json!({
            "id": self.id,
            "type": self.kind,
            "status": self.status.as_str(),
            "owner": self.owner,
            "expires_at": self.expires_at.map(raw_time),
            "created_at": raw_time(self.created_at),
            "updated_at": raw_time(self.updated_at),
            "deleted_at": null,
            "deleted": false,
            "image_id": self.image_id,
            "request_id": self.request_id,
            "user_id": self.user_id,
            "input": self.input,
            "result": self.result,
            "message": self.message,
        })
    }
}

fn raw_time(moment: OffsetDateTime) -> String {
    let moment = moment.to_offset(UtcOffset::UTC);
    let seconds = timestamp(moment);
    format!("{}.{:06}", seconds.trim_end_matches('Z'), moment.microsecond())
}

/// Columns that a list of tasks is sorted and filtered by.
const COLUMNS: [&str; 10] =
    ["id", "type", "status", "owner", "expires_at", "created_at", "updated_at", "image_id", "request_id", "user_id"];
const STATUSES: [&str; 4] = ["pending", "processing", "success", "failure"];

/// Which tasks a list is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskQuery {
    pub limit: u32,
    pub marker: Option<String>,
    /// One of the columns.
    pub sort_key: &'static str,
    pub sort_dir: SortDir,
    /// Columns by equality.
    pub filters: Vec<(&'static str, String)>,
}

impl TaskQuery {
    /// Reads the decoded query string of `GET /v2/tasks`.
    pub fn parse(pairs: &[(String, String)], settings: &ListSettings) -> Result<Self> {
        let first = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let column = |name: &str| COLUMNS.into_iter().find(|column| *column == name);
        let sort_dir = match first("sort_dir").unwrap_or("desc") {
            "asc" => SortDir::Asc,
            "desc" => SortDir::Desc,
            other => return Err(Error::invalid(format!("Invalid sort direction: {other}"))),
        };
        for (name, known) in [("status", &STATUSES[..]), ("type", &["import"])] {
            if let Some(other) = first(name).filter(|value| !value.is_empty() && !known.contains(value)) {
                return Err(Error::invalid(format!("Invalid {name} value: {other}")));
            }
        }
        let marker = first("marker").filter(|marker| !marker.is_empty());
        if marker.is_some_and(|marker| ImageId::parse(marker).is_none()) {
            return Err(Error::invalid("Invalid marker format"));
        }
        let limit = limit(first("limit"), settings)?;
        let sort_key = column(first("sort_key").unwrap_or("created_at"))
            .ok_or_else(|| Error::invalid("Sort key supplied was not valid."))?;
        let mut filters: Vec<(&'static str, String)> = Vec::new();
        for (name, value) in pairs.iter().filter(|(_, value)| !value.contains('\0')) {
            if let Some(column) = column(name).filter(|column| filters.iter().all(|(known, _)| known != column)) {
                filters.push((column, value.clone()));
            }
        }
        Ok(Self { limit, marker: marker.map(str::to_owned), sort_key, sort_dir, filters })
    }
}

/// The document of a list; `next` is the id of the last task, when there may be more.
pub fn list_view(tasks: &[Task], pairs: &[(String, String)], next: Option<&str>) -> Value {
    let (first, next) = links_of("/v2/tasks", pairs, next);
    let mut view = json!({
        "tasks": tasks.iter().map(Task::stub).collect::<Vec<_>>(),
        "first": first,
        "schema": "/v2/schemas/tasks",
    });
    if let Some(next) = next {
        view["next"] = next.into();
    }
    view
}

const TYPES: [&str; 3] = ["import", "api_image_import", LOCATION_IMPORT];

/// Judges the body of `POST /v2/tasks`: the URI that a task of type `import` is to take its data from. Tasks of other
/// types are made by the service itself, and by nobody else.
pub fn wanted_import(body: &Value) -> Result<&str> {
    let violated = |what: String| Err(Error::invalid(format!("Provided object does not match schema 'task': {what}")));
    for name in ["type", "input"] {
        if body.get(name).is_none() {
            return Err(Error::invalid(format!("Task '{name}' is required")));
        }
    }
    let (kind, input) = (&body["type"], &body["input"]);
    if !TYPES.iter().any(|known| kind == known) {
        return violated(format!("{} is not one of ['import', 'api_image_import', 'location_import']", repr(kind)));
    }
    if !input.is_object() && !input.is_null() {
        return violated(format!("{} is not of type 'null', 'object'", repr(input)));
    }
    if kind != "import" {
        return Err(Error::invalid(format!("Tasks of type {} are made by the service itself.", repr(kind))));
    }
    match input.get("import_from") {
        Some(Value::String(uri)) => Ok(uri),
        other => Err(Error::invalid(format!("Invalid location: {}", other.map_or("None".to_owned(), repr)))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use time::macros::datetime;

    fn pairs(query: &[(&str, &str)]) -> Vec<(String, String)> {
        query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn task() -> Task {
        let now = datetime!(2026-11-22 7:08:09.000_012 UTC);
        Task {
            id: "b44f4a0f-0000-4000-8000-00805f9b34fb".into(),
            kind: LOCATION_IMPORT.into(),
            status: TaskStatus::Success,
            owner: "p1".into(),
            expires_at: Some(now + TIME_TO_LIVE),
            image_id: Some("i".into()),
            request_id: None,
            user_id: Some("u1".into()),
            created_at: now,
            updated_at: now,
            input: json!({"image_id": "i"}),
            result: Value::Null,
            message: None,
        }
    }

    #[test]
    fn a_task_is_shown_whole_in_part_and_as_its_row() {
        let (whole, stub, row) = (task().view(), task().stub(), task().row());
        assert_eq!(
            (&whole["input"], &whole["message"], &whole["user_id"]),
            (&json!({"image_id": "i"}), &Value::Null, &json!("u1"))
        );
        assert!(!whole.contains_key("request_id"));
        assert!(!stub.contains_key("input") && !stub.contains_key("image_id"));
        assert_eq!(stub["expires_at"], "2026-11-24T07:08:09Z");
        assert_eq!(
            (&row["created_at"], &row["expires_at"]),
            (&json!("2026-11-22T07:08:09.000012"), &json!("2026-11-24T07:08:09.000012"))
        );
        assert_eq!((&row["deleted"], &row["request_id"]), (&json!(false), &Value::Null));
    }

    #[test]
    fn a_query_is_read_and_refused_in_glances_words() {
        let parse = |query: &[(&str, &str)]| TaskQuery::parse(&pairs(query), &ListSettings::default());
        let plain = parse(&[]).unwrap();
        assert_eq!((plain.limit, plain.sort_key, plain.sort_dir), (25, "created_at", SortDir::Desc));
        let query =
            parse(&[("status", "failure"), ("sort_key", "type"), ("sort_dir", "asc"), ("limit", "5000"), ("zz", "x")]);
        let query = query.unwrap();
        assert_eq!((query.limit, query.sort_key, query.sort_dir), (1000, "type", SortDir::Asc));
        assert_eq!(query.filters, [("status", "failure".to_owned())]);
        for (name, value, message) in [
            ("status", "zz", "Invalid status value: zz"),
            ("type", "location_import", "Invalid type value: location_import"),
            ("sort_key", "zz", "Sort key supplied was not valid."),
            ("sort_dir", "up", "Invalid sort direction: up"),
            ("marker", "zz", "Invalid marker format"),
            ("limit", "x", "limit param must be an integer"),
            ("limit", "-1", "limit param must be positive"),
        ] {
            assert_eq!(parse(&[(name, value)]).unwrap_err().message, message);
        }
    }

    #[test]
    fn links_of_a_list_keep_its_query() {
        let query = pairs(&[("status", "success"), ("marker", "m0"), ("limit", "1")]);
        let view = list_view(&[task()], &query, Some("m1"));
        assert_eq!(view["first"], "/v2/tasks?status=success&limit=1");
        assert_eq!(view["next"], "/v2/tasks?status=success&limit=1&marker=m1");
        assert_eq!(list_view(&[], &[], None).get("next"), None);
    }

    #[test]
    fn a_task_that_nobody_can_make_is_refused_in_glances_words() {
        for (body, message) in [
            (json!({"type": "import"}), "Task 'input' is required"),
            (json!({"input": {}}), "Task 'type' is required"),
            (json!([]), "Task 'type' is required"),
            (
                json!({"type": "zz", "input": {}}),
                "Provided object does not match schema 'task': 'zz' is not one of ['import', 'api_image_import', \
                 'location_import']",
            ),
            (
                json!({"type": "import", "input": 5}),
                "Provided object does not match schema 'task': 5 is not of type 'null', 'object'",
            ),
            (json!({"type": "import", "input": {}}), "Invalid location: None"),
            (json!({"type": "import", "input": null}), "Invalid location: None"),
            (
                json!({"type": "location_import", "input": {}}),
                "Tasks of type 'location_import' are made by the service itself.",
            ),
        ] {
            assert_eq!(wanted_import(&body).unwrap_err().message, message);
        }
        let body = json!({"type": "import", "input": {"import_from": "http://x"}});
        assert_eq!(wanted_import(&body), Ok("http://x"));
    }
}
