//! `/v2/schemas/…`.

use crate::{
    failure::{Failure, Result},
    reply,
    request::{Request, Segment, answer},
};
use http::{Method, StatusCode};
use warp::{Filter, filters::BoxedFilter, reply::Response};

pub(crate) fn routes(request: BoxedFilter<(Request,)>) -> BoxedFilter<(Response,)> {
    let plain = warp::path!("v2" / "schemas" / Segment)
        .and(request.clone())
        .then(async |Segment(name), request| answer(schema(&name, &request)))
        .boxed();
    let metadefs = warp::path!("v2" / "schemas" / "metadefs" / Segment)
        .and(request)
        .then(async |Segment(name), request| answer(schema(&format!("metadefs/{name}"), &request)))
        .boxed();
    plain.or(metadefs).unify().boxed()
}

fn schema(name: &str, request: &Request) -> Result {
    let Some(schema) = request.service.schema(name) else {
        return Err(Failure::unknown_path(&request.head.method));
    };
    if request.head.method != Method::GET {
        return Err(Failure::method_not_allowed("GET"));
    }
    request.head.without_body()?;
    reply::json(StatusCode::OK, schema)
}
