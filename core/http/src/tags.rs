//! `/v2/images/{id}/tags/{tag}`.

use crate::{
    failure::{Failure, Result},
    reply,
    request::{Request, Segment, answered},
};
use http::Method;
use warp::{Filter, filters::BoxedFilter, reply::Response};

pub(crate) fn routes(request: BoxedFilter<(Request,)>) -> BoxedFilter<(Response,)> {
    warp::path!("v2" / "images" / Segment / "tags" / Segment)
        .and(request)
        .then(|Segment(id), Segment(tag), request| answered(async move { tag_of(&id, &tag, request).await }))
        .boxed()
}

async fn tag_of(id: &str, tag: &str, request: Request) -> Result {
    let Request { service, caller, .. } = &request;
    match request.head.method {
        Method::PUT => {
            request.head.without_body()?;
            service.add_tag(caller, id, tag).await?;
        }
        Method::DELETE => {
            request.head.without_body()?;
            service.remove_tag(caller, id, tag).await?;
        }
        _ => return Err(Failure::method_not_allowed("PUT, DELETE")),
    }
    Ok(reply::no_content())
}
