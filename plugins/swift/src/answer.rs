//! What an answer says: of an object, of a container, or why there is nothing.

use casement_sdk::{Error, Kind, Stat};
use reqwest::{
    StatusCode,
    header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, HeaderName, LAST_MODIFIED, RETRY_AFTER},
};
use std::error::Error as StdError;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

/// Longest pause that a server can ask for.
const LONGEST_PAUSE_SECONDS: u64 = 600;

/// The one table of what a status means. `what` says what was asked for: "reading `x`". The pause is the server's wish
/// where it has one.
pub(crate) fn refusal(what: &str, status: StatusCode, headers: &HeaderMap) -> Error {
    let (kind, retryable, says) = match status.as_u16() {
        401 => (Kind::Denied, false, "Swift does not accept the token that it has just been given"),
        403 => (Kind::Denied, false, "the account lacks the right to do this: check its roles and the container's ACL"),
        404 | 410 => (Kind::NotFound, false, "it is not there"),
        405 | 501 => {
            (Kind::Unsupported, false, "the server does not know this operation: is the endpoint that of Swift?")
        }
        // The object is being written or removed by another request with a later timestamp.
        409 => (Kind::Unavailable, true, "another change of it is under way"),
        408 => (Kind::Timeout, true, "the server did not get the request in time"),
        412 => (Kind::Exists, false, "it is there already"),
        413 | 507 => (Kind::NoSpace, false, "there is no space left, or a quota is reached"),
        422 => (Kind::Corrupt, true, "what arrived is not what was sent"),
        // 498 is what Swift's rate limit answers by default, 499 a client that is taken for gone.
        425 | 429 | 498 | 499 => (Kind::Unavailable, true, "the server asks for a pause"),
        500..=599 => (Kind::Unavailable, true, "the server is in trouble"),
        300..=399 => (Kind::Unavailable, false, "the server sends elsewhere: `endpoint` must be the URL that it names"),
        _ => (Kind::Internal, false, "the server refuses the request"),
    };
    // By this an operator finds the request in Swift's own log.
    let id = text(headers, &HeaderName::from_static("x-trans-id")).filter(|id| is_transaction(id));
    let id = id.map(|id| format!(", transaction {id}")).unwrap_or_default();
    let error = Error::new(kind, format!("{what}: {says} ({}{id})", status.as_u16())).with_retryable(retryable);
    match number(headers, &RETRY_AFTER) {
        Some(seconds) if retryable => error.with_retry_after_ms(seconds.min(LONGEST_PAUSE_SECONDS) * 1000),
        _ => error,
    }
}

fn is_transaction(text: &str) -> bool {
    text.len() <= 80 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A request or an answer that broke off. The text names no URL.
pub(crate) fn unreachable(error: &reqwest::Error) -> Error {
    let mut why: &dyn StdError = error;
    while let Some(cause) = why.source() {
        why = cause;
    }
    // The outermost error names the URL, and it alone has no cause when there was none.
    let why = if error.source().is_some() { why.to_string() } else { "the request failed".to_owned() };
    let kind = if error.is_timeout() { Kind::Timeout } else { Kind::Unavailable };
    Error::new(kind, format!("the server cannot be reached: {why}"))
}

pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// Digits alone: the library's own reader would also take a sign.
pub(crate) fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    let text = text(headers, name)?;
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Without the quotes, which Swift puts around it for large objects only.
pub(crate) fn etag(headers: &HeaderMap) -> Option<&str> {
    text(headers, &ETAG).map(unquoted)
}

pub(crate) fn unquoted(etag: &str) -> &str {
    etag.trim_matches('"')
}

/// The size of the whole object from an answer to `HEAD` or to a part of it.
pub(crate) fn stat(headers: &HeaderMap) -> Option<Stat> {
    let size = number(headers, &CONTENT_LENGTH)?;
    Some(Stat { size, etag: etag(headers).map(str::to_owned), modified_ms: modified_ms(headers) })
}

/// To the millisecond where Swift tells it so.
fn modified_ms(headers: &HeaderMap) -> Option<u64> {
    let stamp = text(headers, &HeaderName::from_static("x-timestamp"));
    let (seconds, fraction) = stamp.and_then(|stamp| stamp.split_once('.')).unwrap_or_default();
    let milliseconds = fraction.get(..3).and_then(|digits| digits.parse::<u64>().ok());
    match (seconds.parse::<u64>(), milliseconds) {
        (Ok(seconds), Some(milliseconds)) => seconds.checked_mul(1000)?.checked_add(milliseconds),
        _ => Some(u64::try_from(date(headers, &LAST_MODIFIED)?.unix_timestamp()).ok()?.saturating_mul(1000)),
    }
}

/// A date as HTTP writes it.
pub(crate) fn date(headers: &HeaderMap, name: &HeaderName) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text(headers, name)?, &Rfc2822).ok()
}

