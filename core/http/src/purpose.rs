//! What a request is for, in words of which there are few: the template of its path, and the action that it asks for.
//! Metrics and the audit log speak of these, and never of a path as a client wrote it.

use crate::{
    healthcheck::is_healthcheck,
    versions::{Negotiated, negotiate},
};
use http::{HeaderMap, Method, header::ACCEPT};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// The templates of the API's paths, and what each method asks for there. The actions are called as the policy calls
/// them, where it has a rule of its own.
const ROUTES: [(&str, &[(&str, &str)]); 31] = [
    ("/v2/images", &[("GET", "get_images"), ("POST", "add_image")]),
    ("/v2/images/{image}", &[("GET", "get_image"), ("PATCH", "modify_image"), ("DELETE", "delete_image")]),
    ("/v2/images/{image}/file", &[("GET", "download_image"), ("PUT", "upload_image")]),
    ("/v2/images/{image}/actions/deactivate", &[("POST", "deactivate")]),
    ("/v2/images/{image}/actions/reactivate", &[("POST", "reactivate")]),
    ("/v2/images/{image}/members", &[("GET", "get_members"), ("POST", "add_member")]),
    (
        "/v2/images/{image}/members/{member}",
        &[("GET", "get_member"), ("PUT", "modify_member"), ("DELETE", "delete_member")],
    ),
    ("/v2/images/{image}/tags/{tag}", &[("PUT", "add_tag"), ("DELETE", "delete_tag")]),
    ("/v2/images/{image}/locations", &[("GET", "fetch_image_location"), ("POST", "add_image_location")]),
    ("/v2/images/{image}/tasks", &[("GET", "get_image_tasks")]),
    ("/v2/stores/{store}/{image}", &[("DELETE", "delete_image_location")]),
    ("/v2/tasks", &[("GET", "get_tasks"), ("POST", "add_task")]),
    ("/v2/tasks/{task}", &[("GET", "get_task"), ("DELETE", "delete_task")]),
    ("/v2/info/stores", &[("GET", "stores_info")]),
    ("/v2/info/stores/detail", &[("GET", "stores_info_detail")]),
    ("/v2/info/import", &[("GET", "import_info")]),
    ("/v2/info/usage", &[("GET", "get_usage")]),
    ("/v2/schemas/{schema}", &[("GET", "get_schema")]),
    ("/v2/schemas/metadefs/{schema}", &[("GET", "get_schema")]),
    ("/v2/metadefs/resource_types", &[("GET", "list_metadef_resource_types")]),
    ("/v2/metadefs/namespaces", &[("GET", "get_metadef_namespaces"), ("POST", "add_metadef_namespace")]),
    (
        "/v2/metadefs/namespaces/{namespace}",
        &[
            ("GET", "get_metadef_namespace"),
            ("PUT", "modify_metadef_namespace"),
            ("DELETE", "delete_metadef_namespace"),
        ],
    ),
    (
        "/v2/metadefs/namespaces/{namespace}/objects",
        &[("GET", "get_metadef_objects"), ("POST", "add_metadef_object"), ("DELETE", "delete_metadef_objects")],
    ),
    (
        "/v2/metadefs/namespaces/{namespace}/objects/{object}",
        &[("GET", "get_metadef_object"), ("PUT", "modify_metadef_object"), ("DELETE", "delete_metadef_object")],
    ),
    (
        "/v2/metadefs/namespaces/{namespace}/properties",
        &[("GET", "get_metadef_properties"), ("POST", "add_metadef_property"), ("DELETE", "remove_metadef_properties")],
    ),
    (
        "/v2/metadefs/namespaces/{namespace}/properties/{property}",
        &[("GET", "get_metadef_property"), ("PUT", "modify_metadef_property"), ("DELETE", "remove_metadef_property")],
    ),
    (
        "/v2/metadefs/namespaces/{namespace}/resource_types",
        &[("GET", "get_metadef_resource_types"), ("POST", "add_metadef_resource_type_association")],
    ),
    (
        "/v2/metadefs/namespaces/{namespace}/resource_types/{resource_type}",
        &[("DELETE", "remove_metadef_resource_type_association")],
    ),
    (
        "/v2/metadefs/namespaces/{namespace}/tags",
        &[("GET", "get_metadef_tags"), ("POST", "add_metadef_tags"), ("DELETE", "delete_metadef_tags")],
    ),
    (
        "/v2/metadefs/namespaces/{namespace}/tags/{tag}",
        &[
            ("GET", "get_metadef_tag"),
            ("POST", "add_metadef_tag"),
            ("PUT", "modify_metadef_tag"),
            ("DELETE", "delete_metadef_tag"),
        ],
    ),
    ("/v2", &[]),
];
const HEALTHCHECK: &str = "/healthcheck";
const VERSIONS: &str = "/versions";
/// Whatever no route has.
const UNKNOWN: &str = "unknown";
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// Characters of what a client wrote into a path. No name that the API takes is longer.
const LONGEST_PART: usize = 255;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Purpose {
    /// One of a few: the methods of the API, or `other`.
    pub(crate) method: &'static str,
    /// One of a few: a template, or `unknown`.
    pub(crate) route: &'static str,
    /// `None` where nothing can be asked for in this way.
    pub(crate) action: Option<&'static str>,
    /// The path below the API's version, where it is not the one that was asked for.
    path: Option<String>,
}

