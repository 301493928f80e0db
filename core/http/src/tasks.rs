//! `/v2/tasks`, `/v2/tasks/{id}` and `/v2/images/{id}/tasks`.

use crate::{
    failure::{Failure, Result},
    json_body, reply,
    request::{Request, Segment, answered},
};
use http::{HeaderValue, Method, StatusCode, header::ALLOW};
use warp::{Filter, filters::BoxedFilter, reply::Response};

pub(crate) fn routes(request: BoxedFilter<(Request,)>) -> BoxedFilter<(Response,)> {
    let all = warp::path!("v2" / "tasks").and(request.clone()).then(|request| answered(tasks(request))).boxed();
    let one = warp::path!("v2" / "tasks" / Segment)
        .and(request.clone())
        .then(|Segment(id), request| answered(async move { task(&id, request).await }))
        .boxed();
    let of_image = warp::path!("v2" / "images" / Segment / "tasks")
        .and(request)
        .then(|Segment(id), request| answered(async move { image_tasks(&id, request).await }))
        .boxed();
    all.or(one).unify().or(of_image).unify().boxed()
}

async fn tasks(mut request: Request) -> Result {
    match request.head.method {
        Method::GET => {
            let page = request.service.list_tasks(&request.caller, &request.head.query()).await?;
            reply::json(StatusCode::OK, &page)
        }
        Method::POST => {
            request.service.may_see_tasks(&request.caller)?;
            let body = json_body::read(&mut request).await?;
            reply::json(StatusCode::CREATED, &request.service.create_task(&request.caller, &body).await?)
        }
        _ => Err(Failure::method_not_allowed("GET, POST")),
    }
}

async fn task(id: &str, request: Request) -> Result {
    match request.head.method {
        Method::GET => {
            request.head.without_body()?;
            reply::json(StatusCode::OK, &request.service.show_task(&request.caller, id).await?)
        }
        Method::DELETE => {
            request.service.may_see_tasks(&request.caller)?;
            let message = "This operation is currently not permitted on Glance Tasks. They are auto deleted after \
                           reaching the time based on their expires_at property.";
            let refused = Failure::new(StatusCode::METHOD_NOT_ALLOWED, message);
            Err(refused.with_header(ALLOW, HeaderValue::from_static("GET")))
        }
        _ => Err(Failure::method_not_allowed("GET, DELETE")),
    }
}

async fn image_tasks(id: &str, request: Request) -> Result {
    if request.head.method != Method::GET {
        return Err(Failure::unknown_path(&request.head.method));
    }
    request.head.without_body()?;
    reply::json(StatusCode::OK, &request.service.image_tasks(&request.caller, id).await?)
}
