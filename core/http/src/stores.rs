//! `/v2/stores/{store}/{image}`.

use crate::{
    failure::{Failure, Result},
    reply,
    request::{Request, Segment, answered},
};
use http::Method;
use warp::{Filter, filters::BoxedFilter, reply::Response};

pub(crate) fn routes(request: BoxedFilter<(Request,)>) -> BoxedFilter<(Response,)> {
    warp::path!("v2" / "stores" / Segment / Segment)
        .and(request)
        .then(|Segment(store), Segment(id), request| answered(async move { copy(&store, &id, request).await }))
        .boxed()
}

/// The copy of an image that a store has.
async fn copy(store: &str, id: &str, request: Request) -> Result {
    if request.head.method != Method::DELETE {
        return Err(Failure::method_not_allowed("DELETE"));
    }
    request.head.without_body()?;
    request.service.delete_from_store(&request.caller, store, id).await?;
    Ok(reply::no_content())
}
