//! Answers that are no failures.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde::Serialize;
use warp::reply::Response;

use crate::failure::{Failure, Result};

pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Result {
    let body = serde_json::to_vec(value).map_err(|error| {
        tracing::error!(%error, "cannot write an answer as JSON");
        Failure::bare(StatusCode::INTERNAL_SERVER_ERROR)
    })?;
    Ok(written(status, body))
}

/// JSON that is written already.
pub(crate) fn written(status: StatusCode, json: impl Into<Bytes>) -> Response {
    with_type(status, "application/json", json.into())
}

pub(crate) fn text(status: StatusCode, body: impl Into<String>) -> Response {
    with_type(status, "text/plain; charset=UTF-8", body.into().into())
}

/// 204, with the content type that Glance leaves on empty answers.
pub(crate) fn no_content() -> Response {
    with_type(StatusCode::NO_CONTENT, "text/html; charset=UTF-8", Bytes::new())
}

/// 202, as empty as [`no_content`].
pub(crate) fn accepted() -> Response {
    with_type(StatusCode::ACCEPTED, "text/html; charset=UTF-8", Bytes::new())
}

fn with_type(status: StatusCode, content_type: &'static str, body: Bytes) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
