//! The audit log: who asked for what, of which image, and how it ended. What becomes of an entry is the program's to
//! say; here it is made.

use crate::purpose::Purpose;
use casement_image::Caller;
use http::StatusCode;
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
};

/// Takes entries. It must not wait: it is called at the end of each request.
pub trait Audit: fmt::Debug + Send + Sync {
    fn record(&self, entry: &AuditEntry<'_>);
}

/// One request. Holds no token, and nothing of a body.
#[derive(Debug, Serialize)]
pub struct AuditEntry<'a> {
    pub action: &'static str,
    pub outcome: Outcome,
    pub status: u16,
    pub request_id: &'a str,
    pub peer: SocketAddr,
    /// Whom a trusted proxy names, where one stands between; else the peer.
    pub client: IpAddr,
    pub user: Option<&'a str>,
    pub project: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<&'a str>,
    /// What the path names: `image`, `tag`, `member` and so on.
    #[serde(flatten, serialize_with = "as_map")]
    pub target: Vec<(&'static str, String)>,
    /// Of the answer's body.
    pub bytes: u64,
    pub duration_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Success,
    /// Who it is was not believed, or they may not do this.
    Denied,
    /// Refused for another reason, or broken off.
    Failed,
}

fn as_map<S: Serializer>(target: &[(&'static str, String)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(target.len()))?;
    for (name, value) in target {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

/// A request extension: the place where the caller is noted once they are known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Speaker(Arc<OnceLock<Arc<Caller>>>);

impl Speaker {
    pub(crate) fn is(&self, caller: Arc<Caller>) {
        // A request has one caller, so nothing is there yet.
        self.0.set(caller).ok();
    }

    pub(crate) fn caller(&self) -> Option<&Caller> {
        self.0.get().map(|caller| &**caller)
    }
}

/// A response extension: the id of the image that this request made.
#[derive(Debug, Clone)]
pub(crate) struct Created(pub(crate) String);

/// How a request ended. `whole` says whether all of its answer went out.
pub(crate) fn outcome(status: Option<StatusCode>, whole: bool) -> Outcome {
    match status {
        Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => Outcome::Denied,
        Some(status) if whole && !status.is_client_error() && !status.is_server_error() => Outcome::Success,
        _ => Outcome::Failed,
    }
}

/// Whether a request belongs into the audit log: every change, every download, and whatever was denied.
pub(crate) fn is_audited(purpose: &Purpose, outcome: Outcome) -> bool {
    let changes = !matches!(purpose.method, "GET" | "HEAD" | "OPTIONS");
    purpose.action.is_some() && (changes || purpose.action == Some("download_image") || outcome == Outcome::Denied)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use http::{HeaderMap, Method};

    #[test]
    fn an_entry_is_one_line_whatever_its_texts_hold() {
        let entry = AuditEntry {
            action: "add_tag",
            outcome: Outcome::Success,
            status: 204,
            request_id: "req-\"1",
            peer: ([192, 0, 2, 1], 4711).into(),
            client: [203, 0, 113, 7].into(),
            user: Some("u\n"),
            project: None,
            roles: vec!["member"],
            target: vec![("image", "i".into()), ("tag", "a\n\"b\u{7}".into())],
            bytes: 0,
            duration_ms: 3,
        };
        let line = serde_json::to_string(&entry).unwrap();
        assert!(!line.contains('\n'), "{line}");
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&read["tag"], &read["outcome"]), (&"a\n\"b\u{7}".into(), &"success".into()));
        assert_eq!((&read["project"], &read["peer"]), (&serde_json::Value::Null, &"192.0.2.1:4711".into()));
    }

    #[test]
    fn an_answer_that_broke_off_is_no_success() {
        assert_eq!(outcome(Some(StatusCode::OK), true), Outcome::Success);
        assert_eq!(outcome(Some(StatusCode::OK), false), Outcome::Failed);
        assert_eq!(outcome(Some(StatusCode::CONFLICT), true), Outcome::Failed);
        assert_eq!(outcome(Some(StatusCode::FORBIDDEN), true), Outcome::Denied);
        assert_eq!(outcome(None, false), Outcome::Failed);
    }

    #[test]
    fn changes_downloads_and_denials_are_audited_and_looking_is_not() {
        let audited =
            |method: Method, path: &str, outcome| is_audited(&Purpose::of(&method, path, &HeaderMap::new()), outcome);
        assert!(audited(Method::DELETE, "/v2/images/7", Outcome::Failed));
        assert!(audited(Method::GET, "/v2/images/7/file", Outcome::Success));
        assert!(audited(Method::GET, "/v2/images/7", Outcome::Denied));
        assert!(!audited(Method::GET, "/v2/images/7", Outcome::Success));
        assert!(!audited(Method::GET, "/healthcheck", Outcome::Success));
        assert!(!audited(Method::POST, "/v2/made/up", Outcome::Failed));
    }
}
