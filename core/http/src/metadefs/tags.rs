//! `/v2/metadefs/namespaces/{namespace}/tags` and `…/tags/{tag}`.

use crate::{
    failure::{Failure, Result},
    json_body, reply,
    request::{Request, Segment, answered},
};
use casement_image::metadef::wants_append;
use http::{Method, StatusCode};
use warp::{Filter, filters::BoxedFilter, reply::Response};

pub(super) fn routes(request: BoxedFilter<(Request,)>) -> BoxedFilter<(Response,)> {
    let collection = warp::path!("v2" / "metadefs" / "namespaces" / Segment / "tags")
        .and(request.clone())
        .then(|Segment(namespace), request| answered(async move { tags(&namespace, request).await }))
        .boxed();
    let item = warp::path!("v2" / "metadefs" / "namespaces" / Segment / "tags" / Segment)
        .and(request)
        .then(|Segment(namespace), Segment(name), request| {
            answered(async move { tag(&namespace, &name, request).await })
        })
        .boxed();
    collection.or(item).unify().boxed()
}

async fn tags(namespace: &str, mut request: Request) -> Result {
    match request.head.method {
        Method::GET => {
            let query = request.head.query();
            reply::json(StatusCode::OK, &request.service.list_metadef_tags(&request.caller, namespace, &query).await?)
        }
        Method::POST => {
            let body = json_body::read(&mut request).await?;
            let append = wants_append(request.head.header("x-openstack-append"));
            let tags = request.service.set_metadef_tags(&request.caller, namespace, append, &body).await?;
            reply::json(StatusCode::CREATED, &tags)
        }
        Method::DELETE => {
            request.head.without_body()?;
            request.service.delete_tags(&request.caller, namespace).await?;
            Ok(reply::no_content())
        }
        _ => Err(Failure::method_not_allowed("GET, POST, DELETE")),
    }
}

async fn tag(namespace: &str, name: &str, mut request: Request) -> Result {
    match request.head.method {
        Method::GET => {
            request.head.without_body()?;
            reply::json(StatusCode::OK, &request.service.show_metadef_tag(&request.caller, namespace, name).await?)
        }
        Method::POST => {
            request.head.without_body()?;
            reply::json(
                StatusCode::CREATED,
                &request.service.create_metadef_tag(&request.caller, namespace, name).await?,
            )
        }
        Method::PUT => {
            let body = json_body::read(&mut request).await?;
            let tag = request.service.rename_metadef_tag(&request.caller, namespace, name, &body).await?;
            reply::json(StatusCode::OK, &tag)
        }
        Method::DELETE => {
            request.head.without_body()?;
            request.service.delete_metadef_tag(&request.caller, namespace, name).await?;
            Ok(reply::no_content())
        }
        _ => Err(Failure::method_not_allowed("GET, POST, PUT, DELETE")),
    }
}