/// Where the part of an object begins that is in an answer.
pub(crate) fn first_byte(headers: &HeaderMap) -> Option<u64> {
    let (first, _) = text(headers, &CONTENT_RANGE)?.strip_prefix("bytes ")?.split_once('-')?;
    first.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn refused(status: u16, headers: &[(&'static str, &str)]) -> Error {
        let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        refusal("writing `x`", StatusCode::from_u16(status).unwrap(), &headers.collect())
    }

    #[test]
    fn every_status_has_its_meaning() {
        for (status, kind, retryable) in [
            (400, Kind::Internal, false),
            (401, Kind::Denied, false),
            (403, Kind::Denied, false),
            (404, Kind::NotFound, false),
            (409, Kind::Unavailable, true),
            (412, Kind::Exists, false),
            (413, Kind::NoSpace, false),
            (507, Kind::NoSpace, false),
            (422, Kind::Corrupt, true),
            (429, Kind::Unavailable, true),
            (498, Kind::Unavailable, true),
            (499, Kind::Unavailable, true),
            (500, Kind::Unavailable, true),
            (503, Kind::Unavailable, true),
            (302, Kind::Unavailable, false),
        ] {
            let error = refused(status, &[]);
            assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{status}");
        }
        assert_ne!(refused(401, &[]).message(), refused(403, &[]).message());
    }

    #[test]
    fn a_pause_is_as_long_as_the_server_asks_for_within_reason() {
        assert_eq!(refused(503, &[("retry-after", "7")]).retry_after_ms(), 7_000);
        assert_eq!(refused(503, &[("retry-after", "18446744073709551615")]).retry_after_ms(), 600_000);
        assert_eq!(refused(503, &[("retry-after", "-1")]).retry_after_ms(), 0);
        assert!(!refused(413, &[("retry-after", "7")]).is_retryable());
    }

    #[test]
    fn the_operator_is_told_swifts_own_name_of_the_request() {
        let error = refused(503, &[("x-trans-id", "tx0a1b-00c")]);
        assert!(
            error.message().starts_with("writing `x`: ") && error.message().ends_with("(503, transaction tx0a1b-00c)")
        );
        assert!(refused(503, &[("x-trans-id", "a b<script>")]).message().ends_with("(503)"));
    }

    #[test]
    fn an_object_is_described_by_its_headers() {
        let described = |headers: &[(&'static str, &str)]| {
            let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
            stat(&headers.collect())
        };
        let date = ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT");
        let small = described(&[("content-length", "5"), ("etag", "abc"), ("x-timestamp", "784111776.98765"), date]);
        assert_eq!(small, Some(Stat { size: 5, etag: Some("abc".into()), modified_ms: Some(784_111_776_987) }));
        let large = described(&[("content-length", "5"), ("etag", "\"abc\""), date]);
        assert_eq!(large, Some(Stat { size: 5, etag: Some("abc".into()), modified_ms: Some(784_111_777_000) }));
        assert_eq!(described(&[("content-length", "+5")]), None);
    }
}
