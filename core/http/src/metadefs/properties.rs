//! `/v2/metadefs/namespaces/{namespace}/properties` and `…/properties/{property}`.

use super::resource_type;
use crate::{
    failure::{Failure, Result},
    json_body, reply,
    request::{Request, Segment, answered},
};
use http::{Method, StatusCode};
use warp::{Filter, filters::BoxedFilter, reply::Response};

pub(super) fn routes(request: BoxedFilter<(Request,)>) -> BoxedFilter<(Response,)> {
    let collection = warp::path!("v2" / "metadefs" / "namespaces" / Segment / "properties")
        .and(request.clone())
        .then(|Segment(namespace), request| answered(async move { properties(&namespace, request).await }))
        .boxed();
    let item = warp::path!("v2" / "metadefs" / "namespaces" / Segment / "properties" / Segment)
        .and(request)
        .then(|Segment(namespace), Segment(name), request| {
            answered(async move { property(&namespace, &name, request).await })
        })
        .boxed();
    collection.or(item).unify().boxed()
}

async fn properties(namespace: &str, mut request: Request) -> Result {
    match request.head.method {
        Method::GET => {
            request.head.without_body()?;
            reply::json(StatusCode::OK, &request.service.list_properties(&request.caller, namespace).await?)
        }
        Method::POST => {
            let body = json_body::read(&mut request).await?;
            let property = request.service.create_property(&request.caller, namespace, &body).await?;
            reply::json(StatusCode::CREATED, &property)
        }
        Method::DELETE => {
            request.head.without_body()?;
            request.service.delete_properties(&request.caller, namespace).await?;
            Ok(reply::no_content())
        }
        _ => Err(Failure::method_not_allowed("GET, POST, DELETE")),
    }
}

async fn property(namespace: &str, name: &str, mut request: Request) -> Result {
    match request.head.method {
        Method::GET => {
            request.head.without_body()?;
            let resource_type = resource_type(&request.head);
            let shown =
                request.service.show_property(&request.caller, namespace, name, resource_type.as_deref()).await?;
            reply::json(StatusCode::OK, &shown)
        }
        Method::PUT => {
            let body = json_body::read(&mut request).await?;
            let property = request.service.update_property(&request.caller, namespace, name, &body).await?;
            reply::json(StatusCode::OK, &property)
        }
        Method::DELETE => {
            request.head.without_body()?;
            request.service.delete_property(&request.caller, namespace, name).await?;
            Ok(reply::no_content())
        }
        _ => Err(Failure::method_not_allowed("GET, PUT, DELETE")),
    }
}
