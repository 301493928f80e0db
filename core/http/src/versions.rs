//! Which version a request is for, and the document that lists them.

use crate::{failure::Result, reply};
use http::StatusCode;
use serde_json::{Value, json};
use std::borrow::Cow;

/// The versions of a Glance with several stores and no cache, in its order. They are labels: every feature answers under
/// each of them.
const VERSIONS: [&str; 16] = [
    "v2.15", "v2.13", "v2.12", "v2.11", "v2.10", "v2.9", "v2.8", CURRENT, "v2.7", "v2.6", "v2.5", "v2.4", "v2.3",
    "v2.2", "v2.1", "v2.0",
];
const CURRENT: &str = "v2.17";
const MEDIA_TYPE: &str = "application/vnd.openstack.images-";

/// What a request's path and Accept header ask for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Negotiated<'a> {
    /// The list of versions, under this status.
    List(StatusCode),
    /// A resource, by its path below `/v2`.
    Api(Cow<'a, str>),
}

/// The media type counts before the path; it leaves the path as it is.
pub(crate) fn negotiate<'a>(path: &'a str, accept: Option<&str>) -> Negotiated<'a> {
    let trimmed = path.trim_start_matches('/');
    let (first, rest) = trimmed.split_at(trimmed.find('/').unwrap_or(trimmed.len()));
    if first == "versions" {
        return Negotiated::List(StatusCode::OK);
    }
    let (version, rest) = match accept.and_then(|accept| accept.strip_prefix(MEDIA_TYPE)) {
        Some(version) => (version, path),
        None => (first, rest),
    };
    if version == "v2" || VERSIONS.contains(&version) {
        let is_so = path.strip_prefix("/v2") == Some(rest);
        Negotiated::Api(if is_so { path.into() } else { format!("/v2{rest}").into() })
    } else {
        Negotiated::List(StatusCode::MULTIPLE_CHOICES)
    }
}

pub(crate) fn list(status: StatusCode, base_url: &str) -> Result {
    reply::json(status, &document(base_url))
}

fn document(base_url: &str) -> Value {
    let version = |id: &&str| {
        let status = if *id == CURRENT { "CURRENT" } else { "SUPPORTED" };
        json!({"id": id, "status": status, "links": [{"rel": "self", "href": format!("{base_url}/v2/")}]})
    };
    json!({ "versions": VERSIONS.iter().map(version).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_sorted_by_its_path_or_its_media_type() {
        let api = |path: &str| Negotiated::Api(path.to_owned().into());
        let choices = Negotiated::List(StatusCode::MULTIPLE_CHOICES);
        let list = Negotiated::List(StatusCode::OK);
        for (path, accept, want) in [
            ("/v2/images", None, api("/v2/images")),
            ("/v2.0/images", None, api("/v2/images")),
            ("/v2.9/images/x/file", None, api("/v2/images/x/file")),
            ("/v2.11/images", Some("*/*"), api("/v2/images")),
            ("//v2/images", None, api("/v2/images")),
            ("/v2", None, api("/v2")),
            ("/v2.8", None, api("/v2")),
            ("/v2/", None, api("/v2/")),
            ("/v2/v2/images", None, api("/v2/v2/images")),
            ("/", None, Negotiated::List(StatusCode::MULTIPLE_CHOICES)),
            ("/v3", None, Negotiated::List(StatusCode::MULTIPLE_CHOICES)),
            ("/V2/images", None, Negotiated::List(StatusCode::MULTIPLE_CHOICES)),
            ("/images", None, Negotiated::List(StatusCode::MULTIPLE_CHOICES)),
            ("/v2.17/images", None, api("/v2/images")),
            ("/v2.14/images", None, Negotiated::List(StatusCode::MULTIPLE_CHOICES)),
            ("/v2.18/images", None, Negotiated::List(StatusCode::MULTIPLE_CHOICES)),
            ("/versions", None, Negotiated::List(StatusCode::OK)),
            ("/versions/x", None, Negotiated::List(StatusCode::OK)),
            ("/versions", Some("application/vnd.openstack.images-v2"), list),
            ("/images", Some("application/vnd.openstack.images-v2"), api("/v2/images")),
            ("/images", Some("application/vnd.openstack.images-v2.9"), api("/v2/images")),
            ("/v2/images", Some("application/vnd.openstack.images-v2"), api("/v2/v2/images")),
            ("/images", Some("application/vnd.openstack.images-v7"), Negotiated::List(StatusCode::MULTIPLE_CHOICES)),
            ("/v2/images", Some("application/vnd.openstack.images-v2.9, text/plain"), choices),
        ] {
            assert_eq!(negotiate(path, accept), want, "{path} {accept:?}");
        }
    }

    #[test]
    fn the_document_lists_the_versions_of_which_one_is_current() {
        let document = document("http://localhost");
        let versions = document["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert_eq!(versions.len(), VERSIONS.len());
        assert_eq!(
            versions[5],
            json!({"id": "v2.9", "status": "SUPPORTED", "links": [{"rel": "self", "href": "http://localhost/v2/"}]})
        );
        let current: Vec<_> =
            versions.iter().filter(|version| version["status"] == "CURRENT").map(|version| &version["id"]).collect();
        assert_eq!(current, ["v2.17"]);
    }
}
