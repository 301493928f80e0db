//! `ETag`, `If-Match` and `If-None-Match`: which version of a record a request is about. See RFC 9110, section 13.1.

use casement_service::Precondition;
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{ETAG, IF_MATCH, IF_NONE_MATCH},
};
use warp::reply::Response;

/// The versions that a change is meant for, if it says so.
pub(crate) fn if_match(headers: &HeaderMap) -> Option<Precondition> {
    Some(match entity_tags(headers, &IF_MATCH)? {
        Tags::Any => Precondition::Any,
        // A weak tag stands for what is alike, and a change must not be made to what is only alike.
        Tags::Listed(tags) => {
            Precondition::OneOf(tags.into_iter().filter(|tag| !tag.weak).map(|tag| tag.version).collect())
        }
    })
}

/// Whether the client has this version already.
pub(crate) fn has_already(headers: &HeaderMap, version: &str) -> bool {
    match entity_tags(headers, &IF_NONE_MATCH) {
        None => false,
        Some(Tags::Any) => true,
        Some(Tags::Listed(tags)) => tags.iter().any(|tag| tag.version == version),
    }
}

pub(crate) fn not_modified(version: &str) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    with_etag(response, version)
}

pub(crate) fn with_etag(mut response: Response, version: &str) -> Response {
    if let Ok(tag) = HeaderValue::try_from(["\"", version, "\""].concat()) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

enum Tags {
    Any,
    Listed(Vec<Tag>),
}

struct Tag {
    weak: bool,
    version: String,
}

/// `None` where the header is absent. What is no entity tag is none that could match.
fn entity_tags(headers: &HeaderMap, name: &HeaderName) -> Option<Tags> {
    let mut values = headers.get_all(name).iter().peekable();
    values.peek()?;
    let mut tags = Vec::new();
    for value in values {
        let text = String::from_utf8_lossy(value.as_bytes());
        if text.trim() == "*" {
            return Some(Tags::Any);
        }
        read(&text, &mut tags);
    }
    Some(Tags::Listed(tags))
}

/// Reads `"a", W/"b"`; a comma between quotes belongs to the tag.
fn read(text: &str, tags: &mut Vec<Tag>) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('"') {
        let Some((version, after)) = after.split_once('"') else { return };
        let between = before.trim_matches([' ', '\t', ',']);
        if matches!(between, "" | "W/") {
            tags.push(Tag { weak: between == "W/", version: version.to_owned() });
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn headers(name: &HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_change_is_meant_for_strong_tags_only() {
        let of = |values: &[&str]| if_match(&headers(&IF_MATCH, values));
        let one_of = |versions: &[&str]| {
            Some(Precondition::OneOf(versions.iter().map(|version| (*version).to_owned()).collect()))
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["*"]), Some(Precondition::Any));
        assert_eq!(of(&["\"a\", \"b\""]), one_of(&["a", "b"]));
        assert_eq!(of(&["\"a\"", "\"b\""]), one_of(&["a", "b"]));
        assert_eq!(of(&["\"a,b\",\"\""]), one_of(&["a,b", ""]));
        for nothing in ["", "W/\"a\"", "a", "\"a", "w/\"a\"", "x\"a\""] {
            assert_eq!(of(&[nothing]), one_of(&[]), "{nothing}");
        }
        assert_eq!(of(&["W/\"a\", \"b\""]), one_of(&["b"]));
    }

    #[test]
    fn what_a_client_has_may_be_told_by_weak_tags_too() {
        let has = |values: &[&str]| has_already(&headers(&IF_NONE_MATCH, values), "a");
        for yes in ["*", "\"a\"", "W/\"a\"", "\"b\", W/\"a\""] {
            assert!(has(&[yes]), "{yes}");
        }
        for no in ["", "\"b\"", "a"] {
            assert!(!has(&[no]), "{no}");
        }
        assert!(!has(&[]));
    }
}
