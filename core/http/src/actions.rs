//! `/v2/images/{id}/actions/{deactivate,reactivate}`.

use crate::{
    failure::{Failure, Result},
    reply,
    request::{Request, Segment, answered},
};
use http::Method;
use warp::{Filter, filters::BoxedFilter, reply::Response};

pub(crate) fn routes(request: BoxedFilter<(Request,)>) -> BoxedFilter<(Response,)> {
    warp::path!("v2" / "images" / Segment / "actions" / Segment)
        .and(request)
        .then(|Segment(id), Segment(action), request| answered(async move { act(&id, &action, request).await }))
        .boxed()
}

async fn act(id: &str, action: &str, request: Request) -> Result {
    if !matches!(action, "deactivate" | "reactivate") {
        return Err(Failure::unknown_path(&request.head.method));
    }
    if request.head.method != Method::POST {
        return Err(Failure::method_not_allowed("POST"));
    }
    request.head.without_body()?;
    match action {
        "deactivate" => request.service.deactivate_image(&request.caller, id).await?,
        _ => request.service.reactivate_image(&request.caller, id).await?,
    }
    Ok(reply::no_content())
}