impl Purpose {
    pub(crate) fn of(method: &Method, path: &str, headers: &HeaderMap) -> Self {
        let known = METHODS.iter().find(|known| **known == method.as_str()).copied().unwrap_or("other");
        let plain = |route| Self { method: known, route, action: None, path: None };
        if is_healthcheck(path) {
            return plain(HEALTHCHECK);
        }
        let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
        let path = match negotiate(path, accept) {
            Negotiated::List(_) => return plain(VERSIONS),
            Negotiated::Api(path) => path,
        };
        let Some((route, actions)) = ROUTES.iter().find(|(template, _)| fits(template, &path)) else {
            return plain(UNKNOWN);
        };
        let action = actions.iter().find(|(method, _)| *method == known).map(|(_, action)| *action);
        let path = match path {
            Cow::Borrowed(_) => None,
            Cow::Owned(path) => Some(path),
        };
        Self { method: known, route, action, path }
    }

    /// What the path that was asked for names, by the places of its template.
    pub(crate) fn parts(&self, asked: &str) -> Vec<(&'static str, String)> {
        let path = self.path.as_deref().unwrap_or(asked);
        let named = self.route.split('/').zip(path.split('/'));
        named.filter_map(|(place, part)| Some((name_of(place)?, readable(part)))).collect()
    }
}

fn fits(template: &str, path: &str) -> bool {
    // By bytes: to look for a character takes longer than these parts are.
    let mut parts = path.as_bytes().split(|byte| *byte == b'/');
    let all = template.as_bytes().split(|byte| *byte == b'/').all(|place| {
        parts.next().is_some_and(|part| if place.starts_with(b"{") { !part.is_empty() } else { part == place })
    });
    all && parts.next().is_none()
}

fn name_of(place: &str) -> Option<&str> {
    place.strip_prefix('{')?.strip_suffix('}')
}

fn readable(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().chars().take(LONGEST_PART).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::{fs, path::Path};

    fn purpose(method: &str, path: &str) -> Purpose {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        Purpose::of(&method, path, &HeaderMap::new())
    }

    #[test]
    fn a_request_is_named_by_its_template_and_its_action() {
        for (method, path, route, action) in [
            ("GET", "/v2/images", "/v2/images", Some("get_images")),
            ("PUT", "/v2/images/7/file", "/v2/images/{image}/file", Some("upload_image")),
            ("PUT", "/v2.9/images/7/file", "/v2/images/{image}/file", Some("upload_image")),
            ("POST", "/v2/images/7/file", "/v2/images/{image}/file", None),
            ("DELETE", "/v2/stores/fast/7", "/v2/stores/{store}/{image}", Some("delete_image_location")),
            ("GET", "/v2/info/stores/detail", "/v2/info/stores/detail", Some("stores_info_detail")),
            ("GET", "/healthcheck/x", "/healthcheck", None),
            ("GET", "/", "/versions", None),
        ] {
            let found = purpose(method, path);
            assert_eq!((found.route, found.action), (route, action), "{method} {path}");
        }
    }

    #[test]
    fn what_clients_make_up_has_one_name() {
        for path in ["/v2/x", "/v2/images/", "/v2/images//file", "/v2/images/7/8/9", "/v2/images/7/actions/explode"] {
            let found = purpose("BREW", path);
            assert_eq!((found.method, found.route), ("other", UNKNOWN), "{path}");
        }
    }

    #[test]
    fn every_template_is_its_own_route() {
        for (template, _) in ROUTES {
            assert_eq!(purpose("GET", &template.replace(['{', '}'], "")).route, template);
        }
    }

    #[test]
    fn every_route_that_is_served_has_its_template() {
        let mut served: Vec<String> = vec!["/v2".into()];
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        for folder in [source.clone(), source.join("metadefs")] {
            for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
                let text = fs::read_to_string(file).unwrap();
                let paths = text.split("warp::path!(").skip(1).filter_map(|rest| rest.split_once(')'));
                served.extend(paths.map(|(path, _)| template(path)).filter(|path| path.starts_with("/v2")));
            }
        }
        // Two actions on images share a route, and are told apart here.
        served.retain(|path| path != "/v2/images/{}/actions/{}");
        served.extend(["deactivate", "reactivate"].map(|action| format!("/v2/images/{{}}/actions/{action}")));
        let nameless = |(template, _): &(&str, _)| {
            let places = template.split('/').map(|place| if name_of(place).is_some() { "{}" } else { place });
            places.collect::<Vec<_>>().join("/")
        };
        let mut named: Vec<_> = ROUTES.iter().map(nameless).collect();
        served.sort();
        named.sort();
        assert_eq!(served, named);
    }

    /// `"v2" / "images" / Segment`
    fn template(path: &str) -> String {
        let place = |place: &str| match place.trim().strip_prefix('"') {
            Some(text) => format!("/{}", text.trim_end_matches('"')),
            None => "/{}".to_owned(),
        };
        path.split(" / ").map(place).collect()
    }

    #[test]
    fn parts_are_decoded_and_bounded() {
        let parts = |path: &str| purpose("PUT", path).parts(path);
        let named = [("image", "a\nb".to_owned()), ("tag", "\"\u{fffd}".to_owned())];
        for path in ["/v2/images/a%0Ab/tags/%22%ff", "/v2.9/images/a%0Ab/tags/%22%ff"] {
            assert_eq!(parts(path), named, "{path}");
        }
        assert_eq!(parts(&format!("/v2/images/{}", "x".repeat(60_000)))[0].1.len(), LONGEST_PART);
    }
}
