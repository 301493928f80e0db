//! `/v2/metadefs/namespaces` and `/v2/metadefs/namespaces/{namespace}`.

use super::resource_type;
use crate::{
    failure::{Failure, Result},
    json_body, reply,
    request::{Request, Segment, answered},
};
use http::{HeaderValue, Method, StatusCode, header::LOCATION};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use warp::{Filter, filters::BoxedFilter, reply::Response};

/// What a segment of a path may hold as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

pub(super) fn routes(request: BoxedFilter<(Request,)>) -> BoxedFilter<(Response,)> {
    let collection = warp::path!("v2" / "metadefs" / "namespaces")
        .and(request.clone())
        .then(|request| answered(namespaces(request)))
        .boxed();
    let item = warp::path!("v2" / "metadefs" / "namespaces" / Segment)
        .and(request)
        .then(|Segment(name), request| answered(async move { namespace(&name, request).await }))
        .boxed();
    collection.or(item).unify().boxed()
}

async fn namespaces(mut request: Request) -> Result {
    match request.head.method {
        Method::GET => {
            let page = request.service.list_namespaces(&request.caller, &request.head.query()).await?;
            reply::json(StatusCode::OK, &page)
        }
        Method::POST => {
            let body = json_body::read(&mut request).await?;
            let namespace = request.service.create_namespace(&request.caller, &body).await?;
            created(&namespace, &request.base_url())
        }
        _ => Err(Failure::method_not_allowed("GET, POST")),
    }
}

async fn namespace(name: &str, mut request: Request) -> Result {
    match request.head.method {
        Method::GET => {
            request.head.without_body()?;
            let resource_type = resource_type(&request.head);
            let shown = request.service.show_namespace(&request.caller, name, resource_type.as_deref()).await?;
            reply::json(StatusCode::OK, &shown)
        }
        Method::PUT => {
            let body = json_body::read(&mut request).await?;
            reply::json(StatusCode::OK, &request.service.update_namespace(&request.caller, name, &body).await?)
        }
        Method::DELETE => {
            request.head.without_body()?;
            request.service.delete_namespace(&request.caller, name).await?;
            Ok(reply::no_content())
        }
        _ => Err(Failure::method_not_allowed("GET, PUT, DELETE")),
    }
}

fn created(namespace: &Map<String, Value>, base_url: &str) -> Result {
    let name = namespace.get("namespace").and_then(Value::as_str).unwrap_or_default();
    let location = format!("{base_url}/v2/metadefs/namespaces/{}", utf8_percent_encode(name, SEGMENT));
    let mut response = reply::json(StatusCode::CREATED, namespace)?;
    // It can't hold what a header cannot, save for a Host header that a client made up.
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_created_namespace_answers_with_its_place() {
        for (name, place) in [("OS::Test", "OS::Test"), ("a b", "a%20b"), ("é", "%C3%A9")] {
            let body = json!({ "namespace": name });
            let response = created(body.as_object().unwrap(), "http://host:9292").unwrap();
            assert_eq!(response.status(), StatusCode::CREATED);
            let location = format!("http://host:9292/v2/metadefs/namespaces/{place}");
            assert_eq!(response.headers()[LOCATION], location.as_str());
        }
    }
}
