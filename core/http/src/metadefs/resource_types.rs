//! `/v2/metadefs/resource_types` and `/v2/metadefs/namespaces/{namespace}/resource_types`.

use crate::{
    failure::{Failure, Result},
    json_body, reply,
    request::{Request, Segment, answered},
};
use http::{Method, StatusCode};
use warp::{Filter, filters::BoxedFilter, reply::Response};

pub(super) fn routes(request: BoxedFilter<(Request,)>) -> BoxedFilter<(Response,)> {
    let all = warp::path!("v2" / "metadefs" / "resource_types")
        .and(request.clone())
        .then(|request| answered(resource_types(request)))
        .boxed();
    let collection = warp::path!("v2" / "metadefs" / "namespaces" / Segment / "resource_types")
        .and(request.clone())
        .then(|Segment(namespace), request| answered(async move { associations(&namespace, request).await }))
        .boxed();
    let item = warp::path!("v2" / "metadefs" / "namespaces" / Segment / "resource_types" / Segment)
        .and(request)
        .then(|Segment(namespace), Segment(name), request| {
            answered(async move { association(&namespace, &name, request).await })
        })
        .boxed();
    all.or(collection).unify().boxed().or(item).unify().boxed()
}

async fn resource_types(request: Request) -> Result {
    match request.head.method {
        Method::GET => {
            request.head.without_body()?;
            reply::json(StatusCode::OK, &request.service.list_resource_types(&request.caller).await?)
        }
        _ => Err(Failure::method_not_allowed("GET")),
    }
}

async fn associations(namespace: &str, mut request: Request) -> Result {
    match request.head.method {
        Method::GET => {
            request.head.without_body()?;
            reply::json(StatusCode::OK, &request.service.list_associations(&request.caller, namespace).await?)
        }
        Method::POST => {
            let body = json_body::read(&mut request).await?;
            let association = request.service.add_association(&request.caller, namespace, &body).await?;
            reply::json(StatusCode::CREATED, &association)
        }
        _ => Err(Failure::method_not_allowed("GET, POST")),
    }
}

async fn association(namespace: &str, name: &str, request: Request) -> Result {
    match request.head.method {
        Method::DELETE => {
            request.head.without_body()?;
            request.service.remove_association(&request.caller, namespace, name).await?;
            Ok(reply::no_content())
        }
        _ => Err(Failure::method_not_allowed("DELETE")),
    }
}
