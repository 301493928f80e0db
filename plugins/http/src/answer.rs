//! What an answer says: of the object, of the part that it holds, or why there is none.

use crate::client::Answer;
use casement_sdk::{Error, Kind};
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, HeaderName, LAST_MODIFIED, RETRY_AFTER};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

/// A part of an object by its first and its last byte; the size of the whole where the server tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContentRange {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) size: Option<u64>,
}

impl ContentRange {
    /// `bytes 0-9/100` or `bytes 0-9/*`
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let (part, size) = range_and_size(headers)?;
        let (first, last) = part.split_once('-')?;
        let (first, last) = (number(first)?, number(last)?);
        let size = if size == "*" { None } else { Some(number(size)?) };
        (first <= last && last < size.unwrap_or(u64::MAX)).then_some(Self { first, last, size })
    }

    /// `bytes */100`: the size of an object of which no part was sent.
    pub(crate) fn size_alone(headers: &HeaderMap) -> Option<u64> {
        range_and_size(headers).filter(|(part, _)| *part == "*").and_then(|(_, size)| number(size))
    }
}

fn range_and_size(headers: &HeaderMap) -> Option<(&str, &str)> {
    let (unit, rest) = text(headers, &CONTENT_RANGE)?.split_once(' ')?;
    if unit.eq_ignore_ascii_case("bytes") { rest.trim().split_once('/') } else { None }
}

/// Digits alone: the library's own reader would also take a sign.
fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// The length that is told; also that of the body which an answer to `HEAD` does not have.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    text(headers, &CONTENT_LENGTH).and_then(number)
}

pub(crate) fn etag(headers: &HeaderMap) -> Option<&str> {
    text(headers, &ETAG)
}

/// An `ETag` that stands for these bytes and no others.
pub(crate) fn strong_etag(headers: &HeaderMap) -> Option<&str> {
    etag(headers).filter(|tag| tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"'))
}

pub(crate) fn modified_ms(headers: &HeaderMap) -> Option<u64> {
    let modified = OffsetDateTime::parse(text(headers, &LAST_MODIFIED)?, &Rfc2822).ok()?;
    u64::try_from(modified.unix_timestamp()).ok()?.checked_mul(1000)
}

/// Why there is no object in this answer.
pub(crate) fn refusal(answer: &Answer) -> Error {
    let status = answer.response.status();
    let shown = &answer.shown;
    let error = match status.as_u16() {
        404 | 410 => Error::new(Kind::NotFound, format!("{shown}: the server has no such object ({status})")),
        401 | 403 | 407 => Error::new(Kind::Denied, format!("{shown}: the server refuses access ({status})")),
        408 | 425 | 429 | 500..=599 => {
            let error = Error::new(Kind::Unavailable, format!("{shown}: the server answered {status}"));
            match text(answer.response.headers(), &RETRY_AFTER).and_then(number) {
                Some(seconds) => error.with_retry_after_ms(seconds.saturating_mul(1000)),
                None => error,
            }
        }
        _ => Error::new(Kind::Unavailable, format!("{shown}: the server answered {status}")).with_retryable(false),
    };
    error.of_one_object()
}

/// An answer that does not fit what was asked.
pub(crate) fn unfit(shown: &str, why: &str) -> Error {
    Error::new(Kind::Corrupt, format!("{shown}: {why}")).of_one_object()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn range(text: &str) -> Option<ContentRange> {
        ContentRange::of(&HeaderMap::from_iter([(CONTENT_RANGE, text.parse().unwrap())]))
    }

    #[test]
    fn a_content_range_is_read_only_when_it_makes_sense() {
        assert_eq!(range("bytes 0-9/100"), Some(ContentRange { first: 0, last: 9, size: Some(100) }));
        assert_eq!(range("Bytes 5-5/*"), Some(ContentRange { first: 5, last: 5, size: None }));
        for bad in [
            "bytes 9-0/100",
            "bytes 0-100/100",
            "bytes */100",
            "bytes 0-9",
            "lines 0-9/100",
            "bytes +0-9/100",
            "bytes -9/100",
            "bytes 0-18446744073709551615/*",
            "bytes 0-18446744073709551616/*",
            "",
        ] {
            assert_eq!(range(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_a_strong_etag_stands_for_bytes() {
        let tag = |text: &str| {
            let headers = HeaderMap::from_iter([(ETAG, text.parse().unwrap())]);
            strong_etag(&headers).map(str::to_owned)
        };
        assert_eq!(tag("\"abc\"").as_deref(), Some("\"abc\""));
        assert_eq!(tag("W/\"abc\""), None);
        assert_eq!(tag("abc"), None);
        assert_eq!(tag("\"\""), None);
    }

    #[test]
    fn the_time_of_a_change_is_read() {
        let headers = HeaderMap::from_iter([(LAST_MODIFIED, "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap())]);
        assert_eq!(modified_ms(&headers), Some(784_111_777_000));
    }
}
