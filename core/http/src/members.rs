//! `/v2/images/{id}/members` and `/v2/images/{id}/members/{member}`.

use crate::{
    failure::{Failure, Result},
    json_body, reply,
    request::{Request, Segment, answered},
};
use http::{Method, StatusCode};
use warp::{Filter, filters::BoxedFilter, reply::Response};

pub(crate) fn routes(request: BoxedFilter<(Request,)>) -> BoxedFilter<(Response,)> {
    let all = warp::path!("v2" / "images" / Segment / "members")
        .and(request.clone())
        .then(|Segment(id), request| answered(async move { members(&id, request).await }))
        .boxed();
    let one = warp::path!("v2" / "images" / Segment / "members" / Segment)
        .and(request)
        .then(|Segment(id), Segment(project), request| answered(async move { member(&id, &project, request).await }))
        .boxed();
    all.or(one).unify().boxed()
}

async fn members(id: &str, mut request: Request) -> Result {
    match request.head.method {
        Method::GET => {
            request.head.without_body()?;
            reply::json(StatusCode::OK, &request.service.list_members(&request.caller, id).await?)
        }
        Method::POST => {
            let body = json_body::read(&mut request).await?;
            reply::json(StatusCode::OK, &request.service.add_member(&request.caller, id, &body).await?)
        }
        _ => Err(Failure::method_not_allowed("GET, POST")),
    }
}

async fn member(id: &str, project: &str, mut request: Request) -> Result {
    match request.head.method {
        Method::GET => {
            request.head.without_body()?;
            reply::json(StatusCode::OK, &request.service.show_member(&request.caller, id, project).await?)
        }
        Method::PUT => {
            let body = json_body::read(&mut request).await?;
            reply::json(StatusCode::OK, &request.service.answer_share(&request.caller, id, project, &body).await?)
        }
        Method::DELETE => {
            request.head.without_body()?;
            request.service.remove_member(&request.caller, id, project).await?;
            Ok(reply::no_content())
        }
        _ => Err(Failure::method_not_allowed("GET, PUT, DELETE")),
    }
}
