//! Why a request did not do what it was to do, from what the library says.

use crate::{endpoint::Endpoint, error::Refusal};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};
use casement_sdk::{Error, Kind};
use std::{error::Error as StdError, io, time::Duration};
use time::{
    OffsetDateTime,
    format_description::well_known::{Rfc2822, Rfc3339},
};

#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// S3's own code for it, where there is one.
    pub(crate) code: Option<String>,
    /// The status of the answer; 0 when none came.
    pub(crate) status: u16,
    /// Whether the service may have done all the same what it was asked for.
    pub(crate) may_be_done: bool,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl Failure {
    pub(crate) fn timeout(endpoint: &Endpoint, after: Duration) -> Self {
        let message = format!("{} did not answer within {} s", endpoint.url, after.as_secs_f32());
        Self { error: Error::new(Kind::Timeout, message), code: None, status: 0, may_be_done: true }
    }

    pub(crate) fn of<E>(endpoint: &Endpoint, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let host = &endpoint.url;
        match &error {
            SdkError::ServiceError(answer) => {
                let told = answer.err();
                let refusal = refusal(answer.raw(), told.code(), told.message());
                let error = refusal.explain(endpoint);
                Self { may_be_done: error.is_retryable(), status: refusal.status, code: refusal.code, error }
            }
            SdkError::ResponseError(answer) => {
                let refusal = refusal(answer.raw(), None, None);
                let error = if refusal.is_page || refusal.status >= 300 {
                    refusal.explain(endpoint)
                } else {
                    Error::new(Kind::Unavailable, format!("the answer of {host} broke off: {}", innermost(&error)))
                };
                Self { error, code: None, status: refusal.status, may_be_done: true }
            }
            _ => Self { error: undelivered(host, &error), code: None, status: 0, may_be_done: true },
        }
    }

    /// As in a bucket that is there and has nothing in it.
    pub(crate) fn of_nothing(self, endpoint: &Endpoint) -> Self {
        let refusal = Refusal { status: 404, code: Some("NoSuchKey".to_owned()), ..Refusal::default() };
        Self { error: refusal.explain(endpoint), code: refusal.code, ..self }
    }

    pub(crate) fn has_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

/// No answer came at all.
fn undelivered<E>(host: &str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: StdError + 'static,
{
    if let Some(credentials) = causes(error).find_map(|cause| cause.downcast_ref::<CredentialsError>()) {
        return without_credentials(credentials);
    }
    let why = innermost(error);
    if causes(error).any(is_of_tls) {
        let message = format!("{host}: {why}: if its certificate is of an authority of your own, name that in ca_file");
        return Error::new(Kind::Unavailable, message).with_retryable(false);
    }
    let timed_out = matches!(error, SdkError::TimeoutError(_))
        || matches!(error, SdkError::DispatchFailure(failure) if failure.is_timeout());
    if timed_out {
        return Error::new(Kind::Timeout, format!("{host} cannot be reached: {why}"));
    }
    match error {
        SdkError::ConstructionFailure(_) => Error::new(Kind::Internal, format!("no request for {host}: {why}")),
        _ => Error::new(Kind::Unavailable, format!("{host} cannot be reached: {why}")),
    }
}

/// An `io::Error` that carries another one does not name it as its source.
fn is_of_tls(cause: &(dyn StdError + 'static)) -> bool {
    let carried = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    cause.is::<rustls::Error>() || carried.is_some_and(|carried| is_of_tls(carried))
}

fn without_credentials(error: &CredentialsError) -> Error {
    let why = innermost(error);
    let is_of_provider = matches!(error, CredentialsError::ProviderTimedOut(_) | CredentialsError::ProviderError(_));
    // Who gives them out is away.
    let is_of_network = causes(error).any(|cause| cause.is::<io::Error>());
    match is_of_provider || is_of_network {
        true => Error::new(Kind::Unavailable, format!("no credentials could be had: {why}")),
        false => {
            Error::new(Kind::Denied, format!("there are no credentials: {why}: see `credentials` and what it names"))
        }
    }
}

fn refusal(answer: &HttpResponse, code: Option<&str>, text: Option<&str>) -> Refusal {
    let header = |name: &str| answer.headers().get(name);
    let body = answer.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
    let element = |name: &str| element(&body, name).map(str::to_owned);
    let now = OffsetDateTime::now_utc();
    let is_page = header("content-type").is_some_and(|kind| kind.starts_with("text/html"))
        || body.trim_start().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("<html"))
        || body.trim_start().get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"));
    Refusal {
        status: answer.status().as_u16(),
        code: code.map(str::to_owned).or_else(|| element("Code")),
        text: text.map(str::to_owned).or_else(|| element("Message")),
        retry_after_ms: header("retry-after").and_then(|value| pause(value, now)),
        elsewhere: header("x-amz-bucket-region")
            .map(str::to_owned)
            .or_else(|| element("Region"))
            .or_else(|| element("Endpoint")),
        clock: element("ServerTime").or_else(|| header("date").and_then(date).map(shown)),
        our_clock: shown(now),
        is_page,
    }
}

/// The text of an element of an error's body, which is small and flat.
fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    rest.split_once("</").map(|(text, _)| text.trim()).filter(|text| !text.is_empty())
}

/// `Retry-After` by seconds or by date.
fn pause(value: &str, now: OffsetDateTime) -> Option<u64> {
    if let Ok(seconds) = value.trim().parse::<u32>() {
        return Some(u64::from(seconds) * 1000);
    }
    u64::try_from((date(value)? - now).whole_milliseconds()).ok()
}

fn date(value: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(value.trim(), &Rfc2822).ok()
}

fn shown(time: OffsetDateTime) -> String {
    let whole = time.replace_nanosecond(0).unwrap_or(time);
    whole.format(&Rfc3339).unwrap_or_default()
}

pub(crate) fn innermost(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_pause_is_seconds_or_a_date() {
        let now = date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(pause("120", now), Some(120_000));
        assert_eq!(pause("Sun, 06 Nov 1994 08:49:47 GMT", now), Some(10_000));
        for bad in ["Sun, 06 Nov 1994 08:49:00 GMT", "soon", "-1", ""] {
            assert_eq!(pause(bad, now), None, "{bad}");
        }
    }

    #[test]
    fn an_element_is_found_in_an_error() {
        let body =
            "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region><Endpoint></Endpoint></Error>";
        assert_eq!(element(body, "Region"), Some("eu-west-1"));
        assert_eq!((element(body, "Endpoint"), element(body, "Host")), (None, None));
    }
}
