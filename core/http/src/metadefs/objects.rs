//! `/v2/metadefs/namespaces/{namespace}/objects` and `…/objects/{object}`.

use crate::{
    failure::{Failure, Result},
    json_body, reply,
    request::{Request, Segment, answered},
};
use http::{Method, StatusCode};
use warp::{Filter, filters::BoxedFilter, reply::Response};

pub(super) fn routes(request: BoxedFilter<(Request,)>) -> BoxedFilter<(Response,)> {
    let collection = warp::path!("v2" / "metadefs" / "namespaces" / Segment / "objects")
        .and(request.clone())
        .then(|Segment(namespace), request| answered(async move { objects(&namespace, request).await }))
        .boxed();
    let item = warp::path!("v2" / "metadefs" / "namespaces" / Segment / "objects" / Segment)
        .and(request)
        .then(|Segment(namespace), Segment(name), request| {
            answered(async move { object(&namespace, &name, request).await })
        })
        .boxed();
    collection.or(item).unify().boxed()
}

async fn objects(namespace: &str, mut request: Request) -> Result {
    match request.head.method {
        Method::GET => {
            let query = request.head.query();
            reply::json(StatusCode::OK, &request.service.list_objects(&request.caller, namespace, &query).await?)
        }
        Method::POST => {
            let body = json_body::read(&mut request).await?;
            let object = request.service.create_object(&request.caller, namespace, &body).await?;
            reply::json(StatusCode::CREATED, &object)
        }
        Method::DELETE => {
            request.head.without_body()?;
            request.service.delete_objects(&request.caller, namespace).await?;
            Ok(reply::no_content())
        }
        _ => Err(Failure::method_not_allowed("GET, POST, DELETE")),
    }
}

async fn object(namespace: &str, name: &str, mut request: Request) -> Result {
    match request.head.method {
        Method::GET => {
            request.head.without_body()?;
            reply::json(StatusCode::OK, &request.service.show_object(&request.caller, namespace, name).await?)
        }
        Method::PUT => {
            let body = json_body::read(&mut request).await?;
            let object = request.service.update_object(&request.caller, namespace, name, &body).await?;
            reply::json(StatusCode::OK, &object)
        }
        Method::DELETE => {
            request.head.without_body()?;
            request.service.delete_object(&request.caller, namespace, name).await?;
            Ok(reply::no_content())
        }
        _ => Err(Failure::method_not_allowed("GET, PUT, DELETE")),
    }
}
