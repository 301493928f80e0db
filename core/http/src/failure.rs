//! Why a request fails, as HTTP tells it. The one place that maps kinds of errors to statuses.

use casement_service::{BodyError, Error, Kind, Side};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use std::time::Duration;
use warp::reply::Response;

/// When nobody knows how long an outage lasts.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(5);

/// An answer that still lacks its body: `error_body` writes it in the form that the client accepts.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    /// Empty where the status's generic sentence says it all.
    pub(crate) message: String,
    /// The generic sentence comes before the message.
    pub(crate) generic_lead: bool,
    pub(crate) header: Option<(HeaderName, HeaderValue)>,
}

pub(crate) type Result<T = Response> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), generic_lead: false, header: None }
    }

    /// Only the generic sentence of the status.
    pub(crate) fn bare(status: StatusCode) -> Self {
        Self::new(status, String::new())
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn not_found() -> Self {
        Self::bare(StatusCode::NOT_FOUND)
    }

    /// No such path; a method that no path has is told apart.
    pub(crate) fn unknown_path(method: &Method) -> Self {
        const KNOWN: [Method; 6] =
            [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::PATCH];
        if KNOWN.contains(method) { Self::not_found() } else { Self::bare(StatusCode::NOT_IMPLEMENTED) }
    }

    /// `allow` is the list of the resource's methods.
    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        Self::bare(StatusCode::METHOD_NOT_ALLOWED).with_header(header::ALLOW, HeaderValue::from_static(allow))
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some((name, value));
        self
    }

    /// An answer without a body yet; the failure goes along with it.
    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::default();
        *response.status_mut() = self.status;
        response.extensions_mut().insert(self);
        response
    }
}

fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Kind::Gone => StatusCode::GONE,
        Kind::LimitExceeded => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::RangeNotSatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
        Kind::Stalled => StatusCode::REQUEST_TIMEOUT,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::NotImplemented => StatusCode::NOT_IMPLEMENTED,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match (error.kind, error.side) {
            (Kind::Internal, side) => tracing::error!(?side, %error, "a request failed"),
            (kind, side @ (Side::Gateway | Side::Store | Side::Plugin)) => {
                tracing::warn!(?kind, ?side, %error, "a request failed")
            }
            (kind, Side::Client) => tracing::debug!(?kind, %error, "a request was refused"),
        }
        let status = status(error.kind);
        // What broke inside is for the log; a client could do nothing with it.
        let message = if error.kind == Kind::Internal { String::new() } else { error.message };
        let mut failure = Self { generic_lead: error.generic_lead, ..Self::new(status, message) };
        if error.kind == Kind::Unavailable {
            let wait = error.retry_after.unwrap_or(DEFAULT_RETRY_AFTER);
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            failure = failure.with_header(header::RETRY_AFTER, seconds.max(1).into());
        }
        failure
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Stalled => Self::bare(StatusCode::REQUEST_TIMEOUT),
            BodyError::Cut(why) => Self::bad_request(format!("The request body broke off: {why}")),
        }
    }
}
