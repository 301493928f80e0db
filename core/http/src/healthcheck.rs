//! `/healthcheck`, for load balancers. Needs no token.

use crate::reply;
use casement_service::Service;
use http::{Method, StatusCode};
use warp::reply::Response;

pub(crate) fn is_healthcheck(path: &str) -> bool {
    path.strip_prefix("/healthcheck").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

pub(crate) async fn healthcheck(service: &Service, method: &Method) -> Response {
    match service.health().await {
        Ok(()) if method == Method::HEAD => reply::no_content(),
        Ok(()) => reply::text(StatusCode::OK, "OK"),
        Err(error) => {
            tracing::warn!(%error, "not healthy");
            reply::text(StatusCode::SERVICE_UNAVAILABLE, error.message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_and_what_is_below_it_is_the_healthcheck() {
        for (path, want) in [
            ("/healthcheck", true),
            ("/healthcheck/", true),
            ("/healthcheck/x", true),
            ("/healthchecks", false),
            ("/v2/healthcheck", false),
        ] {
            assert_eq!(is_healthcheck(path), want, "{path}");
        }
    }
}
