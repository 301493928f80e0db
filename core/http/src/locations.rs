//! `/v2/images/{id}/locations`.

use crate::{
    failure::{Failure, Result},
    json_body, reply,
    request::{Request, Segment, answered},
};
use http::{Method, StatusCode};
use warp::{Filter, filters::BoxedFilter, reply::Response};

pub(crate) fn routes(request: BoxedFilter<(Request,)>) -> BoxedFilter<(Response,)> {
    warp::path!("v2" / "images" / Segment / "locations")
        .and(request)
        .then(|Segment(id), request| answered(async move { locations(&id, request).await }))
        .boxed()
}

async fn locations(id: &str, mut request: Request) -> Result {
    match request.head.method {
        Method::GET => {
            request.head.without_body()?;
            reply::json(StatusCode::OK, &request.service.image_locations(&request.caller, id).await?)
        }
        Method::POST => {
            let body = json_body::read(&mut request).await?;
            let request_id = request.head.header("x-openstack-request-id");
            request.service.add_location(&request.caller, id, &body, request_id).await?;
            Ok(reply::accepted())
        }
        // As Glance has it, which forgets `GET`.
        _ => Err(Failure::method_not_allowed("POST")),
    }
}
